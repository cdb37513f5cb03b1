"""What a person wrote in a reply, without what they quoted; nothing they wrote is lost.

Knows the quotation heads of Russian and English mail programs by what they are made of (a date, a
time, an address, a verb) rather than by their programs. Time is linear in the text: only short
lines can be heads, and each is looked at a bounded number of times.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import dropwhile

from mail.written_dates import DATE, STARTS_DATED, TIME

MARKERS = ("Ответьте выше этой линии", "Reply above this line")

_LONGEST_HEAD = 400
_HEAD_LINES = 4
_FIELDS_ENOUGH = 4  # of From, Sent, To, Cc, Subject: then they are no accident
_LONGEST_SIGNATURE = 16
_MOST_LINES = 10_000  # what stands below is a log or an attack: shown as it is

_ADDRESS = re.compile(r"<[^<>]{0,200}>|[^\s<>@]{1,80}@[^\s<>@]{1,120}")
_VERB = re.compile(
    r"(?:на|со|от|за)?писал(?:\(-?[аи]\)|[аи])?|пишет|пишут|сообщи(?:л(?:\(-?а\)|а)?|ли)"
    r"|ответил(?:\(-?а\)|а)?"
    r"|wrote|writes|said|пише|написа(?:в|ла)|schrieb|escribió|a écrit",
    re.IGNORECASE,
)
_VERB_LAST = re.compile(rf"(?:{_VERB.pattern})(?:\s+\S{{1,80}})?\s*:?$", re.IGNORECASE)
_STARTS_NAMED = re.compile(r"^[^\d<>:;!?]{1,60}<[^<>\s]{1,100}@[^<>\s]{1,200}>")
_VERB_THEN_DATE = re.compile(rf"(?:{_VERB.pattern}).{{0,40}}(?:{DATE.pattern})", re.IGNORECASE)
_NAME = re.compile(r"\b(?!(?:AM|PM|GMT|UTC|MSK)\b)[A-ZА-ЯЁ]\w")
_FROM_WHOM = re.compile(r"(?:\bот\s|\bfrom\s|[\"“«<]|@)", re.IGNORECASE)
_FIELD = re.compile(
    r"^(?P<from>от(?:правитель)?|from|von|від|da|de|från)\s*:"
    r"|^(?P<sent>отправлено|дата|sent|date|gesendet|datum|надіслано|data|fecha|skickat)\s*:"
    r"|^(?P<to>кому|получатель|to|an|a|till)\s*:|^(?P<cc>копия|cc|kopie)\s*:"
    r"|^(?P<subject>тема|subject|betreff|oggetto|asunto|ämne)\s*:"
    r"|^(?P<reply>reply-to|ответить|адрес для ответа|risposta|importance|важность|вложения"
    r"|attachments)\s*:",
    re.IGNORECASE,
)
_FIELD_INSIDE = re.compile(
    r"(?:\b|(?<=[а-яa-z0-9>]))(от|from|отправлено|sent|дата|date|кому|to|тема|subject):",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(
    r"^\W{0,40}(?:(?:исходное|первоначальное|оригинальное|пересылаемое|пересланное|перенаправленное"
    r"|переадресованное|переслане)\s+(?:сообщение|письмо|повідомлення)"
    r"|начало (?:пере\w{1,20}) сообщения"
    r"|original (?:message|mail|email)|(?:begin )?forwarded message"
    r"|ursprüngliche nachricht)\W{0,60}$",
    re.IGNORECASE,
)
_DECORATED = re.compile(r"^\W{2,}\w|^\w.*:\s*$")
_RULE = re.compile(r"^\s*[-_—–=*]{5,100}\s*$")
_SIGNATURE = re.compile(r"^--\s*$")
_DEVICE = re.compile(
    r"^\W{0,3}(?:отправлено\s+(?:из|с|со|через|при помощи|от|by)\b|скачайте\s+outlook"
    r"|получите\s+outlook"
    r"|sent\s+(?:from|via|with|by)\b|get\s+outlook|надіслано\s+з\b)",
    re.IGNORECASE,
)
_DEVICE_NAME = re.compile(
    r"iphone|ipad|ipod|android|outlook|почт|mail|samsung|galaxy|huawei|honor|xiaomi|redmi"
    r"|устройств|телефон"
    r"|смартфон|мобильн|планшет|приложени|proton|yahoo|windows|mobile|phone|blackberry|device"
    r"|aka\.ms",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"^\s{0,8}(?:>|&gt;)")
_INVISIBLE = re.compile("[\ufeff\u200b\u200e\u200f\u2060]")


class _Kind(Enum):
    OWN = "own"
    BLANK = "blank"
    QUOTED = "quoted"
    HEAD = "head"  # the line that introduces a quotation
    REST = "rest"  # a quotation without marks, to the end


def visible_reply(text: str) -> str:
    """Give a reply without quotations, device lines and signature; the whole if nothing is left."""
    whole = _INVISIBLE.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    kept = _without_tail(_visible_lines(whole.split("\n")))
    result = "\n".join(kept).strip()
    return result if re.search(r"\w", result) else whole.strip()


def has_marker(text: str) -> bool:
    """Tell whether our own line «reply above» is in the text."""
    return any(marker in text for marker in MARKERS)


def _visible_lines(lines: list[str]) -> list[str]:
    """Judge the first lines one by one; the rest is not read but for the end of a quotation."""
    first, below = lines[:_MOST_LINES], lines[_MOST_LINES:]
    kinds = _kinds(first)
    shown = _own_lines(first, kinds)
    if kinds[-1] is _Kind.REST:
        return shown
    return shown + list(dropwhile(_is_quoted_or_blank, below))


def _is_quoted_or_blank(line: str) -> bool:
    return not line.strip() or bool(_QUOTED.match(line))


def _kinds(lines: list[str]) -> list[_Kind]:
    kinds: list[_Kind] = []
    has_own = False
    while len(kinds) < len(lines):
        start = len(kinds)
        kind, count = _kind_at(lines, start)
        has_own = has_own or kind in {_Kind.OWN, _Kind.QUOTED}
        if kind is _Kind.REST and not has_own:
            kind, count = _Kind.OWN, 1  # nothing stands above it, so it is the matter itself
        if kind is _Kind.REST:
            return _rules_taken(lines, kinds) + [kind] * (len(lines) - start)
        kinds += [kind] * count
    return kinds


def _rules_taken(lines: list[str], kinds: list[_Kind]) -> list[_Kind]:
    """Count a drawn line just above an unmarked quotation to the quotation."""
    row = len(kinds)
    while row and (kinds[row - 1] is _Kind.BLANK or _RULE.match(lines[row - 1])):
        row -= 1
    return kinds[:row] + [_Kind.HEAD] * (len(kinds) - row)


def _kind_at(lines: list[str], start: int) -> tuple[_Kind, int]:
    line = lines[start]
    if not line.strip():
        return _Kind.BLANK, 1
    if _QUOTED.match(line):
        return (_Kind.HEAD if has_marker(line) else _Kind.QUOTED), 1
    if len(line) > _LONGEST_HEAD * 2:
        return _Kind.OWN, 1
    if has_marker(line) or _is_separator(line) or _is_header_block(lines, start):
        return _Kind.REST, 1
    length = _head_length(lines, start)
    if not length:
        return _Kind.OWN, 1
    return (_Kind.HEAD if _quoted_follows(lines, start + length) else _Kind.REST), length


def _quoted_follows(lines: list[str], start: int) -> bool:
    following = (line for line in lines[start : start + 4] if line.strip())
    return bool(_QUOTED.match(next(following, "")))


def _head_length(lines: list[str], start: int) -> int:
    """Count the lines of a quotation's head that starts here; 0 when there is none."""
    joined = ""
    for count, line in enumerate(lines[start : start + _HEAD_LINES], 1):
        if not line.strip() or _QUOTED.match(line) or len(joined) + len(line) > _LONGEST_HEAD:
            break
        joined = f"{joined} {line.strip()}".strip(" *")
        if count > 1 and not _begins_head(lines[start].strip()):
            break  # one's own words are no part of the head below them
        if _is_head(joined, quoted_next=_quoted_follows(lines, start + count)):
            return count
    return 0


def _begins_head(line: str) -> bool:
    return bool(STARTS_DATED.match(line) or _STARTS_NAMED.match(line))


def _is_head(line: str, *, quoted_next: bool) -> bool:
    """Judge a line that may introduce a quotation; above marked lines less is asked of it."""
    ends = line.endswith(":")
    if _ends_with_verb(line):
        introduces = quoted_next or bool(_STARTS_NAMED.match(line))
        return (ends and introduces) or _is_dated_start(line)
    if ends and _VERB_THEN_DATE.search(line):
        return bool(_ADDRESS.search(line) or (quoted_next and TIME.search(line)))
    dated = bool(STARTS_DATED.match(line) and TIME.search(line))
    if quoted_next:
        return dated and bool(_FROM_WHOM.search(line))
    return dated and ends and bool(_ADDRESS.search(line))


def _ends_with_verb(line: str) -> bool:
    return bool(_VERB_LAST.search(line[-120:]))


def _is_dated_start(line: str) -> bool:
    """Ask for what programs never leave out: people, too, begin a line with a day."""
    if not STARTS_DATED.match(line):
        return False
    time = TIME.search(line)
    is_named = bool(time and DATE.search(line) and _NAME.search(line, time.end()))
    return is_named or bool(_ADDRESS.search(line))


def _is_separator(line: str) -> bool:
    return bool(_SEPARATOR.match(line.strip()) and _DECORATED.match(line.strip()))


def _is_header_block(lines: list[str], start: int) -> bool:
    """Recognise From/Sent/To/Subject standing together, in lines or run into one line."""
    first = _field_of(lines[start])
    if first is None:
        return False
    inside = {name.lower() for name in _FIELD_INSIDE.findall(lines[start])}
    if len(inside) >= _FIELDS_ENOUGH:
        return True
    block = lines[start : start + 12]
    names = set(_fields(block))
    is_of_program = bool(
        names & {"sent", "subject"} or _ADDRESS.search("\n".join(block)[:_LONGEST_HEAD])
    )
    return ("from" in names and len(names) > 1 and is_of_program) or len(names) >= _FIELDS_ENOUGH


def _fields(lines: list[str]) -> Iterator[str]:
    """Name the fields that follow one another, over blank lines and one folded line each."""
    folded = 0
    for line in lines:
        name = _field_of(line)
        folded = 0 if name else folded + bool(line.strip())
        if folded > 1:
            return
        if name:
            yield name


def _field_of(line: str) -> str | None:
    match = _FIELD.match(line[:200].strip(" *_\t").replace("*", ""))
    return match.lastgroup if match else None


def _own_lines(lines: list[str], kinds: list[_Kind]) -> list[str]:
    """Keep what was written, and the quotations between answers that give them their sense."""
    last_own = max((row for row, kind in enumerate(kinds) if kind is _Kind.OWN), default=-1)
    answered = [block for block in _blocks(kinds) if block.end <= last_own]
    kept = answered if len(answered) > 1 else [block for block in answered if block.inside]
    quoted = {row for block in kept for row in range(block.start, block.end)}
    shown = {_Kind.OWN, _Kind.BLANK}
    return [
        line
        for row, (line, kind) in enumerate(zip(lines, kinds, strict=True))
        if kind in shown or row in quoted
    ]


@dataclass
class _Block:
    """A run of quoted lines; inside when set into one's own text, not put there by a program."""

    start: int
    end: int
    inside: bool


def _blocks(kinds: list[_Kind]) -> list[_Block]:
    blocks: list[_Block] = []
    before = _Kind.BLANK
    for row, kind in enumerate(kinds):
        if kind is _Kind.QUOTED and before is _Kind.QUOTED:
            blocks[-1].end = row + 1
        elif kind is _Kind.QUOTED:
            blocks.append(_Block(row, row + 1, inside=before is _Kind.OWN))
        before = before if kind is _Kind.BLANK else kind
    return blocks


def _without_tail(lines: list[str]) -> list[str]:
    """Take off what programs add below a text: signature, rules, `Sent from my phone`."""
    kept = lines[: _signature_at(lines)]
    while kept and _is_tail(kept[-1]):
        kept.pop()
    return kept


def _signature_at(lines: list[str]) -> int:
    rows = range(max(1, len(lines) - _LONGEST_SIGNATURE), len(lines))
    return next((row for row in rows if _SIGNATURE.match(lines[row])), len(lines))


def _is_tail(line: str) -> bool:
    if not line.strip() or re.match(r"^\s*_{5,100}\s*$", line):
        return True
    short = line.strip()[:_LONGEST_HEAD]
    return bool(len(line) < _LONGEST_HEAD and _DEVICE.match(short) and _DEVICE_NAME.search(short))
