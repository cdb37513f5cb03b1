"""The text of a letter: which parts are shown, read by their charsets, soft line ends joined.

R28: what a person wrote is shown as it was meant; a letter with nothing of its own shows the one
inside it. Every step takes time linear in the size of the part.
"""

import re
from collections.abc import Iterator, Sequence

from mail.charsets import decode
from mail.html import to_text
from mail.mime import LimitPassedError, Part, parse

_HTML_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([\w-]{2,40})", re.IGNORECASE)
_HTML_HEAD = 2048
_SIGNATURE = "-- "


def is_shown(part: Part) -> bool:
    """Tell the text of a letter from the files that came with it."""
    is_text = part.content_type in {"text/plain", "text/html"}
    return is_text and part.disposition != "attachment" and not part.filename


def html_of(leaves: Sequence[Part]) -> str | None:
    """Give the pages of a letter as they were sent; None where there is none."""
    pages = [_decoded(x) for x in leaves if is_shown(x) and x.content_type == "text/html"]
    return "\n".join(pages) if pages else None


def text_of_letter(leaves: Sequence[Part], html: str | None) -> str:
    """Give the words: plain text, else what the page says, else the text of the letter inside."""
    plain = _plain_text(leaves)
    if plain.strip():
        return plain
    return (to_text(html) if html else "") or _enclosed_text(leaves)


def _plain_text(leaves: Sequence[Part]) -> str:
    return "\n".join(text for text in _plain_texts(leaves) if text.strip())


def _enclosed_text(leaves: Sequence[Part]) -> str:
    """Show the letter inside when nothing is written above it: it is the matter then."""
    inside = next((part for part in leaves if part.content_type == "message/rfc822"), None)
    if inside is None:
        return ""
    try:
        return _plain_text(tuple(parse(inside.content).leaves()))
    except LimitPassedError:
        return ""


def _plain_texts(leaves: Sequence[Part]) -> Iterator[str]:
    for leaf in leaves:
        if is_shown(leaf) and leaf.content_type == "text/plain":
            flowed = leaf.parameter("format") == "flowed"
            is_joint = leaf.parameter("delsp") == "yes"
            yield unflowed(_decoded(leaf), delete_space=is_joint) if flowed else _decoded(leaf)


def _decoded(part: Part) -> str:
    content = part.content
    charset = part.charset
    if not charset and part.content_type == "text/html":
        found = _HTML_CHARSET.search(content[:_HTML_HEAD])
        charset = found[1].decode("ascii") if found else None
    return decode(content, charset).replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def unflowed(text: str, *, delete_space: bool = False) -> str:
    """Join the soft line ends of format=flowed (RFC 3676), each depth of quotation by itself."""
    return "\n".join("".join(pieces) for pieces in _paragraphs(text, delete_space=delete_space))


def _paragraphs(text: str, *, delete_space: bool) -> Iterator[list[str]]:
    held: list[str] = []
    soft_depth: int | None = None
    for line in text.split("\n"):
        unquoted = line.lstrip(">")
        depth = len(line) - len(unquoted)
        body = unquoted.removeprefix(" ")
        if soft_depth != depth or body == _SIGNATURE:
            if held:
                yield held
            held = [">" * depth + " "] if depth else []
        is_soft = body.endswith(" ") and body != _SIGNATURE
        held.append(body[:-1] if is_soft and delete_space else body)
        soft_depth = depth if is_soft else None
    yield held
