"""Working days as lines for people and programs (R44): the official ones without a register.

Where `SUPPORT_DATABASE_URL` is set, the operator's exceptions take the place of official days.
"""

import json
import os
from collections.abc import Iterator
from datetime import date
from typing import Final

from domain.calendar import ONE_DAY, Calendar, Day, DaySource, Hours
from storage import days

OFFICIAL: Final = 0  # the version of the calendar without exceptions
WEEKDAYS: Final = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")
SOURCES: Final = {
    DaySource.WEEKLY: "обычная неделя",
    DaySource.HOLIDAY: "праздник",
    DaySource.TRANSFER: "перенос",
    DaySource.EVE: "канун праздника",
    DaySource.OVERRIDE: "решение службы",
}


def lines(since: date, until: date, *, as_json: bool = False) -> Iterator[str]:
    """Return a line for each day, first and last included.

    Raises:
        ValueError: the days are out of order, or before the calendar begins.

    """
    if until < since:
        raise ValueError(f"Последний день ({until}) раньше первого ({since}).")
    if since.year < days.FIRST_YEAR:
        raise ValueError(f"Календарь известен с {days.FIRST_YEAR} года.")
    calendar = _calendar(until.year)
    shape = _as_json if as_json else _as_words
    return (shape(calendar, on) for on in _every_day(since, until))


def _calendar(last_year: int) -> Calendar:
    if "SUPPORT_DATABASE_URL" in os.environ:
        from deploy import register  # noqa: PLC0415 - official days need no register
        from storage import calendars  # noqa: PLC0415 - the same

        with register.transaction() as connection:
            return calendars.load(connection)
    official = days.official_days(last_year=max(last_year, days.LAST_YEAR))
    return Calendar(OFFICIAL, days.known_through(), official)


def _every_day(since: date, until: date) -> Iterator[date]:
    return (since + ONE_DAY * number for number in range((until - since).days + 1))


def _as_json(calendar: Calendar, on: date) -> str:
    day = calendar.day(on)
    return json.dumps(
        {
            "date": on.isoformat(),
            "working": day.hours is not None,
            "hours": _hours(day.hours),
            "source": day.source,
            "provisional": on > calendar.known_through,
        }
    )


def _as_words(calendar: Calendar, on: date) -> str:
    day = calendar.day(on)
    told = (on.isoformat(), WEEKDAYS[on.weekday()], _hours(day.hours) or "выходной", _why(day))
    known = "" if on <= calendar.known_through else "предварительно: указа на этот год ещё нет"
    return "  ".join(filter(None, (*told, known)))


def _why(day: Day) -> str:
    return f"{SOURCES[day.source]}: {day.reason}" if day.reason else SOURCES[day.source]


def _hours(hours: Hours | None) -> str | None:
    return f"{hours.opens:%H:%M}-{hours.closes:%H:%M}" if hours else None
