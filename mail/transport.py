"""Letters and their readings as they pass between the service and the children that read.

A child has been exposed to hostile bytes, so what it answers is data and nothing else: JSON checked
field by field, then the bytes of the files. Neither can carry code, as a pickle could.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from socket import socket
from struct import Struct
from time import monotonic

from pydantic import TypeAdapter

from mail.mime import LARGEST_LETTER
from mail.reading import Attachment, OwnNames, ReceivedLetter

LARGEST_ANSWER = 4 * LARGEST_LETTER  # of text or of files: a letter has no more to give

_ORDER = Struct("!cI")
_LENGTH = Struct("!I")
_LETTER = TypeAdapter(ReceivedLetter)


class Task(Enum):
    """What a child is to do with the bytes that follow."""

    BEGIN = b"B"
    READ = b"R"
    READ_HEADER = b"H"


@dataclass(frozen=True)
class Terms:
    """How a child reads: what is ours, how long it may take for a letter, how much memory."""

    own: OwnNames
    seconds: float
    megabytes: int


TERMS = TypeAdapter(Terms)


class BrokenAnswerError(Exception):
    """A child answered what is no reading of a letter."""


class Channel:
    """One end of the line between the service and a child."""

    def __init__(self, line: socket) -> None:
        """Speak over a connected socket."""
        self._line = line
        self._until: float | None = None

    def limit(self, seconds: float) -> None:
        """Let everything from now on take so long together; then TimeoutError is raised."""
        self._until = monotonic() + seconds

    def close(self) -> None:
        """Hang up: the other end reads no further."""
        self._line.close()

    def order(self, task: Task, content: bytes) -> None:
        """Ask the child for something."""
        self._send(_ORDER.pack(task.value, len(content)))
        self._send(content)

    def next_order(self) -> tuple[Task, bytes]:
        """Wait for what is asked. Raises: EOFError when nobody will ask any more."""
        code, length = _ORDER.unpack(self._received(_ORDER.size))
        return Task(code), self._received(length)

    def answer(self, letter: ReceivedLetter) -> None:
        """Give a reading: its text first, its files after it."""
        bare = tuple(replace(file, content=b"") for file in letter.attachments)
        text = _LETTER.dump_json(replace(letter, attachments=bare))
        self._send(_LENGTH.pack(len(text)) + text)
        for file in letter.attachments:
            self._send(file.content)

    def next_answer(self) -> ReceivedLetter:
        """Wait for a reading.

        Raises: EOFError when the child has gone, TimeoutError, BrokenAnswerError.
        """
        (length,) = _LENGTH.unpack(self._received(_LENGTH.size))
        if length > LARGEST_ANSWER:
            raise BrokenAnswerError
        try:
            letter = _LETTER.validate_json(self._received(length))
        except ValueError as error:
            raise BrokenAnswerError from error
        return replace(letter, attachments=tuple(self._with_content(letter)))

    def _with_content(self, letter: ReceivedLetter) -> Iterator[Attachment]:
        sizes = [file.size for file in letter.attachments]
        if min(sizes, default=0) < 0 or sum(sizes) > LARGEST_ANSWER:
            raise BrokenAnswerError
        for file in letter.attachments:
            yield replace(file, content=self._received(file.size))

    def _send(self, content: bytes) -> None:
        self._line.settimeout(self._left())
        self._line.sendall(content)

    def _received(self, size: int) -> bytes:
        content = bytearray(size)
        rest = memoryview(content)
        while rest:
            self._line.settimeout(self._left())
            count = self._line.recv_into(rest)
            if not count:
                raise EOFError
            rest = rest[count:]
        return bytes(content)

    def _left(self) -> float | None:
        if self._until is None:
            return None
        left = self._until - monotonic()
        if left <= 0:
            raise TimeoutError
        return left
