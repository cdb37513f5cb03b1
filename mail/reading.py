"""A letter from its bytes, whatever the bytes are: nothing raises, nothing is lost.

R28, R29: mail is a way to file a request. The raw bytes stay the truth; what is read from them is
for people and for filing. Control fields of our own (X-Profman-*) in a letter have no effect.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from mail.addresses import Sender, addresses, sender_of
from mail.authentication import NOT_CHECKED, AuthenticationResults, authentication_of
from mail.bounces import Bounce, bounce_of
from mail.fingerprint import fingerprint
from mail.headers import message_ids
from mail.machines import automatic_reason
from mail.mime import LimitPassedError, Part, header_of, parse
from mail.quotes import has_marker, visible_reply
from mail.texts import html_of, is_shown, text_of_letter

_NO_FILES = {  # said in the bounce, or the same text once more in a form for few programs
    "message/delivery-status",
    "message/global-delivery-status",
    "text/rfc822-headers",
    "text/enriched",
    "text/richtext",
    "text/x-amp-html",
    "text/watch-html",
}
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
_LONGEST_REFERENCES = 65_536
_LONGEST_ID = 400


@dataclass(frozen=True)
class OwnNames:
    """What is ours: the servers whose findings count, the domains that others may imitate."""

    authserv_ids: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Attachment:
    """A file of a letter, its bytes as sent."""

    name: str
    content_type: str
    size: int
    sha256: str
    content: bytes
    content_id: str = ""


@dataclass(frozen=True)
class ReceivedLetter:
    """What was read of a letter; `unreadable` names the limit passed, then only the header is.

    `loop` is the installation whose letter it says to be; `fingerprint` is always there.
    """

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
    loop: str = ""
    fingerprint: str = ""
    authentication: AuthenticationResults = NOT_CHECKED


NOBODY = Sender("", "", trusted=False)
NO_NAMES = OwnNames()


def read(raw: bytes, own: OwnNames = NO_NAMES) -> ReceivedLetter:
    """Read a letter in this process; never raises, whatever the bytes.

    Letters of strangers are read by `mail.confinement.Reading`, which limits time and memory too.
    """
    letter = _letter_or_reason(raw, own)
    if isinstance(letter, str):
        return read_header(raw, letter, own)
    return replace(letter, fingerprint=fingerprint(raw))


def _letter_or_reason(raw: bytes, own: OwnNames) -> ReceivedLetter | str:
    """Keep nothing of a failure but its reason: what it held may be all the memory there is."""
    try:
        return _with_body(parse(raw), own)
    except LimitPassedError as limit:
        return str(limit)
    except MemoryError:
        return "чтению не хватило памяти"
    except Exception as error:  # noqa: BLE001 - bytes we did not foresee must not stop the mail behind them
        return f"чтение прервано: {type(error).__name__}"


def read_header(raw: bytes, reason: str, own: OwnNames = NO_NAMES) -> ReceivedLetter:
    """Read only the header of a letter that is unreadable for a reason; never raises."""
    try:
        letter = _with_header(header_of(raw), own)
    except Exception:  # noqa: BLE001 - even the header may be beyond reading; the reason still is told
        letter = ReceivedLetter(NOBODY, "")
    return replace(letter, unreadable=reason, fingerprint=fingerprint(raw))


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


def _with_header(letter: Part, own: OwnNames) -> ReceivedLetter:
    fallbacks = [letter.first(name) for name in ("reply-to", "sender", "return-path")]
    sender = sender_of(letter.all("from"), fallbacks, own.domains)
    subject = letter.text("subject")
    reason = automatic_reason(letter, sender, subject)
    return ReceivedLetter(
        sender if letter.has_sound_header else replace(sender, trusted=False),
        subject,
        reply_to=next(iter(_listed(letter, "reply-to")), None),
        to=_listed(letter, "to"),
        cc=_listed(letter, "cc"),
        automatic=bool(reason),
        automatic_reason=reason,
        message_id=next(iter(message_ids(letter.first("message-id"))), ""),
        in_reply_to=next(iter(message_ids(letter.first("in-reply-to"))), ""),
        references=message_ids(letter.first("references")[-_LONGEST_REFERENCES:])[
            -_MOST_REFERENCES:
        ],
        date=letter.text("date"),
        loop=letter.text("x-profman-loop"),
        authentication=authentication_of(letter.all("authentication-results"), own.authserv_ids),
    )


def _listed(letter: Part, name: str) -> tuple[str, ...]:
    found = (entry.address for field in letter.all(name) for entry in addresses(field))
    return tuple(address for address in found if "@" in address)


def _with_body(letter: Part, own: OwnNames) -> ReceivedLetter:
    header = _with_header(letter, own)
    leaves = tuple(letter.leaves())
    html = html_of(leaves)
    text = text_of_letter(leaves, html)
    bounce = bounce_of(letter, leaves, header.sender, header.subject)
    return replace(
        header,
        text=text,
        visible_text=_visible(header, text),
        html=html,
        attachments=tuple(_attachments(part for part in leaves if not is_shown(part))),
        bounce=bounce,
        automatic=header.automatic or bounce is not None,
        automatic_reason=header.automatic_reason or ("bounce" if bounce else ""),
        defects=tuple(_defects(letter)),
    )


def _visible(header: ReceivedLetter, text: str) -> str:
    """Cut quotations only in a reply: in a new letter a forwarded text is the matter itself."""
    is_reply = bool(header.in_reply_to or header.references)
    return visible_reply(text) if is_reply or has_marker(text) else text


def _attachments(parts: Iterable[Part]) -> Iterator[Attachment]:
    for part in parts:
        content = part.content
        if content and (part.filename or part.content_type not in _NO_FILES):
            name = part.filename or _EXTENSIONS.get(part.content_type, "file")
            digest = hashlib.sha256(content).hexdigest()
            content_id = part.text("content-id")[:_LONGEST_ID].strip("<> ")
            yield Attachment(name, part.content_type, len(content), digest, content, content_id)


def _defects(letter: Part) -> Iterator[str]:
    found = (type(defect).__name__ for part in letter.walk() for defect in part.defects)
    yield from dict.fromkeys(found)
    if len(letter.all("from")) != 1:
        yield f"{len(letter.all('from'))} From fields"
