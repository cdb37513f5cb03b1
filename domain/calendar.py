"""Working time, exact to the second: when support is open, how much of a wait counts, when it ends.

R44 and R45 name the hours and R47 lets only them count; Q2 and Q4 settle what the text leaves open.
Moments may come in any time zone and leave in Moscow time; fractions of a second are not counted.
"""

import copyreg
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import accumulate, count, islice, takewhile
from types import MappingProxyType
from typing import Self
from zoneinfo import ZoneInfo

MOSCOW = ZoneInfo("Europe/Moscow")
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, order=True, slots=True)
class WorkingTime:
    """An amount of working time in whole seconds, never negative."""

    seconds: int

    def __post_init__(self) -> None:
        """Refuse a negative amount."""
        if self.seconds < 0:
            message = f"working time is never negative: {self.seconds} s"
            raise ValueError(message)

    @classmethod
    def of(cls, hours: int = 0, minutes: int = 0, seconds: int = 0) -> Self:
        """Make an amount from hours, minutes and seconds of working time."""
        return cls(hours * 3600 + minutes * 60 + seconds)

    def __add__(self, other: "WorkingTime") -> "WorkingTime":
        """Return both amounts together."""
        return WorkingTime(self.seconds + other.seconds)

    def __sub__(self, other: "WorkingTime") -> "WorkingTime":
        """Return what is left of this amount; the other must not be larger."""
        return WorkingTime(self.seconds - other.seconds)


NO_TIME = WorkingTime(0)


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of one day by the clock of Moscow; at `closes` sharp it is closed."""

    opens: time
    closes: time

    def __post_init__(self) -> None:
        """Refuse hours that close before they open."""
        if self.opens >= self.closes:
            message = f"hours must open before they close: {self.opens}, {self.closes}"
            raise ValueError(message)

    def nearest(self, at: time) -> time:
        """Return the time of day itself, or the edge of these hours nearest to it."""
        return min(max(at, self.opens), self.closes)


FULL_DAY = Hours(time(9), time(18))
WEEK: tuple[Hours | None, ...] = (FULL_DAY,) * 5 + (None,) * 2


class DaySource(StrEnum):
    """What decides whether a day is worked."""

    WEEKLY = "weekly"
    HOLIDAY = "holiday"
    TRANSFER = "transfer"
    EVE = "eve"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class Day:
    """The rule of one day: its hours, or None for a day off, with what decides it and why."""

    hours: Hours | None
    source: DaySource = DaySource.OVERRIDE
    reason: str = ""

    def __post_init__(self) -> None:
        """Refuse an override without its reason."""
        if self.source is DaySource.OVERRIDE and not self.reason:
            message = "a day that departs from the official calendar needs a reason"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment a wait ends, the calendar that says so, and whether that may still change."""

    at: datetime
    provisional: bool
    calendar_version: int


@dataclass(frozen=True, slots=True)
class _Year:
    """Open stretches of one year in seconds of the epoch, and the seconds worked by each close."""

    opens: tuple[int, ...]
    closes: tuple[int, ...]
    worked: tuple[int, ...]

    @property
    def total(self) -> int:
        return self.worked[-1] if self.worked else 0

    def worked_until(self, at: int) -> int:
        last = bisect_right(self.opens, at) - 1
        return self.worked[last] - max(0, self.closes[last] - at) if last >= 0 else 0

    def moment_of(self, worked: int) -> int:
        last = bisect_left(self.worked, worked)
        return self.closes[last] - (self.worked[last] - worked)

    def open_from(self, at: int) -> int | None:
        following = bisect_right(self.closes, at)
        return max(at, self.opens[following]) if following < len(self.opens) else None


@dataclass(frozen=True)
class Calendar:
    """Weekly hours and the days that depart from them; an immutable value with a version.

    Days after `known_through` are not yet decreed: what reaches beyond it is provisional.
    """

    version: int
    known_through: date
    days: Mapping[date, Day] = field(default_factory=dict, hash=False)
    weekly: tuple[Hours | None, ...] = WEEK

    def __post_init__(self) -> None:
        """Refuse a week that never opens, and keep the days from later changes."""
        if len(self.weekly) != len(WEEK) or not any(self.weekly):
            message = "a week has seven days and is open on one of them at least"
            raise ValueError(message)
        object.__setattr__(self, "days", MappingProxyType(dict(self.days)))

    def with_exceptions(self, exceptions: Mapping[date, Day], version: int) -> Self:
        """Return the calendar of that version in which these days take the place of its own."""
        return replace(self, version=version, days={**self.days, **exceptions})

    def day(self, on: date) -> Day:
        """Return the rule of a day."""
        return self.days.get(on) or Day(self.weekly[on.weekday()], DaySource.WEEKLY)

    def is_open(self, at: datetime) -> bool:
        """Tell whether support works at the moment: from 9:00:00, and no longer at 18:00:00."""
        return self._open_from(_second(at)) == _second(at)

    def is_provisional(self, at: datetime) -> bool:
        """Tell whether the moment lies on a day whose official calendar is not yet known."""
        return at.astimezone(MOSCOW).date() > self.known_through

    def next_working_moment(self, at: datetime) -> datetime:
        """Return the moment itself when support is open, else the next opening."""
        opens = self._open_from(_second(at))
        return at.astimezone(MOSCOW) if opens == _second(at) else _moment(opens)

    def working_time_between(self, start: datetime, end: datetime) -> WorkingTime:
        """Count the working time from `start` to `end`.

        An interval that ends before it starts is empty: an answer given on a Saturday to a
        request whose accepted moment is the Monday after took no working time (Q2).
        """
        first, last = start.astimezone(MOSCOW).year, end.astimezone(MOSCOW).year
        whole = sum(self._year(year).total for year in range(first, last))
        worked = whole + self._worked_in_year(end) - self._worked_in_year(start)
        return WorkingTime(worked) if _second(start) < _second(end) else NO_TIME

    def deadline(self, start: datetime, amount: WorkingTime) -> Deadline:
        """Return the earliest moment by which `amount` of working time has passed since `start`.

        An amount used up at closing time ends then, at 18:00, not at the next opening.
        """
        if amount == NO_TIME:
            return self._deadline(_moment(_second(start)))
        left = self._worked_in_year(start) + amount.seconds
        for year in count(start.astimezone(MOSCOW).year):
            if left <= self._year(year).total:
                break
            left -= self._year(year).total
        return self._deadline(_moment(self._year(year).moment_of(left)))

    def working_days_after(self, start: datetime, days: int) -> Deadline:
        """Return the same time of day so many working days later: Monday + 2 is Wednesday.

        A start outside working time first moves to the next working moment; a target day with its
        own hours bounds the time of day by them.
        """
        begun = _moment(_second(self.next_working_moment(start)))
        on, hours = next(islice(self._working_days(begun.date()), days, None))
        return self._deadline(datetime.combine(on, hours.nearest(begun.time()), MOSCOW))

    def _deadline(self, at: datetime) -> Deadline:
        return Deadline(at, self.is_provisional(at), self.version)

    def _working_days(self, since: date) -> Iterator[tuple[date, Hours]]:
        every_day = (since + ONE_DAY * number for number in count())
        return ((on, hours) for on in every_day if (hours := self.day(on).hours))

    def _open_from(self, at: int) -> int:
        years = (self._year(year) for year in count(_moment(at).year))
        return next(opens for year in years if (opens := year.open_from(at)) is not None)

    def _worked_in_year(self, at: datetime) -> int:
        return self._year(at.astimezone(MOSCOW).year).worked_until(_second(at))

    @cached_property
    def _years(self) -> dict[int, _Year]:
        return {}

    def _year(self, year: int) -> _Year:
        if year not in self._years:
            self._years[year] = self._lay_out(year)
        return self._years[year]

    def _lay_out(self, year: int) -> _Year:
        working_days = self._working_days(date(year, 1, 1))
        open_days = tuple(takewhile(lambda working: working[0].year == year, working_days))
        opens = tuple(_epoch(on, hours.opens) for on, hours in open_days)
        closes = tuple(_epoch(on, hours.closes) for on, hours in open_days)
        lengths = (shut - open_ for open_, shut in zip(opens, closes, strict=True))
        return _Year(opens, closes, tuple(accumulate(lengths)))


def _parts(calendar: Calendar) -> tuple[type[Calendar], tuple[object, ...]]:
    return Calendar, (
        calendar.version,
        calendar.known_through,
        dict(calendar.days),
        calendar.weekly,
    )


copyreg.pickle(Calendar, _parts)  # a mapping proxy has no pickle; the cached years need none


def _epoch(on: date, at: time) -> int:
    return int(datetime.combine(on, at, MOSCOW).timestamp())


def _second(at: datetime) -> int:
    if at.utcoffset() is None:
        message = f"a moment needs its time zone: {at}"
        raise ValueError(message)
    return int(at.timestamp())


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, MOSCOW)
