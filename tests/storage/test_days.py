"""The working days are the official ones, day by day, with each difference named.

R44, R45; Q4.
"""

import json
import random
from bisect import bisect_left
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.calendar import MOSCOW, Calendar, Day, DaySource, WorkingTime
from storage.days import STATUTORY, known_through, official_days

LISTS = Path(__file__).parents[2].parent / "shared" / "calendar" / "consultant_ru.json"
DAYS = official_days()
CALENDAR = Calendar(version=1, known_through=known_through(), days=DAYS)
A_DAY = 9 * 3600

DIFFERENCES = {
    date(2011, 3, 9): "a slip of the list: with it 2011 has 247 working days, the law gives 248",
}
EVE_DIFFERENCES = {
    date(2014, 2, 24): "a slip of the list: no holiday follows it",
    date(2020, 4, 30): "a paid day without work by decree 239, so the list does not shorten it",
    date(2020, 5, 8): "a paid day without work by decree 294, so the list does not shorten it",
}

needs_lists = pytest.mark.skipif(
    not LISTS.exists(),
    reason="the published lists (../shared/calendar) are not beside the tree",
)


def lists() -> Mapping[str, Any]:
    years: Mapping[str, Any] = json.loads(LISTS.read_text())["years"]
    return years


def every_day(first: int, last: int) -> list[date]:
    start, end = date(first, 1, 1), date(last + 1, 1, 1)
    return [start + timedelta(number) for number in range((end - start).days)]


@needs_lists
def test_every_day_since_2011_agrees_with_the_published_calendars() -> None:  # R44 R45
    off = {date.fromisoformat(on) for year in lists().values() for on in year["holidays"]}

    worked = {on for on in every_day(2011, 2027) if CALENDAR.day(on).hours}

    assert worked ^ (set(every_day(2011, 2027)) - off) == set(DIFFERENCES)


@needs_lists
def test_eves_are_shortened_where_the_published_calendars_shorten_them() -> None:  # Q4
    published = {date.fromisoformat(on) for year in lists().values() for on in year["preholidays"]}

    shortened = official_days(2011, 2027, shorten_eves=True)

    eves = {on for on, day in shortened.items() if day.source is DaySource.EVE}
    assert eves ^ published == set(EVE_DIFFERENCES)


@needs_lists
def test_deadlines_agree_with_the_published_days_counted_independently() -> None:  # R44
    draw = random.Random(47)  # noqa: S311 — figures of a test
    off = {date.fromisoformat(on) for year in lists().values() for on in year["holidays"]}
    working = [on for on in every_day(2015, 2027) if on not in off]

    for _ in range(10_000):
        start = datetime(2015, 1, 1) + timedelta(seconds=draw.randrange(11 * 365 * 86400))  # noqa: DTZ001 — Moscow's own clock
        amount = WorkingTime(draw.randrange(1, 200 * A_DAY))

        due = CALENDAR.deadline(start.replace(tzinfo=MOSCOW), amount).at

        assert due.replace(tzinfo=None) == expected_end(working, start, amount.seconds)


def expected_end(working: list[date], start: datetime, seconds: int) -> datetime:
    first = bisect_left(working, start.date())
    before = 0
    if first < len(working) and working[first] == start.date():
        passed = start - datetime.combine(start.date(), time(9))
        before = int(min(max(passed.total_seconds(), 0), A_DAY))
    full, rest = divmod(before + seconds - 1, A_DAY)
    return datetime.combine(working[first + full], time(9)) + timedelta(seconds=rest + 1)


@pytest.mark.parametrize("year", range(2013, known_through().year + 1))
def test_every_known_year_has_as_many_working_days_as_the_law_gives_it(year: int) -> None:  # R44
    days = every_day(year, year)
    weekdays = sum(on.weekday() < 5 for on in days)
    january_weekends = sum(date(year, 1, day).weekday() >= 5 for day in range(1, 9))
    not_moved = max(0, january_weekends - 2)  # Labour Code, article 112: two of them are moved
    voting = year == 2020

    working = sum(CALENDAR.day(on).hours is not None for on in days)

    assert working == weekdays - len(STATUTORY) + not_moved - voting


def test_the_day_of_the_vote_of_2020_was_a_day_off() -> None:  # R44
    assert DAYS[date(2020, 7, 1)].hours is None


def test_the_paid_days_without_work_of_2020_and_2021_are_working_days() -> None:  # R44
    assert CALENDAR.day(date(2020, 4, 1)).hours
    assert CALENDAR.day(date(2021, 11, 1)).hours


def test_the_calendar_is_known_through_2027() -> None:
    assert known_through() == date(2027, 12, 31)


def test_beyond_the_known_years_only_statutory_days_are_off() -> None:
    beyond = {on: day for on, day in DAYS.items() if on > known_through()}

    assert beyond
    assert {(on.month, on.day) for on in beyond} <= STATUTORY
    assert {day.source for day in beyond.values()} == {DaySource.HOLIDAY}


def test_each_departure_names_its_source_and_its_reason_in_russian() -> None:
    assert DAYS[date(2027, 2, 22)] == Day(
        None, DaySource.TRANSFER, "Выходной (перенесено с 20.02.2027)"
    )
    assert DAYS[date(2027, 11, 4)].reason == "День народного единства"
    assert DAYS[date(2027, 2, 20)].source is DaySource.TRANSFER


def test_only_days_that_depart_from_the_week_are_listed() -> None:
    assert all((day.hours is not None) is (on.weekday() >= 5) for on, day in DAYS.items())


def test_an_eve_closes_an_hour_earlier() -> None:  # Q4
    shortened = Calendar(1, known_through(), official_days(2026, 2027, shorten_eves=True))

    assert shortened.next_working_moment(datetime(2026, 11, 3, 17, tzinfo=MOSCOW)) == datetime(
        2026, 11, 5, 9, tzinfo=MOSCOW
    )
    assert CALENDAR.is_open(datetime(2026, 11, 3, 17, tzinfo=MOSCOW))
