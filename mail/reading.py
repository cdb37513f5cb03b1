"""A letter from its bytes, whatever the bytes are: nothing raises, nothing is lost.

R28, R29: mail is a way to file a request. The raw bytes stay the truth; what is read from them is
for people and for filing. Control fields of our own (X-Profman-*) in a letter have no effect.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mail.addresses import Sender, addresses, sender_of
from mail.bounces import Bounce, bounce_of
from mail.charsets import decode
from mail.headers import message_ids
from mail.html import to_text
from mail.machines import automatic_reason
from mail.mime import LimitPassedError, Part, header_of, parse
from mail.quotes import has_marker, visible_reply

_NO_FILES = {  # said in the bounce, or the same text once more in a form for few programs
    "message/delivery-status",
    "message/global-delivery-status",
    "text/rfc822-headers",
    "text/enriched",
    "text/richtext",
    "text/x-amp-html",
    "text/watch-html",
}
_HTML_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([\w-]{2,40})", re.IGNORECASE)
_EXTENSIONS = {
    "message/rfc822": "letter.eml",
    "text/calendar": "invitation.ics",
    "application/ms-tnef": "winmail.dat",
    "application/pdf": "file.pdf",
    "image/png": "picture.png",
    "image/jpeg": "picture.jpg",
    "image/gif": "picture.gif",
    "text/plain": "text.txt",
    "text/html": "page.html",
}
_MOST_REFERENCES = 100


@dataclass(frozen=True)
class Attachment:
    """A file of a letter, its bytes as sent."""

    name: str
    content_type: str
    size: int
    sha256: str
    content: bytes


@dataclass(frozen=True)
class ReceivedLetter:
    """What was read of a letter; `unreadable` names the limit passed, then only the header is."""

    sender: Sender
    subject: str
    text: str = ""
    visible_text: str = ""
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    reply_to: str | None = None
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    automatic: bool = False
    automatic_reason: str = ""
    bounce: Bounce | None = None
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    date: str = ""
    defects: tuple[str, ...] = ()
    unreadable: str | None = None


def read(raw: bytes) -> ReceivedLetter:
    """Read a letter; never raises, whatever the bytes."""
    try:
        return _with_body(parse(raw))
    except LimitPassedError as limit:
        return _header_only(raw, str(limit))
    except Exception as error:  # noqa: BLE001 - bytes we did not foresee must not stop the mail behind them
        return _header_only(raw, f"{type(error).__name__} while reading")


def describe(file: str, letter: ReceivedLetter) -> dict[str, Any]:
    """Shape a letter for `support read-mail --json`."""
    described: dict[str, Any] = {
        "file": file,
        "sender": {
            "address": letter.sender.address,
            "name": letter.sender.name,
            "trusted": letter.sender.trusted,
        },
        "subject": letter.subject,
        "text": letter.text,
        "visible_text": letter.visible_text,
        "attachments": [
            {"name": file.name, "type": file.content_type, "size": file.size, "sha256": file.sha256}
            for file in letter.attachments
        ],
        "automatic": letter.automatic,
        "bounce": _described_bounce(letter.bounce),
        "message_id": letter.message_id,
        "references": list(letter.references),
        "defects": list(letter.defects),
    }
    return described | ({"unreadable": letter.unreadable} if letter.unreadable else {})


def _described_bounce(bounce: Bounce | None) -> dict[str, Any] | None:
    if bounce is None:
        return None
    return {"recipient": bounce.recipient, "status": bounce.status, "hard": bounce.hard}


def _header_only(raw: bytes, reason: str) -> ReceivedLetter:
    try:
        return replace(_with_header(header_of(raw)), unreadable=reason)
    except Exception:  # noqa: BLE001 - even the header may be beyond reading; the reason still is told
        return ReceivedLetter(Sender("", "", trusted=False), "", unreadable=reason)


def _with_header(letter: Part) -> ReceivedLetter:
    fallbacks = [letter.first(name) for name in ("reply-to", "sender", "return-path")]
    sender = sender_of(letter.all("from"), fallbacks)
    subject = letter.text("subject")
    reason = automatic_reason(letter, sender, subject)
    return ReceivedLetter(
        sender,
        subject,
        reply_to=next(iter(_listed(letter, "reply-to")), None),
        to=_listed(letter, "to"),
        cc=_listed(letter, "cc"),
        automatic=bool(reason),
        automatic_reason=reason,
        message_id=next(iter(message_ids(letter.first("message-id"))), ""),
        in_reply_to=next(iter(message_ids(letter.first("in-reply-to"))), ""),
        references=message_ids(letter.first("references")[:65_536])[-_MOST_REFERENCES:],
        date=letter.text("date"),
    )


def _listed(letter: Part, name: str) -> tuple[str, ...]:
    found = (entry.address for field in letter.all(name) for entry in addresses(field))
    return tuple(address for address in found if "@" in address)


def _with_body(letter: Part) -> ReceivedLetter:
    header = _with_header(letter)
    leaves = tuple(letter.leaves())
    shown = [part for part in leaves if _is_shown(part)]
    html = _html_of(shown)
    text = _text_of(letter, html)
    bounce = bounce_of(letter, leaves, header.sender, header.subject)
    return replace(
        header,
        text=text,
        visible_text=_visible(header, text),
        html=html,
        attachments=tuple(_attachments(part for part in leaves if not _is_shown(part))),
        bounce=bounce,
        automatic=header.automatic or bounce is not None,
        automatic_reason=header.automatic_reason or ("bounce" if bounce else ""),
        defects=tuple(_defects(letter)),
    )


def _visible(header: ReceivedLetter, text: str) -> str:
    """Cut quotations only in a reply: in a new letter a forwarded text is the matter itself."""
    is_reply = bool(header.in_reply_to or header.references)
    return visible_reply(text) if is_reply or has_marker(text) else text


def _is_shown(part: Part) -> bool:
    """Tell the text of a letter from the files that came with it."""
    is_text = part.content_type in {"text/plain", "text/html"}
    return is_text and part.disposition != "attachment" and not part.filename


def _attachments(parts: Iterable[Part]) -> Iterator[Attachment]:
    for part in parts:
        content = part.content
        if content and (part.filename or part.content_type not in _NO_FILES):
            name = part.filename or _EXTENSIONS.get(part.content_type, "file")
            digest = hashlib.sha256(content).hexdigest()
            yield Attachment(name, part.content_type, len(content), digest, content)


def _html_of(shown: Sequence[Part]) -> str | None:
    pages = [_decoded(part) for part in shown if part.content_type == "text/html"]
    return "\n".join(pages) if pages else None


def _text_of(letter: Part, html: str | None) -> str:
    plain = "\n".join(text for text in _plain_texts(letter) if text.strip())
    if plain.strip():
        return plain
    return (to_text(html) if html else "") or _enclosed_text(letter)


def _enclosed_text(letter: Part) -> str:
    """Show the letter inside when nothing is written above it: it is the matter then."""
    inside = next((part for part in letter.leaves() if part.content_type == "message/rfc822"), None)
    if inside is None:
        return ""
    try:
        enclosed = parse(inside.content)
    except LimitPassedError:
        return ""
    return "\n".join(text for text in _plain_texts(enclosed) if text.strip())


def _plain_texts(part: Part) -> Iterator[str]:
    for leaf in part.leaves():
        if _is_shown(leaf) and leaf.content_type == "text/plain":
            yield _unflowed(leaf) if leaf.parameter("format") == "flowed" else _decoded(leaf)


def _decoded(part: Part) -> str:
    content = part.content
    charset = part.charset
    if not charset and part.content_type == "text/html":
        found = _HTML_CHARSET.search(content[:2048])
        charset = found[1].decode("ascii") if found else None
    return decode(content, charset).replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def _unflowed(part: Part) -> str:
    """Join the soft line ends of format=flowed (RFC 3676), each depth of quotation by itself."""
    joined: list[str] = []
    soft_depth: int | None = None
    for line in _decoded(part).split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        body = line[depth:].removeprefix(" ")
        if soft_depth == depth and body != "-- ":
            joined[-1] += body
        else:
            joined.append(f"{'>' * depth} {body}" if depth else body)
        is_soft = body.endswith(" ") and body != "-- "
        soft_depth = depth if is_soft else None
        if is_soft and part.parameter("delsp") == "yes":
            joined[-1] = joined[-1][:-1]
    return "\n".join(joined)


def _defects(letter: Part) -> Iterator[str]:
    found = (type(defect).__name__ for part in letter.walk() for defect in part.defects)
    yield from dict.fromkeys(found)
    if len(letter.all("from")) != 1:
        yield f"{len(letter.all('from'))} From fields"
