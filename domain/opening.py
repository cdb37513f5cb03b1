"""When support is open, as people ask about it: the days before us, and what departs from the week.

R44 and R45 name the hours; Q4 and the calendar say on which days they are others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from domain.calendar import ONE_DAY, Calendar, Day, DaySource, Hours


@dataclass(frozen=True)
class Departure:
    """Days in a row that are worked otherwise than the week says, with the reasons in order."""

    first_on: date
    last_on: date
    hours: Hours | None
    reasons: tuple[str, ...]


def days_ahead(calendar: Calendar, since: date, count: int) -> tuple[tuple[date, Day], ...]:
    """Return so many days from `since` on, each with its rule."""
    every_day = (since + ONE_DAY * number for number in range(count))
    return tuple((on, calendar.day(on)) for on in every_day)


def departures_ahead(calendar: Calendar, since: date, count: int) -> tuple[Departure, ...]:
    """Return what departs from the week within so many days; weekends join the holidays beside."""
    days = days_ahead(calendar, since, count)
    runs = (tuple(run) for _, run in groupby(days, key=lambda day: _kind(day[1])))
    return tuple(_departure(run) for run in runs if any(map(_departs, run)))


def _kind(day: Day) -> tuple[bool, Hours | None]:
    # A working day of the week keeps apart from a day off, and from one with hours of its own.
    return day.hours is not None and day.source is not DaySource.WEEKLY, day.hours


def _departs(numbered: tuple[date, Day]) -> bool:
    return numbered[1].source is not DaySource.WEEKLY


def _departure(run: tuple[tuple[date, Day], ...]) -> Departure:
    reasons = dict.fromkeys(_reasons(run))
    return Departure(run[0][0], run[-1][0], run[0][1].hours, tuple(reasons))


def _reasons(run: tuple[tuple[date, Day], ...]) -> Iterator[str]:
    return (day.reason for _, day in run if day.reason)
