"""The clocks of a ticket, explained line by line: what was counted, what was not, and why.

Carries out R44, R47, R48, R51 and law 5; U4. Our own time is what is left of the working time
since the accepted moment when every wait for others is taken out of it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise
from typing import Literal

from domain.calendar import MOSCOW, Calendar
from domain.clocks import Clock, ClockKind, Interval
from domain.derivation import IDLE_NAMES, IdleKind, Segment, segments
from domain.terms import Status, Turn
from domain.ticket import Ticket
from gateway.pages.day_reasons import day_reason
from gateway.pages.moments import amount, short_day
from gateway.pages.moments import clock as time_of_day
from gateway.pages.translation import _, marked, ngettext, present

WAITS = {
    ClockKind.CLIENT: marked("ждали клиента"),
    ClockKind.DEVELOPMENT: marked("у разработки"),
    ClockKind.RELEASE: marked("ждали выпуска"),
}
REASONS = {
    Turn.CLIENT: marked("ждём клиента"),
    Turn.DEVELOPMENT: marked("у разработки"),
}
SHORTEST_RUN = 3


@dataclass(frozen=True)
class Line:
    """One row of a derivation: its span, why, the seconds it counts; None where it counts none."""

    span: str
    why: str
    seconds: int | None
    rule: str = ""


@dataclass(frozen=True)
class Derived:
    """A clock with its rows and their sum; rows add up to the sum."""

    title: str
    rule: str
    seconds: int
    is_running: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Chip:
    """The clock in the head: how much, whether it runs, and if not, why."""

    seconds: int
    state: Literal["running", "paused"]
    why: str


def own_clock(
    ticket: Ticket,
    measured: Sequence[Clock],
    calendar: Calendar,
    now: datetime,
    names: Mapping[ClockKind, str] = WAITS,
) -> Derived | None:
    """Derive our own time: working time since the accepted moment, without waits for others.

    `names` say in the reader's words what was waited for.
    """
    if ticket.accepted_at is None:
        return None
    end = max(ticket.closed_at or now, ticket.accepted_at)
    waits = _waits(measured, ticket.accepted_at, end)
    lines: list[Line] = []
    for start, stop, kind in _stretches(waits, ticket.accepted_at, end):
        if kind is None:
            lines += lines_of(segments(calendar, start, stop))
        else:
            lines.append(_wait_line(calendar, start, stop, names[kind]))
    is_running = ticket.is_open and ticket.turn is Turn.SUPPORT and calendar.is_open(now)
    total = sum(line.seconds or 0 for line in lines)
    return Derived(_("наше время"), "R47", total, is_running, tuple(lines))


def chip(ticket: Ticket, own: Derived | None, calendar: Calendar, now: datetime) -> Chip:
    """Return the clock of the head."""
    seconds = own.seconds if own else 0
    if own and own.is_running:
        return Chip(seconds, "running", _("идёт наше время"))
    return Chip(seconds, "paused", _why_paused(ticket, calendar, now))


def derived(measured: Clock, title: str, rule: str, calendar: Calendar) -> Derived:
    """Derive one measured clock from the stretches that it ran."""
    parts = [
        part
        for ran in measured.intervals
        for part in segments(calendar, ran.starts_at, ran.ends_at)
    ]
    return Derived(title, rule, measured.amount.seconds, measured.is_running, lines_of(parts))


def lines_of(parts: Iterable[Segment]) -> tuple[Line, ...]:
    """Write segments as rows; a run of whole equal days, with the nights between, is one row."""
    lines: list[Line] = []
    for group in _runs(list(parts)):
        counted = [part for part in group if part.reason is None]
        if len(counted) >= SHORTEST_RUN:
            lines.append(_run_line(counted))
        else:
            lines += [_line(part) for part in group]
    return tuple(lines)


def _runs(parts: list[Segment]) -> Iterator[list[Segment]]:
    """Part the segments where the hours of the day change; what is not counted joins a run."""
    run: list[Segment] = []
    for part in parts:
        counted = next((one for one in reversed(run) if one.reason is None), None)
        if part.reason is None and counted and _hours(part) != _hours(counted):
            trailing = _trailing(run)
            yield run[: len(run) - len(trailing)]
            run = trailing
        run.append(part)
    if run:
        trailing = _trailing(run)
        yield run[: len(run) - len(trailing)]
        yield trailing


def _trailing(run: list[Segment]) -> list[Segment]:
    last = max((place for place, one in enumerate(run) if one.reason is None), default=-1)
    return run[last + 1 :]


def _hours(part: Segment) -> tuple[str, str]:
    return time_of_day(part.starts_at), time_of_day(part.ends_at)


def _run_line(counted: Sequence[Segment]) -> Line:
    first, last = counted[0], counted[-1]
    days = len(counted)
    said = ngettext("{number} рабочий день", "{number} рабочих дней", days).format(number=days)
    span = f"{short_day(first.starts_at)} – {short_day(last.starts_at)}"
    hours = "–".join(_hours(first))
    seconds = sum(part.counted.seconds for part in counted)
    return Line(span, _("{days}, {hours}").format(days=said, hours=hours), seconds)


def _line(part: Segment) -> Line:
    if part.reason is None:
        return Line(_span(part.starts_at, part.ends_at), "", part.counted.seconds)
    why = IDLE_NAMES[present.get()][part.reason.kind]
    told = f"{why}: {day_reason(part.reason.text)}" if part.reason.text else why
    rule = "" if part.reason.kind is IdleKind.OVERRIDE else "R44"
    return Line(_span(part.starts_at, part.ends_at), told, None, rule)


def _wait_line(calendar: Calendar, start: datetime, stop: datetime, name: str) -> Line:
    seconds = calendar.working_time_between(start, stop).seconds
    told = _("{wait}; отдельно считается {amount}")
    return Line(_span(start, stop), told.format(wait=_(name), amount=amount(seconds)), None)


def _span(start: datetime, stop: datetime) -> str:
    begins, ends = start.astimezone(MOSCOW), stop.astimezone(MOSCOW)
    first = f"{short_day(begins)}, {time_of_day(begins)}"
    is_one_day = begins.date() == ends.date()
    return f"{first}–{time_of_day(ends)}" if is_one_day else f"{first} – {_end(ends)}"


def _end(ends: datetime) -> str:
    return f"{short_day(ends)}, {time_of_day(ends)}"


def _waits(
    measured: Sequence[Clock], start: datetime, end: datetime
) -> list[tuple[Interval, ClockKind]]:
    ran = [
        (Interval(max(one.starts_at, start), min(one.ends_at, end)), clock.kind)
        for clock in measured
        if clock.kind in WAITS
        for one in clock.intervals
    ]
    return sorted(
        ((one, kind) for one, kind in ran if one.starts_at < one.ends_at),
        key=lambda wait: wait[0].starts_at,
    )


def _stretches(
    waits: list[tuple[Interval, ClockKind]], start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, ClockKind | None]]:
    edges = sorted({start, end, *(at for one, _ in waits for at in (one.starts_at, one.ends_at))})
    kinds = [(begin, stop, _kind_at(waits, begin)) for begin, stop in pairwise(edges)]
    for kind, group in groupby(kinds, lambda stretch: stretch[2]):
        run = list(group)
        yield run[0][0], run[-1][1], kind


def _kind_at(waits: list[tuple[Interval, ClockKind]], at: datetime) -> ClockKind | None:
    return next((kind for one, kind in waits if one.starts_at <= at < one.ends_at), None)


def _why_paused(ticket: Ticket, calendar: Calendar, now: datetime) -> str:
    if ticket.status is Status.CLOSED:
        return _("заявка закрыта")
    if ticket.merged_into:
        return _("присоединена к {number}").format(number=ticket.merged_into)
    if ticket.status is Status.AWAITING_RELEASE:
        return _("ждём выпуска")
    if ticket.turn in REASONS:
        return _(REASONS[ticket.turn])
    return _("пауза: вне рабочего времени") if not calendar.is_open(now) else _("часы стоят")
