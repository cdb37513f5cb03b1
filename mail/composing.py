"""The bytes of an outgoing letter: plain UTF-8 text, the same input always the same bytes.

R3, R33, R46. Built by the standard library for SMTP, so that no value can add a header. Automatic
letters say that they are automatic (RFC 3834), so that no machine answers them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.header import Header
from email.headerregistry import Address, AddressHeader
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime

from typing_extensions import override

from domain.account_letters import AccountFacts, AccountLetterKind, without_link
from domain.letters import Language, LetterFacts, LetterKind, is_automatic
from mail.wording import Wording, one_line, render, render_account
from mail.wording.moments import MOSCOW

SENDER_NAMES = {
    Language.RU: "Техническая поддержка PROFMAN ISS",
    Language.EN: "PROFMAN ISS Technical Support",
}
MOST_REFERENCES = 10
LONGEST_ADDRESS = 254
LONGEST_NAME = 80
LONGEST_SUBJECT = 200
LONGEST_ID = 400
LONGEST_ENCODED_LINE = 76
LONGEST_7BIT_LINE = 900
REPLIED, GENERATED = "auto-replied", "auto-generated"

_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")
_TOKEN = re.compile(r"[A-Za-z0-9._-]{1,100}")
_NAME_SPECIALS = re.compile(r'[",<>@:;()\[\]\\]')
_ID_HEADERS = frozenset({"message-id", "in-reply-to", "references"})


@dataclass(frozen=True, kw_only=True)
class LetterEnvelope:
    """Who a letter goes to, and where it stands in the correspondence.

    `message_id` comes from `mail.identity.sign`; `in_reply_to` and `references` may be foreign ids.
    """

    to: str
    message_id: str
    date_at: datetime
    instance: str
    to_name: str = ""
    sender: str = "lanskov@profman.ru"
    reply_to: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class ComposedLetter:
    """A letter as it is stored and sent: every retry carries these bytes."""

    message_id: str
    subject: str
    mime: bytes
    text: str


class _LetterPolicy(EmailPolicy):
    """Folds Message-IDs and Russian words itself, where the standard library does it wrongly.

    It turns an id longer than a line into encoded words, which no mail program threads, and loses
    the space between two encoded words of a long subject (seen in Python 3.11.7).
    """

    @override
    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() in _ID_HEADERS:
            folded = "\r\n ".join(str(value).split())
        elif name.lower() == "subject" and not value.isascii():
            folded = _encoded_words(name, *_parted(str(value)))
        elif isinstance(value, AddressHeader) and not value.isascii():
            [address] = value.addresses
            folded = f"{_encoded_words(name, '', address.display_name)}\r\n <{address.addr_spec}>"
        else:
            return super().fold_binary(name, value)
        return f"{name}: {folded}\r\n".encode("ascii")


_POLICY = _LetterPolicy(linesep="\r\n", cte_type="7bit")


def compose(kind: LetterKind, facts: LetterFacts, envelope: LetterEnvelope) -> ComposedLetter:
    """Write a letter and set it into bytes.

    Names and subjects are cleaned; foreign ids that are no ids are left out.
    Raises: ValueError naming the field, for an address, id, instance or moment that is not one.
    """
    wording = render(kind, facts)
    numbered = replace(wording, subject=f"[{facts.number}] {wording.subject}")
    known = envelope if facts.is_verified else replace(envelope, to_name="")
    return _set(numbered, facts.language, known, _automatic_mark(kind))


def compose_account(
    kind: AccountLetterKind, facts: AccountFacts, envelope: LetterEnvelope
) -> ComposedLetter:
    """Write a letter about an account and set it into bytes; the kept text is without its link.

    Raises: ValueError as `compose` does.
    """
    letter = _set(render_account(kind, facts), facts.language, envelope, GENERATED)
    return replace(letter, text=render_account(kind, without_link(facts)).body)


def _set(
    wording: Wording, language: Language, envelope: LetterEnvelope, mark: str
) -> ComposedLetter:
    subject = _undecodable(one_line(wording.subject, LONGEST_SUBJECT))
    message = EmailMessage(policy=_POLICY)
    _address(message, language, envelope)
    message["Subject"] = subject
    message["Date"] = _aware("date_at", envelope.date_at).astimezone(MOSCOW)
    _thread(message, envelope)
    _mark(message, mark, envelope.instance)
    message.set_content(wording.body, charset="utf-8", cte=_encoding(wording.body))
    message["Content-Language"] = str(language)
    return ComposedLetter(envelope.message_id, subject, message.as_bytes(), wording.body)


def dated(mime: bytes, at: datetime) -> bytes:
    """Return a letter that was never tried, dated by the moment at which it leaves after all."""
    head, parting, body = mime.partition(b"\r\n\r\n")
    date = f"Date: {format_datetime(_aware('at', at).astimezone(MOSCOW))}".encode("ascii")
    return re.sub(rb"(?m)^Date: [^\r\n]*", date, head, count=1) + parting + body


def can_be_addressed(address: str) -> bool:
    """Tell whether a letter can go to that address: all ASCII, once its domain is written so."""
    plain = _ascii_address(address)
    return len(plain) <= LONGEST_ADDRESS and bool(_ADDRESS.fullmatch(plain))


def _address(message: EmailMessage, language: Language, envelope: LetterEnvelope) -> None:
    message["From"] = _mailbox("sender", SENDER_NAMES[language], envelope.sender)
    message["To"] = _mailbox("to", envelope.to_name, envelope.to)
    if envelope.reply_to:
        message["Reply-To"] = _mailbox("reply_to", "", envelope.reply_to)


def _thread(message: EmailMessage, envelope: LetterEnvelope) -> None:
    if not _is_message_id(envelope.message_id):
        raise _refusal("message_id")
    message["Message-ID"] = envelope.message_id
    parents = _ids([envelope.in_reply_to])
    references = _ids(envelope.references)
    if parents:
        message["In-Reply-To"] = parents[0]
        references = [*(known for known in references if known != parents[0]), parents[0]]
    if references:
        message["References"] = " ".join(_ends(references))


def _automatic_mark(kind: LetterKind) -> str:
    if not is_automatic(kind):
        return ""
    return REPLIED if kind is LetterKind.CONFIRMATION else GENERATED


def _mark(message: EmailMessage, mark: str, instance: str) -> None:
    """Let other machines see what this letter is (RFC 3834), and this one recognise its own."""
    if not _TOKEN.fullmatch(instance):
        raise _refusal("instance")
    message["X-Profman-Loop"] = instance
    if mark:
        message["Auto-Submitted"] = mark
        message["X-Auto-Response-Suppress"] = "All"


def _mailbox(field: str, name: str, address: str) -> Address:
    """Join a cleaned display name and an address; signs with a meaning in a header are dropped."""
    if not can_be_addressed(address):
        raise _refusal(field)
    shown = _undecodable(one_line(_NAME_SPECIALS.sub(" ", name), LONGEST_NAME))
    return Address(display_name=shown, addr_spec=_ascii_address(address))


def _undecodable(value: str) -> str:
    """Break what looks like an encoded word: the library would decode it, line breaks and all."""
    return value.replace("=?", "= ?")


def _ascii_address(address: str) -> str:
    """Write an international domain as SMTP servers without SMTPUTF8 know it."""
    local, at, domain = address.rpartition("@")
    try:
        return f"{local}{at}{domain if domain.isascii() else domain.encode('idna').decode()}"
    except UnicodeError:
        return ""


def _parted(subject: str) -> tuple[str, str]:
    """Part a subject into the number before it, if it has one, and the words."""
    number, _, rest = subject.partition(" ")
    return (number, rest) if number.startswith("[") else ("", subject)


def _encoded_words(name: str, plain: str, words: str) -> str:
    header = Header(header_name=name, maxlinelen=LONGEST_ENCODED_LINE)
    if plain:
        header.append(plain, "us-ascii" if plain.isascii() else "utf-8")
    header.append(words, "utf-8")
    return header.encode(linesep="\r\n")


def _ids(candidates: Sequence[str]) -> list[str]:
    return [candidate for candidate in candidates if _is_message_id(candidate)]


def _is_message_id(candidate: str) -> bool:
    return len(candidate) <= LONGEST_ID and bool(_MESSAGE_ID.fullmatch(candidate))


def _ends(references: list[str]) -> list[str]:
    """Keep the first id, by which a thread is known, and the newest ones (RFC 5322, 3.6.4)."""
    if len(references) <= MOST_REFERENCES:
        return references
    return [references[0], *references[1 - MOST_REFERENCES :]]


def _encoding(body: str) -> str:
    fits = body.isascii() and max(map(len, body.split("\n"))) <= LONGEST_7BIT_LINE
    return "7bit" if fits else "base64"


def _aware(field: str, at: datetime) -> datetime:
    if at.tzinfo is None:
        raise _refusal(field)
    return at


def _refusal(field: str) -> ValueError:
    return ValueError(f"The letter's {field} cannot stand in a header.")
