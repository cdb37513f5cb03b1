"""Notices that a letter did not arrive: RFC 3464 reports and the free forms of mail servers."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.parser import HeaderParser
from itertools import chain

from mail.addresses import Sender, addresses
from mail.charsets import decode
from mail.headers import message_ids, one_line
from mail.mime import Part

_LOOKED_AT = 60_000
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?:^|[\s:<(\[\"'])([45]\d\d)(?=[\s\-,:#;)])")
_ADDRESS = re.compile(r"[A-Za-z0-9._%+=/&'#~-]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{1,200}")
_DAEMON = re.compile(
    r"mailer[-_.]?daemon|post[-_.]?master|mail[-_. ]?delivery|mail[-_.]?(?:system|admin|server"
    r"|router)\b|mdaemon|bounce"
    r"|delivery[-_. ](?:subsystem|service|system)|majordomo|fml|autosupport|no-?reply@sns\.",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"\bare not (?:a )?member|fml (?:status|error)|"
    r"undeliver|un?deliverable|delivery[\s_-](?:status|fail|has failed|error|problem|report"
    r"|notification|delay|unsuc)"
    r"|non[\s-]?deliver|failure notice|failed?[\s_-](?:mail|delivery|notice|to deliver)|(?:mail"
    r"|message)[\s_-]"
    r"(?:delivery|error|status|not delivered|could not|system error|failure|undeliv)"
    r"|returned[\s_-](?:mail|to sender)"
    r"|could not (?:be delivered|send)|not (?:be )?delivered|delivery could not|nondeliverable"
    r"|^user unknown"
    r"|^unknown (?:user|recipient)|bounced? (?:mail|message|address)|(?:mail|message) (?:rejected"
    r"|refused|blocked)"
    r"|permanent (?:error|delivery)|problems? delivering|warning: (?:message|could not)|\bdsn\b"
    r"|failed mail"
    r"|не(?:возможно)?(?:\s+(?:было|была|может быть|удалось|уда[её]тся))?\s*достав(?:л|ить)"
    r"|возврат(?:\s+почты|\s+письма|ено)"
    r"|ошибка доставки|сбой доставки|уведомление о (?:состоянии|статусе) доставки|unzustellbar"
    r"|mail system error"
    r"|配信|送信できません|error mail|エラー",
    re.IGNORECASE,
)
_EVIDENCE = re.compile(
    r"(?:user|mailbox|recipient|address|account|domain|host)s?\b.{0,60}?(?:unknown|not found"
    r"|unavailable|disabled|full|"
    r"does(?: not|n't) exist|rejected|invalid|over quota|failed)|(?:unknown|invalid|no such"
    r"|bad)\s+(?:user|mailbox|"
    r"recipient|address|host|local|domain)|could ?n[o']t be delivered|could not be delivered"
    r"|not delivered|undeliver"
    r"|delivery (?:fail|to the following|has failed|attempts?)|was rejected"
    r"|permanent(?:ly)? (?:fail|error|fatal)"
    r'|"?(?:notification|bounce)Type\\?"?\s*:\s*\\?"?(?:Bounce|Permanent|Transient)'
    r"|not (?:a )?member\b"
    r"|failed permanently|returned (?:to sender|below)|unable to (?:deliver|send)"
    r"|не(?:возможно|\s+уда(?:лось|[её]тся)|\s+может быть)\s+достав|не\s?доставлен"
    r"|(?:адрес|ящик|получател|пользовател)\w{0,4}\s.{0,60}?(?:не найден|не существует|переполнен"
    r"|заблокирован|отключ[её]н)"
    r"|(?:smtp|remote|status) (?:error|code|server)|can(?:no|')t (?:be )?(?:send|sent|deliver)",
    re.IGNORECASE,
)
_TEMPORARY = re.compile(
    r"temporar|delayed|will (?:be retried|retry|continue|keep trying)|time[d ]*-?out|expired"
    r"|for a long time|try again later|greylist|переполнен|временн",
    re.IGNORECASE,
)
_PROGRAM_FIELDS = ("auto-submitted", "list-subscribe", "list-help", "list-software", "x-mlserver")
_FORWARDED = re.compile(r"^\s*(?:fwd?|re|пересл|отв)\b", re.IGNORECASE)
_DELIVERED = {"delivered", "relayed", "expanded"}
_REPORT_TYPES = {
    "message/delivery-status",
    "message/global-delivery-status",
    "message/x-delivery-status",
}
_ORIGINAL_TYPES = {
    "message/rfc822",
    "text/rfc822-headers",
    "message/global",
    "message/rfc822-headers",
}
_ORIGINAL_ID = re.compile(r"^[> \t]*Message-ID:\s*(<[^<>\s]{3,400}>)", re.IGNORECASE | re.MULTILINE)
_RETURNED = re.compile(r"^[> \t]*(?:received|return-path):", re.IGNORECASE | re.MULTILINE)
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_LONGEST_ENVELOPE_ID = 1200  # RFC 3461 allows 100 characters; each may be three in xtext
_RECIPIENT_LINE = re.compile(
    r"^[> \t]*(?:final-recipient|original-recipient|to|rcpt to|recipient|кому)\b[^@\r\n]{0,80}?"
    r"([A-Za-z0-9._%+=/&'#~-]{1,64}@[A-Za-z0-9.-]{2,200})",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True)
class Bounce:
    """Whose address failed, with which status (RFC 3463), for good or not, and for what letter.

    The letter is named by its id, if its header came back, and by the ENVID it was sent with.
    """

    recipient: str
    status: str
    hard: bool
    original_message_id: str
    envelope_id: str = ""


def bounce_of(letter: Part, leaves: Sequence[Part], sender: Sender, subject: str) -> Bounce | None:
    """Read a notice of failed delivery; None for every other letter, receipts included."""
    reports = [_report_fields(part) for part in leaves if part.content_type in _REPORT_TYPES]
    if reports:
        # some servers set their explanation, too, into a part of this type
        fields = next((known for known in reports if _names_recipient(known)), reports[0])
        if fields.get("action", "").lower() in _DELIVERED:
            return None
        return _from_report(fields, leaves)
    if letter.parameter("report-type") == "delivery-status":
        return _from_text(letter, _readable(leaves), leaves)
    if letter.parameter("report-type") in {"feedback-report", "disposition-notification"}:
        return None
    text = _readable(leaves)
    has_original = any(part.content_type in _ORIGINAL_TYPES for part in leaves)
    failed = _looks_failed(letter, sender, subject, text, has_original=has_original)
    return _from_text(letter, text, leaves) if failed else None


def _report_fields(report: Part) -> dict[str, str]:
    """Take the fields of the message and of its first failed recipient."""
    text = decode(report.content[:_LOOKED_AT]).replace("\r\n", "\n")
    groups = [dict(HeaderParser().parsestr(block).items()) for block in re.split(r"\n\s*\n", text)]
    lowered = [{name.lower(): str(value) for name, value in group.items()} for group in groups]
    recipients = [group for group in lowered if _names_recipient(group)]
    failed = [group for group in recipients if group.get("action", "").lower() not in _DELIVERED]
    return {
        key: value
        for group in (lowered[:1] + (failed or recipients)[:1])
        for key, value in group.items()
    }


def _names_recipient(fields: Mapping[str, str]) -> bool:
    return "action" in fields or "final-recipient" in fields


def _from_report(fields: dict[str, str], leaves: Sequence[Part]) -> Bounce:
    diagnostic = fields.get("diagnostic-code", "")
    status = _status_in(fields.get("status", "")) or _status_in(diagnostic)
    if status.endswith(".0.0"):
        status = _status_in(diagnostic) or status
    delayed = fields.get("action", "").lower() == "delayed"
    recipient = next(
        (
            found[0]
            for name in ("original-recipient", "final-recipient", "x-actual-recipient")
            if (found := _ADDRESS.search(fields.get(name, "")))
        ),
        "",
    )
    text = _readable(leaves)
    return Bounce(
        recipient or _recipient_in(text),
        status or _status_in(text) or ("4.0.0" if delayed else "5.0.0"),
        hard=not delayed and not status.startswith("4"),
        original_message_id=_original_id(leaves, text),
        envelope_id=_envelope_id(fields.get("original-envelope-id", "")),
    )


def _envelope_id(field: str) -> str:
    """Give the ENVID we sent a letter with, whether or not the reporter undid its xtext."""
    plain = _XTEXT.sub(lambda sign: chr(int(sign[1], 16)), field[:_LONGEST_ENVELOPE_ID])
    return one_line(plain.strip().removeprefix("<").removesuffix(">"))


def _looks_failed(
    letter: Part, sender: Sender, subject: str, text: str, *, has_original: bool
) -> bool:
    """Judge a free form: a person who writes about lost mail must not be taken for a server."""
    if letter.has("x-failed-recipients"):
        return True
    telling = bool(_SUBJECT.search(subject[:300]))
    evident = bool(_EVIDENCE.search(text) or _status_in(text))
    from_program = bool(_DAEMON.search(f"{sender.name} {sender.address}"))
    returned = letter.text("return-path").replace(" ", "") == "<>"
    replied = letter.text("auto-submitted").lower().startswith("auto-replied")
    if from_program:
        return telling or evident
    forwarded = _FORWARDED.match(subject)
    declared = any(letter.has(name) for name in _PROGRAM_FIELDS)
    by_machine = returned or declared or (has_original and not forwarded)
    return telling and by_machine and (evident or returned) and not replied


def _from_text(letter: Part, text: str, leaves: Sequence[Part]) -> Bounce:
    notice = text[: found.start()] if (found := _RETURNED.search(text)) else text
    status = _status_in(notice) or ("4.0.0" if _TEMPORARY.search(notice) else "5.0.0")
    named = addresses(letter.first("x-failed-recipients"))
    return Bounce(
        named[0].address if named else _recipient_in(text),
        status,
        hard=not status.startswith("4"),
        original_message_id=_original_id(leaves, text),
    )


def _status_in(text: str) -> str:
    """Find an enhanced status, else one made of the reply code of SMTP."""
    found = _STATUS.search(text)
    if found:
        return ".".join(found.groups())
    code = _REPLY_CODE.search(text)
    return f"{code[1][0]}.0.0" if code else ""


def _recipient_in(text: str) -> str:
    line = _RECIPIENT_LINE.search(text)
    if line:
        return line[1]
    found = (match[0] for match in _ADDRESS.finditer(text))
    return next((address for address in found if not _DAEMON.search(address)), "")


def _original_id(leaves: Sequence[Part], text: str) -> str:
    originals = (
        decode(part.content[:_LOOKED_AT]) for part in leaves if part.content_type in _ORIGINAL_TYPES
    )
    for source in chain(originals, (text,)):
        found = _ORIGINAL_ID.search(source)
        if found:
            return next(iter(message_ids(found[1])), "")
    return ""


def _readable(leaves: Sequence[Part]) -> str:
    return "\n".join(_texts(leaves))[:_LOOKED_AT]


def _texts(leaves: Sequence[Part]) -> Iterator[str]:
    for part in leaves:
        if part.content_type.startswith("text/") and part.content_type not in _ORIGINAL_TYPES:
            text = decode(part.content[:_LOOKED_AT], part.charset)
            yield (
                re.sub(r"<[^@<>]{0,500}>", " ", text) if part.content_type == "text/html" else text
            )
