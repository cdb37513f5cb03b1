"""The parts of a letter, split by the standard library, decoded by us because it raises on some.

Limits are kept while parsing: size, header, number of parts and depth. A letter inside a letter
stays one part, byte for byte.
"""

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import (
    FirstHeaderLineIsContinuationDefect,
    InvalidHeaderDefect,
    MalformedHeaderDefect,
    MisplacedEnvelopeHeaderDefect,
    MissingHeaderBodySeparatorDefect,
)
from email.message import Message
from email.parser import BytesParser
from email.policy import Policy, compat32
from functools import cached_property
from typing import Any, cast

from typing_extensions import override  # typing has it from 3.12 on

from mail.headers import base64_decoded, bytes_of, one_line, parameters, text_of

LARGEST_LETTER = 25 * 2**20
LARGEST_HEADER = 256 * 2**10
MOST_PARTS = 200
DEEPEST_PART = 20

_HEADER_END = re.compile(rb"\r?\n\r?\n|\r\r")
_CONTENT_TYPE = re.compile(r"^[\w!#$&^.+-]+/[\w!#$&^.+-]+$", re.ASCII)
_HEADER_DEFECTS = (
    FirstHeaderLineIsContinuationDefect,
    MalformedHeaderDefect,
    MisplacedEnvelopeHeaderDefect,
    MissingHeaderBodySeparatorDefect,
    InvalidHeaderDefect,
)
_LEADING = b"\r\n\t \xef\xbb\xbf"


class LimitPassedError(Exception):
    """A letter is larger, deeper or more divided than we read; its text is the reason."""


class Part(Message):
    """A part as the parser builds it: counts itself, knows its depth, never raises when asked."""

    _payload: "list[Part] | str | None"  # set by the parser: get_payload() loses bytes

    def __init__(self, counter: "_Counter") -> None:
        """Start a part of the letter that the counter watches."""
        super().__init__(policy=compat32)
        self._counter = counter
        self.depth = 0
        counter.take()

    @override
    def attach(self, payload: Any) -> None:
        payload.depth = self.depth + 1
        if payload.depth > DEEPEST_PART:
            raise LimitPassedError(f"части письма вложены глубже {DEEPEST_PART}")
        super().attach(payload)

    @override
    def get_content_type(self) -> str:
        """Answer the parser; a letter inside is a leaf to it, so that its bytes stay whole."""
        content_type = self._written_type
        return "application/x-letter" if content_type.startswith("message/") else content_type

    @override
    def get_content_maintype(self) -> str:
        return self.get_content_type().partition("/")[0]

    @override
    def get_boundary(self, failobj: Any = None) -> Any:
        return self._typed[1].get("boundary", "").rstrip() or failobj

    @property
    def content_type(self) -> str:
        """The real type; text/plain where nothing sensible is written or the parts are missing."""
        written = self._written_type
        return (
            "text/plain"
            if written.startswith("multipart/") and not self.is_multipart()
            else written
        )

    @property
    def _written_type(self) -> str:
        written = self._typed[0].replace(" ", "")
        return written if _CONTENT_TYPE.match(written) else self.get_default_type()

    @property
    def charset(self) -> str | None:
        """The declared charset, as written."""
        return self._typed[1].get("charset")

    @property
    def disposition(self) -> str:
        """`attachment`, `inline`, or what else is written, in lower case."""
        return self._disposed[0]

    @property
    def filename(self) -> str:
        """The name of the file as its sender saw it, in one line and without folders."""
        name = self._disposed[1].get("filename") or self._typed[1].get("name") or ""
        return one_line(re.sub(r"[/\\]", "_", name))[:255]

    def parameter(self, name: str) -> str:
        """Give a parameter of Content-Type in lower case, empty when absent."""
        return self._typed[1].get(name, "").lower()

    def all(self, name: str) -> tuple[str, ...]:
        """List the raw values of a field."""
        return tuple(value for key, value in self.raw_items() if key.lower() == name)

    def first(self, name: str) -> str:
        """Give the first raw value of a field, empty when absent."""
        return next(iter(self.all(name)), "")

    def text(self, name: str) -> str:
        """Give the first value of a field, decoded."""
        return text_of(self.first(name))

    def has(self, name: str) -> bool:
        """Tell whether the field is there at all."""
        return bool(self.all(name))

    @property
    def has_sound_header(self) -> bool:
        """Tell a header that any parser would read alike: identity rests on no other."""
        return not any(isinstance(defect, _HEADER_DEFECTS) for defect in self.defects)

    @cached_property
    def content(self) -> bytes:
        """The bytes the part carries, its transfer encoding undone as far as it goes."""
        payload = self._payload
        if not isinstance(payload, str):
            return b""
        return _transfer_decoded(bytes_of(payload), self._transfer_encoding)

    @property
    def _transfer_encoding(self) -> str:
        return self.text("content-transfer-encoding").lower().strip(" ;\"'")

    @cached_property
    def _typed(self) -> tuple[str, dict[str, str]]:
        return parameters(self.first("content-type"))

    @cached_property
    def _disposed(self) -> tuple[str, dict[str, str]]:
        return parameters(self.first("content-disposition"))

    def leaves(self) -> "Iterator[Part]":
        """Yield the parts that carry something, in the order of the letter."""
        payload = self._payload
        if not isinstance(payload, list):
            yield self
            return
        for part in payload:
            yield from part.leaves()


@dataclass
class _Counter:
    parts: int = 0

    def take(self) -> None:
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise LimitPassedError(f"частей в письме больше {MOST_PARTS}")


def _parser(counter: _Counter) -> "BytesParser[Part]":
    policy = cast("Policy[Part]", compat32)  # typed for the class it builds by default
    return BytesParser(lambda **_: Part(counter), policy=policy)


def parse(raw: bytes) -> Part:
    """Split a letter into parts.

    Raises: LimitPassedError.
    """
    _check_size(raw)
    counter = _Counter()
    start = raw.lstrip(_LEADING) if raw[:1] in _LEADING else raw
    parser = _parser(counter)
    try:
        return parser.parsebytes(start)
    except RecursionError as error:
        raise LimitPassedError(f"части письма вложены глубже {DEEPEST_PART}") from error


def header_of(raw: bytes) -> Part:
    """Read only the header of a letter too large or too deep to be read whole."""
    part = _parser(_Counter()).parsebytes(_header_bytes(raw)[:LARGEST_HEADER], headersonly=True)
    part.set_payload("")
    return part


def _check_size(raw: bytes) -> None:
    if len(raw) > LARGEST_LETTER:
        raise LimitPassedError(f"письмо больше {LARGEST_LETTER // 2**20} МБ")
    if len(_header_bytes(raw)) > LARGEST_HEADER:
        raise LimitPassedError(f"заголовок больше {LARGEST_HEADER // 2**10} КБ")


def _header_bytes(raw: bytes) -> bytes:
    start = raw[: LARGEST_HEADER + 2].lstrip(_LEADING)
    end = _HEADER_END.search(start)
    return start[: end.start()] if end else start


def _transfer_decoded(data: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        return base64_decoded(data)
    if encoding in {"quoted-printable", "qp"}:
        return quopri.decodestring(data)
    if encoding in {"x-uuencode", "uuencode", "uue", "x-uue"}:
        return uu_decoded(data)
    return data


def uu_decoded(data: bytes) -> bytes:
    """Undo uuencoding from its `begin` line to its `end`; data without them is given back."""
    begin = re.search(rb"^begin [0-7]{3,4} [^\r\n]*\r?\n", data, re.MULTILINE)
    if begin is None:
        return data
    return b"".join(_uu_lines(data[begin.end() :]))


def _uu_lines(data: bytes) -> Iterator[bytes]:
    for line in data.splitlines():
        if line.strip() == b"end":
            return
        if line:
            yield _uu_line(line)


def _uu_line(line: bytes) -> bytes:
    """Decode as many characters of a line as its own count says are real; none if it is foreign."""
    count = ((line[0] - 32) & 63) * 4
    for candidate in (line, line[: (count + 5) // 3 + 1]):
        try:
            return binascii.a2b_uu(candidate)
        except binascii.Error:
            continue
    return b""
