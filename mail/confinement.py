"""Letters read in child processes: a hostile letter costs a child, never the service.

R28, law 1: each letter has so many seconds and so much memory; past them, or when it crashes its
child, it comes back with its header alone and the reason, and the next letter goes on. The service
itself never parses what a stranger wrote. Children start with the first letters, stay warm, and end
when the service ends, however it ends.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from queue import LifoQueue
from typing import Self

from mail.fingerprint import fingerprint
from mail.mime import LARGEST_HEADER, LARGEST_LETTER
from mail.reading import NO_NAMES, NOBODY, OwnNames, ReceivedLetter
from mail.transport import TERMS, BrokenAnswerError, Channel, Task, Terms

SECONDS = 10.0
MEGABYTES = 512

_SECONDS_TO_START = 60.0
_SECONDS_TO_END = 1.0
_LARGE = 2**20
_HEADER = LARGEST_HEADER + 1024  # enough to see that a header is too large


class ReadingUnavailableError(Exception):
    """No child could be started; the letter is not to blame and can be read later."""


class ReadingClosedError(Exception):
    """A letter was given to a reading that had been closed."""


class _LostChildError(Exception):
    """A child ended, or had to be ended, over a letter; `again` where it may not be the letter."""

    def __init__(self, reason: str, *, again: bool) -> None:
        super().__init__(reason)
        self.again = again


class Reading:
    """Reads letters for all threads of a service, as many at once as it has children."""

    def __init__(
        self,
        children: int = 2,
        own: OwnNames = NO_NAMES,
        *,
        seconds: float = SECONDS,
        megabytes: int = MEGABYTES,
    ) -> None:
        """Start nothing yet: the first letters do."""
        self._is_closed = False
        self._seats = [_Seat(Terms(own, seconds, megabytes)) for _ in range(children)]
        self._free: LifoQueue[_Seat] = LifoQueue()  # the last one used is the warmest
        for seat in self._seats:
            self._free.put(seat)

    def __enter__(self) -> Self:
        """Be closed at the end of a `with`."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def read(self, raw: bytes) -> ReceivedLetter:
        """Read a letter, waiting for a free child; `unreadable` says what its child could not do.

        Raises: ReadingUnavailableError, ReadingClosedError.
        """
        given = raw[: LARGEST_LETTER + 1]
        with self._seat() as seat:
            letter = seat.read(given)
        return letter if len(given) == len(raw) else replace(letter, fingerprint=fingerprint(raw))

    def close(self) -> None:
        """End the children, after the letters they are reading; a second time does nothing."""
        self._is_closed = True
        for _ in self._seats:
            self._free.get().leave()
        for seat in self._seats:
            self._free.put(seat)

    @contextmanager
    def _seat(self) -> Iterator["_Seat"]:
        seat = self._free.get()
        try:
            if self._is_closed:
                raise ReadingClosedError("This reading has been closed.")
            yield seat
        finally:
            self._free.put(seat)


class _Seat:
    """The place of one child, and of the one that follows it."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._child: _Child | None = None

    def read(self, raw: bytes) -> ReceivedLetter:
        """Read a letter, or at least its header, and say why not more."""
        try:
            return self._tried(raw)
        except _LostChildError as lost:
            reason = str(lost)
        return replace(self._header(raw), unreadable=reason, fingerprint=fingerprint(raw))

    def leave(self) -> None:
        """End the child that sits here."""
        if self._child is not None:
            self._child.end()
            self._child = None

    def _tried(self, raw: bytes) -> ReceivedLetter:
        """Try twice where the child may have been ended by somebody else."""
        try:
            return self._ask(raw, Task.READ)
        except _LostChildError as lost:
            if not lost.again:
                raise
        return self._ask(raw, Task.READ)

    def _header(self, raw: bytes) -> ReceivedLetter:
        try:
            return self._ask(raw[:_HEADER], Task.READ_HEADER)
        except _LostChildError:
            return ReceivedLetter(NOBODY, "")

    def _ask(self, raw: bytes, task: Task) -> ReceivedLetter:
        child, self._child = self._child or _Child(self._terms), None
        letter = child.read(raw, task)
        if len(raw) > _LARGE:
            child.end()  # what it took of its memory might be wanting for another large one
        else:
            self._child = child
        return letter


class _Child:
    """A process that reads, from its start to its end."""

    def __init__(self, terms: Terms) -> None:
        ours, theirs = socket.socketpair()
        self._channel = Channel(ours)
        self._seconds = terms.seconds
        try:
            with theirs:
                self._process = _started(theirs)
        except OSError as error:
            self._channel.close()
            raise ReadingUnavailableError(f"No child that reads letters: {error}") from error
        self._begin(terms)

    def _begin(self, terms: Terms) -> None:
        self._channel.limit(_SECONDS_TO_START)
        try:
            self._channel.order(Task.BEGIN, TERMS.dump_json(terms))
            self._channel.next_order()
        except (OSError, EOFError, ValueError) as error:
            how = self.end(_SECONDS_TO_END)
            raise ReadingUnavailableError(f"The child that reads letters: {how}") from error

    def read(self, raw: bytes, task: Task) -> ReceivedLetter:
        """Have a letter read. Raises: _LostChildError; this child is of no use then."""
        self._channel.limit(self._seconds)
        try:
            self._channel.order(task, raw)
            return self._channel.next_answer()
        except TimeoutError:
            self.end()
            raise _LostChildError(
                f"чтение длится дольше {self._seconds:g} с", again=False
            ) from None
        except (EOFError, OSError):
            how = self.end(_SECONDS_TO_END)
            raise _LostChildError(f"чтение оборвалось: {how}", again=True) from None
        except BrokenAnswerError:
            self.end()
            raise _LostChildError("чтение ничего не дало", again=True) from None
        except BaseException:
            self.end()
            raise

    def end(self, patience: float = 0.0) -> str:
        """Make sure that it has ended, after so many seconds by force, and tell how."""
        self._channel.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        self._process.kill()
        code = self._process.wait()
        return f"сигнал {-code}" if code < 0 else f"код {code}"


def _started(line: socket.socket) -> subprocess.Popen[bytes]:
    """Start a child with nothing of ours but the line: no environment, so no keys."""
    paths = [str(Path(__file__).parents[1]), *sys.path]
    return subprocess.Popen(
        [sys.executable, "-P", "-B", "-m", "mail.confined"],
        stdin=line.fileno(),
        stdout=subprocess.DEVNULL,
        env={"PYTHONPATH": os.pathsep.join(filter(None, paths))},
        start_new_session=True,  # Ctrl-C in a terminal is for the service alone
    )
