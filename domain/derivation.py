"""How a figure of working time came about: its segments, and the line that people read.

R47: only working time counts. Whoever sees a figure can add it up from its line.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum
from itertools import groupby

from domain.calendar import MOSCOW, NO_TIME, ONE_DAY, Calendar, DaySource, WorkingTime
from domain.letters import Language


class IdleKind(StrEnum):
    """Why a stretch of time is not counted."""

    NIGHT = "night"
    OWN_HOURS = "own_hours"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    TRANSFER = "transfer"
    OVERRIDE = "override"


IDLE_BY_SOURCE = {
    DaySource.WEEKLY: IdleKind.WEEKEND,
    DaySource.HOLIDAY: IdleKind.HOLIDAY,
    DaySource.TRANSFER: IdleKind.TRANSFER,
    DaySource.EVE: IdleKind.HOLIDAY,
    DaySource.OVERRIDE: IdleKind.OVERRIDE,
}
SHORTEST_RUN = 3  # so many equal days in a row read better as one line
WEEKDAYS_REPEAT_AFTER = 6
WEEKDAYS = {
    Language.RU: ("пн", "вт", "ср", "чт", "пт", "сб", "вс"),
    Language.EN: ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
UNITS = {Language.RU: ("ч", "мин", "с"), Language.EN: ("h", "min", "s")}
IDLE_NAMES = {
    Language.RU: {
        IdleKind.NIGHT: "ночь",
        IdleKind.OWN_HOURS: "время вне особых часов",
        IdleKind.WEEKEND: "выходные",
        IdleKind.HOLIDAY: "праздники",
        IdleKind.TRANSFER: "перенесённые выходные",
        IdleKind.OVERRIDE: "дни, объявленные нерабочими",
    },
    Language.EN: {
        IdleKind.NIGHT: "nights",
        IdleKind.OWN_HOURS: "hours outside the special ones",
        IdleKind.WEEKEND: "weekends",
        IdleKind.HOLIDAY: "public holidays",
        IdleKind.TRANSFER: "transferred days off",
        IdleKind.OVERRIDE: "days declared non-working",
    },
}
TEENS = range(11, 15)
RUSSIAN_DAYS = {1: "рабочий день", **dict.fromkeys((2, 3, 4), "рабочих дня")}
SINGULAR = {IdleKind.NIGHT, IdleKind.OWN_HOURS}


@dataclass(frozen=True, slots=True)
class IdleReason:
    """Why a stretch is not counted, with the calendar's own words where it has any."""

    kind: IdleKind
    text: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch between two moments that is counted whole or, for a reason, not at all."""

    starts_at: datetime
    ends_at: datetime
    reason: IdleReason | None = None

    @property
    def counted(self) -> WorkingTime:
        """The working time in this stretch."""
        if self.reason:
            return NO_TIME
        return WorkingTime(int(self.ends_at.timestamp() - self.starts_at.timestamp()))


def segments(calendar: Calendar, start: datetime, end: datetime) -> tuple[Segment, ...]:
    """Part the time from `start` to `end` into what is counted and what is not, and why.

    The segments are in Moscow time and follow each other without gaps; idle neighbours of one
    reason are one. Fractions of a second are dropped from both ends, as the calendar drops them.
    """
    merged: list[Segment] = []
    for tile in _clipped(calendar, _whole_second(start), _whole_second(end)):
        if merged and tile.reason and merged[-1].reason == tile.reason:
            merged[-1] = replace(merged[-1], ends_at=tile.ends_at)
        else:
            merged.append(tile)
    return tuple(merged)


def total(parts: Sequence[Segment]) -> WorkingTime:
    """Add up what the segments count."""
    return sum((part.counted for part in parts), NO_TIME)


def spell(amount: WorkingTime, language: Language) -> str:
    """Write an amount in words: «3 ч 10 мин», with seconds only where it has them."""
    minutes, seconds = divmod(amount.seconds, 60)
    figures = zip((*divmod(minutes, 60), seconds), UNITS[language], strict=True)
    words = [f"{figure} {unit}" for figure, unit in figures if figure]
    return " ".join(words) or f"0 {UNITS[language][1]}"


def explain(parts: Sequence[Segment], language: Language) -> str:
    """Write one line that people can add up: the amount, what was counted, what was not and why."""
    working = "рабочего времени" if language is Language.RU else "of working time"
    amount = f"{spell(total(parts), language)} {working}"
    lines = ", ".join(_lines([part for part in parts if not part.reason], language))
    idle = _idle([part.reason for part in parts if part.reason], language)
    return amount + (f": {lines}" if lines else "") + (f"; {idle}" if idle else "")


def _whole_second(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


def _clipped(calendar: Calendar, start: datetime, end: datetime) -> Iterator[Segment]:
    on = start.astimezone(MOSCOW).date()
    while _clock(on, time.min) < end:
        for begins, ends, reason in _tiles(calendar, on):
            since, until = max(begins, start), min(ends, end)
            if since < until:
                yield Segment(since.astimezone(MOSCOW), until.astimezone(MOSCOW), reason)
        on += ONE_DAY


def _tiles(
    calendar: Calendar, on: date
) -> tuple[tuple[datetime, datetime, IdleReason | None], ...]:
    day, midnight, following = (
        calendar.day(on),
        _clock(on, time.min),
        _clock(on + ONE_DAY, time.min),
    )
    if not day.hours:
        return ((midnight, following, IdleReason(IDLE_BY_SOURCE[day.source], day.reason)),)
    is_usual = day.hours in calendar.weekly
    shut = IdleReason(IdleKind.NIGHT) if is_usual else IdleReason(IdleKind.OWN_HOURS, day.reason)
    opens, closes = _clock(on, day.hours.opens), _clock(on, day.hours.closes)
    return (midnight, opens, shut), (opens, closes, None), (closes, following, shut)


def _clock(on: date, at: time) -> datetime:
    # In UTC, for two moments of one zone are compared by their clocks, not by their order.
    return datetime.combine(on, at, MOSCOW).astimezone(UTC)


def _lines(counted: Sequence[Segment], language: Language) -> Iterator[str]:
    for _, group in groupby(counted, _span):
        run = list(group)
        if len(run) >= SHORTEST_RUN:
            yield _run_line(run, language)
        else:
            yield from (f"{_day_name(part, counted, language)} {_span(part)}" for part in run)


def _run_line(run: Sequence[Segment], language: Language) -> str:
    first, last = (_date(run[index].starts_at, run) for index in (0, -1))
    return f"{first}–{last} {_working_days(len(run), language)} {_span(run[0])}"


def _working_days(number: int, language: Language) -> str:
    if language is Language.EN:
        return f"{number} working days"
    return f"{number} {_russian_days(number)}"


def _russian_days(number: int) -> str:
    if number % 100 in TEENS:
        return "рабочих дней"
    return RUSSIAN_DAYS.get(number % 10, "рабочих дней")


def _day_name(part: Segment, counted: Sequence[Segment], language: Language) -> str:
    weekday = WEEKDAYS[language][part.starts_at.weekday()]
    distance = counted[-1].starts_at.date() - counted[0].starts_at.date()
    is_clear = distance.days <= WEEKDAYS_REPEAT_AFTER
    return weekday if is_clear else f"{weekday} {_date(part.starts_at, counted)}"


def _date(at: datetime, counted: Sequence[Segment]) -> str:
    is_one_year = counted[0].starts_at.year == counted[-1].starts_at.year
    return at.strftime("%d.%m" if is_one_year else "%d.%m.%Y")


def _span(part: Segment) -> str:
    return f"{_time(part.starts_at)}–{_time(part.ends_at)}"


def _time(at: datetime) -> str:
    return f"{at.hour}:{at:%M:%S}" if at.second else f"{at.hour}:{at:%M}"


def _idle(reasons: Sequence[IdleReason], language: Language) -> str:
    kinds = [kind for kind in IdleKind if any(reason.kind is kind for reason in reasons)]
    names = [_idle_name(kind, reasons, language) for kind in kinds]
    if not names:
        return ""
    conjunction = " и " if language is Language.RU else " and "
    listed = conjunction.join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f"{listed} {_not_counted(kinds, language)}"


def _idle_name(kind: IdleKind, reasons: Sequence[IdleReason], language: Language) -> str:
    name = IDLE_NAMES[language][kind]
    if kind is IdleKind.TRANSFER or (kind is IdleKind.HOLIDAY and language is Language.EN):
        return name  # the official names exist in Russian only
    texts = dict.fromkeys(reason.text for reason in reasons if reason.kind is kind and reason.text)
    return f"{name} ({', '.join(texts)})" if texts else name


def _not_counted(kinds: Sequence[IdleKind], language: Language) -> str:
    if language is Language.EN:
        return "are not counted"
    return "не считается" if len(kinds) == 1 and kinds[0] in SINGULAR else "не считаются"
