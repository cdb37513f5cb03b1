"""The demo told to a head of support: what came, what was done and why, what left, what it cost.

Counted from what arrived at the mail server and what stands in the register.
"""

import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from itertools import count
from typing import Any

import httpx

from deploy.local.maildirs import StoredLetter
from deploy.local.stage import Stage
from deploy.local.world import JOURNAL, KEYS
from domain.calendar import MOSCOW
from domain.letters import LetterKind, is_internal
from mail.identity import SignedId, verify
from mail.reading import ReceivedLetter, read

HEAD = "head"
DAYS = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")
EXEMPT = frozenset({LetterKind.CONFIRMATION, LetterKind.CRITICAL_ALERT})
WIDTH = 96
Shown = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """One line of the story."""

    at: datetime
    order: int
    number: str
    text: str
    rule: str = ""


async def report(service: Stage) -> list[str]:
    """Return the whole report, line by line."""
    shown = [ticket async for ticket in _tickets(service)]
    arrived = [one for one in service.world.office.all_letters() if one.recipient != JOURNAL]
    lines = ["", *_title("ХОД СОБЫТИЙ"), *_timeline(shown)]
    lines += ["", *_title("ЧАСЫ: ПОЧЕМУ ШЛИ И ПОЧЕМУ СТОЯЛИ"), *_clocks(shown)]
    lines += ["", *_title("ПИСЬМА, КАК ИХ ПРОЧЛИ"), *_letters(arrived)]
    return [*lines, "", _verdict(service, shown, arrived)]


async def _tickets(service: Stage) -> Any:  # noqa: ANN401 - an async iterator of the API's answers
    for serial in count(1):
        try:
            yield await service.get(HEAD, f"/api/tickets/PS-{serial:06}")
        except httpx.HTTPStatusError as answer:
            if answer.response.status_code != httpx.codes.NOT_FOUND:
                raise
            return


def _timeline(shown: list[Shown]) -> Iterator[str]:
    entries = [entry for ticket in shown for entry in _entries(ticket)]
    day = ""
    for entry in sorted(entries, key=lambda one: (one.at, one.number, one.order)):
        if (on := _day(entry.at)) != day:
            day = on
            yield f"— {day} —"
        rule = f"  [{entry.rule}]" if entry.rule else ""
        head = f"{entry.at:%H:%M:%S}  {entry.number}  "
        yield from textwrap.wrap(
            f"{head}{entry.text}{rule}", WIDTH, subsequent_indent=" " * len(head)
        )


def _entries(ticket: Shown) -> Iterator[Entry]:
    number = ticket["number"]
    for message in ticket["messages"]:
        if message["direction"] == "in":
            files = ", ".join(file["name"] for file in message["files"])
            told = textwrap.shorten(message["text"], 60, placeholder=" …")
            text = f"← письмо: «{told}»" + (f" (файл: {files})" if files else "")
            yield Entry(_moment(message["at"]), 0, number, text)
    for line in ticket["timeline"]:
        yield Entry(_moment(line["at"]), 1, number, line["sentence"], line["rule"])
    for letter in ticket["letters"]:
        yield _departure(number, letter)


def _departure(number: str, letter: Shown) -> Entry:
    prepared = _moment(letter["prepared_at"])
    if not letter["accepted_at"]:
        text = f"× письмо «{letter['subject']}»: {letter['state_name']} ({letter['reason']})"
        return Entry(prepared, 2, number, text)
    left = _moment(letter["accepted_at"])
    late = (left - prepared).total_seconds() > 60  # noqa: PLR2004 - a minute is no wait
    waited = f", ждало рабочего времени с {_day(prepared)} {prepared:%H:%M}" if late else ""
    back = "; вернулось: адреса нет" if letter["bounced_at"] else ""
    text = f"→ {letter['recipient']}: «{letter['subject']}»{waited}{back}"
    return Entry(left, 2, number, text, "R33" if letter["kind"] in EXEMPT else "R45")


def _clocks(shown: list[Shown]) -> Iterator[str]:
    for ticket in shown:
        yield f"{ticket['number']}  {ticket['subject']} — {ticket['status_name']}"
        for clock in ticket["clocks"]:
            state = "идёт" if clock["is_running"] else "остановлены"
            text = f"{clock['title']} [{clock['rule']}], {state}: {clock['sentence']}"
            yield from textwrap.wrap(text, WIDTH, initial_indent="    ", subsequent_indent="      ")


def _letters(arrived: list[StoredLetter]) -> Iterator[str]:
    for letter in sorted(arrived, key=lambda one: one.accepted.arrived_at):
        parsed = read(letter.raw)
        yield f"Кому: {letter.recipient}    Дата: {_date_of(parsed)}"
        yield f"Тема: {parsed.subject}"
        yield from (f"  │ {line}".rstrip() for line in parsed.text.strip().splitlines())
        yield ""


def _verdict(service: Stage, shown: list[Shown], arrived: list[StoredLetter]) -> str:
    ids = [read(letter.raw).message_id for letter in arrived]
    signed = [verify(f"<{one}>", KEYS) for one in ids]
    left = {f"{one.number}/{one.sequence}/{one.kind}": one for one in signed if one is not None}
    sent = [row for ticket in shown for row in ticket["letters"] if row["accepted_at"]]
    confirmations = sum(one.kind == LetterKind.CONFIRMATION for one in left.values())
    lost = _lost_in(service, shown) + sum(row["key"] not in left for row in sent)
    twice = sum(times - 1 for times in Counter(ids).values())
    return (
        f"demo: {service.letters_in} letters in, {len(shown)} tickets, "
        f"{confirmations} confirmations, {len(arrived)} letters out, "
        f"{_outside(service, sent, left)} outside working time, {lost} lost, {twice} twice"
    )


def _outside(service: Stage, sent: list[Shown], left: dict[str, SignedId]) -> int:
    calendar = service.world.rules().calendar
    kept = [
        row
        for row in sent
        if row["key"] in left and row["kind"] not in EXEMPT and not is_internal(row["kind"])
    ]
    return sum(not calendar.is_open(_moment(row["accepted_at"])) for row in kept)


def _lost_in(service: Stage, shown: list[Shown]) -> int:
    """Count the letters put in that are no message of any ticket."""
    filed = sum(message["direction"] == "in" for ticket in shown for message in ticket["messages"])
    lost: int = service.letters_in - filed
    return lost


def _title(text: str) -> tuple[str, str]:
    return text, "═" * len(text)


def _moment(at: str) -> datetime:
    return datetime.fromisoformat(at).astimezone(MOSCOW)


def _date_of(letter: ReceivedLetter) -> str:
    at = parsedate_to_datetime(letter.date).astimezone(MOSCOW)
    return f"{_day(at)} {at:%H:%M}"


def _day(at: datetime) -> str:
    return f"{DAYS[at.weekday()]} {at:%d.%m}"
