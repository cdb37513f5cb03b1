"""Header fields as people meant them: unfolded, decoded (RFC 2047, RFC 2231), free of line breaks.

Broken forms are read the way they were meant; every step takes time linear in the field's length.
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from mail.charsets import decode

_CONTROLS = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]+")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200b\ufeff]")
_PARAMETER = re.compile(r';\s*([^\s=;]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')
_SECTION = re.compile(r"^(.*?)(?:\*(\d{1,3}))?(\*)?$")
_MESSAGE_ID = re.compile(r"<([^<>\s]{3,400})>")
_WORD_HEAD = re.compile(r"=\?([^?\s]{0,60})\?([bBqQ])\?")
_LONGEST_PARAMETERS = 8192


@dataclass(frozen=True)
class _Word:
    charset: str
    data: bytes


def text_of(raw: str) -> str:
    """Decode a header field for reading: one line, no controls, no direction tricks."""
    decoded = "".join(_joined(_words(unfolded(raw))))
    return one_line(decoded)


def one_line(text: str) -> str:
    """Take out what could break a line or reverse the reading direction."""
    return " ".join(_CONTROLS.sub(" ", _BIDI.sub("", text)).split(" ")).strip()


def unfolded(raw: str) -> str:
    """Join folded lines; what is no folding becomes a space, so nothing can start a new field."""
    return re.sub(r"\r?\n(?=[ \t])", "", raw).replace("\r", " ").replace("\n", " ")


def bytes_of(text: str) -> bytes:
    """Give the bytes behind text that was read as ASCII with surrogates."""
    return text.encode("utf-8", "surrogateescape")


def message_ids(raw: str) -> tuple[str, ...]:
    """List the well formed ids of a field, without brackets; `<>` and damaged ones never match."""
    written = bytes_of(raw).decode("utf-8", "replace")
    return tuple(_MESSAGE_ID.findall(_CONTROLS.sub(" ", written)))


def parameters(raw: str) -> tuple[str, dict[str, str]]:
    """Split a field like Content-Type into its lower-case value and its decoded parameters."""
    field = unfolded(raw)[:_LONGEST_PARAMETERS]
    value, _, _ = field.partition(";")
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for match in _PARAMETER.finditer(field):
        name, number, extended = _section_of(match[1].lower())
        sections.setdefault(name, {}).setdefault(number, (_unquoted(match[2]), extended))
    return value.strip().lower(), {name: _parameter(parts) for name, parts in sections.items()}


def _section_of(name: str) -> tuple[str, int, bool]:
    match = _SECTION.match(name)
    if match is None:
        return name, 0, False
    return match[1], int(match[2] or 0), bool(match[3])


def _parameter(parts: dict[int, tuple[str, bool]]) -> str:
    ordered = [parts[number] for number in sorted(parts)]
    if not any(extended for _, extended in ordered):
        return text_of("".join(value for value, _ in ordered))
    charset, text = _charset_split(ordered[0][0])
    rest = ((text, ordered[0][1]), *ordered[1:])
    data = b"".join(unquote_to_bytes(bytes_of(v)) if ext else bytes_of(v) for v, ext in rest)
    return one_line(decode(data, charset))


def _charset_split(first: str) -> tuple[str | None, str]:
    charset, _, rest = first.partition("'")
    _, mark, text = rest.partition("'")
    return (charset, text) if mark else (None, first)


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value.strip('"')


def _joined(pieces: Iterator[_Word | str]) -> Iterator[str]:
    """Decode neighbours of one charset together: mailers split letters between encoded words."""
    held: list[_Word] = []
    for piece in pieces:
        if held and not (isinstance(piece, _Word) and piece.charset == held[0].charset):
            yield decode(b"".join(word.data for word in held), held[0].charset)
            held = []
        if isinstance(piece, _Word):
            held.append(piece)
        else:
            yield decode(bytes_of(piece))
    if held:
        yield decode(b"".join(word.data for word in held), held[0].charset)


def _words(field: str) -> Iterator[_Word | str]:
    """Cut a field into encoded words and the text between; blanks between two words vanish."""
    position = 0
    after_word = False
    for start, end, word in _encoded_words(field):
        between = field[position:start]
        if between and not (after_word and between.isspace()):
            yield between
        yield word
        position, after_word = end, True
    if position < len(field):
        yield field[position:]


def _encoded_words(field: str) -> Iterator[tuple[int, int, _Word]]:
    start = field.find("=?")
    while start >= 0:
        head = _WORD_HEAD.match(field, start)
        end = field.find("?=", head.end()) if head else start
        if end < 0:
            return  # no word ends any more: looking again for each would take quadratic time
        if head:
            yield start, end + 2, _word(head, field[head.end() : end])
        start = field.find("=?", end + 2)


def _word(head: re.Match[str], text: str) -> _Word:
    data = _q_decoded(text) if head[2] in "qQ" else base64_decoded(bytes_of(text))
    return _Word(head[1].partition("*")[0].lower(), data)


def _q_decoded(text: str) -> bytes:
    return binascii.a2b_qp(bytes_of(text), header=True)


def base64_decoded(data: bytes) -> bytes:
    """Decode base64 as far as it goes: foreign characters are skipped, a cut end is mended."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        clean = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
        whole = clean[: len(clean) - 1] if len(clean) % 4 == 1 else clean
        return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))
