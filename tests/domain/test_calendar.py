"""Only working time counts, to the second, and every figure can be added up from its line.

R44, R45, R47; Q2, Q4, Q6.
"""

import pickle
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import (
    FULL_DAY,
    MOSCOW,
    NO_TIME,
    WEEK,
    Calendar,
    Day,
    DaySource,
    Deadline,
    Hours,
    WorkingTime,
)
from domain.derivation import IdleKind, explain, segments, spell, total
from domain.letters import Language
from storage.days import official_days

DAYS: Mapping[date, Day] = official_days(2026, 2030)
OFFICIAL = Calendar(version=7, known_through=date(2027, 12, 31), days=DAYS)
INVENTORY = Day(Hours(time(10, 30), time(14)), reason="Инвентаризация")
CALENDAR = OFFICIAL.with_exceptions(
    {
        date(2026, 11, 25): INVENTORY,
        date(2026, 11, 27): Day(None, reason="Переезд"),
        date(2026, 11, 28): Day(FULL_DAY, reason="Работаем за переезд"),
    },
    version=8,
)

moments = st.datetimes(
    datetime(2026, 10, 1),  # noqa: DTZ001 — the strategy adds the zone
    datetime(2028, 2, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, MOSCOW, timezone(timedelta(hours=-7))]),
)
amounts = st.integers(0, 400 * 3600).map(WorkingTime)


def msk(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW)


@pytest.mark.parametrize(
    "at",
    [
        "2026-11-20T09:00:00",
        "2026-11-20T17:59:30",
        "2027-02-20T12:00:00",
        "2026-11-25T10:30:00",
        "2026-11-28T12:00:00",
    ],
)
def test_support_is_open_from_nine_until_eighteen_on_working_days(at: str) -> None:  # R44 R45
    assert CALENDAR.is_open(msk(at))


@pytest.mark.parametrize(
    "at",
    [
        "2026-11-20T08:59:59",
        "2026-11-20T18:00:00",
        "2026-11-21T12:00:00",
        "2026-11-27T12:00:00",
        "2026-12-31T12:00:00",
        "2026-11-25T10:00:00",
    ],
)
def test_support_is_closed_at_night_on_weekends_and_holidays(at: str) -> None:  # R44 R45
    assert not CALENDAR.is_open(msk(at))


@pytest.mark.parametrize(
    ("at", "opening"),
    [
        ("2026-11-20T17:59:30", "2026-11-20T17:59:30"),
        ("2026-11-20T18:00:00", "2026-11-23T09:00:00"),
        ("2026-11-21T12:00:00", "2026-11-23T09:00:00"),
        ("2026-11-23T03:00:00", "2026-11-23T09:00:00"),
        ("2026-12-30T18:00:00", "2027-01-11T09:00:00"),
        ("2026-12-31T12:00:00", "2027-01-11T09:00:00"),
        ("2027-02-19T18:00:00", "2027-02-20T09:00:00"),
        ("2026-11-26T18:00:00", "2026-11-28T09:00:00"),
    ],
)
def test_a_request_is_accepted_at_the_next_working_moment(at: str, opening: str) -> None:  # R44 Q2
    assert CALENDAR.next_working_moment(msk(at)) == msk(opening)


def test_a_wait_that_starts_a_minute_before_closing_ends_on_the_working_saturday() -> None:  # R47
    due = OFFICIAL.deadline(msk("2027-02-19T17:59:00"), WorkingTime.of(minutes=2))

    assert due == Deadline(msk("2027-02-20T09:01:00"), provisional=False, calendar_version=7)


def test_an_amount_used_up_at_closing_ends_at_closing() -> None:  # R47
    due = OFFICIAL.deadline(msk("2026-11-20T17:59:30"), WorkingTime.of(seconds=30))

    assert due.at == msk("2026-11-20T18:00:00")


def test_a_deadline_beyond_the_known_calendar_says_that_it_may_change() -> None:  # R47
    known_until_friday = Calendar(1, known_through=date(2026, 11, 20))
    start, an_hour = msk("2026-11-20T17:00:00"), WorkingTime.of(hours=1)

    before = known_until_friday.deadline(start, an_hour)
    beyond = known_until_friday.deadline(start, an_hour + WorkingTime.of(seconds=1))

    assert (before.provisional, beyond.provisional) == (False, True)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-11-16T15:40:00", 2, "2026-11-18T15:40:00"),
        ("2026-11-19T15:40:00", 2, "2026-11-23T15:40:00"),
        ("2026-11-21T15:40:00", 2, "2026-11-25T10:30:00"),
        ("2026-11-23T15:40:00", 2, "2026-11-25T14:00:00"),
        ("2026-11-20T18:00:00", 0, "2026-11-23T09:00:00"),
        ("2026-12-30T10:00:00", 5, "2027-01-15T10:00:00"),
    ],
)
def test_working_days_pass_by_the_clock_within_the_hours_of_the_last(  # Q6
    start: str, days: int, due: str
) -> None:
    assert CALENDAR.working_days_after(msk(start), days).at == msk(due)


def test_an_answer_before_the_accepted_moment_took_no_working_time() -> None:  # R47 Q2
    accepted, answered = msk("2026-11-23T09:00:00"), msk("2026-11-20T12:00:00")

    assert OFFICIAL.working_time_between(accepted, answered) == NO_TIME


def test_hours_follow_the_clocks_of_moscow_when_they_were_four_hours_ahead() -> None:  # R44
    nine_in_2012 = datetime(2012, 7, 2, 5, tzinfo=UTC)
    nine_in_2026 = datetime(2026, 7, 1, 6, tzinfo=UTC)

    assert OFFICIAL.next_working_moment(nine_in_2012 - timedelta(hours=3)) == nine_in_2012
    assert OFFICIAL.next_working_moment(nine_in_2026 - timedelta(hours=3)) == nine_in_2026


@given(moments, moments)
def test_counting_agrees_with_counting_minute_by_minute(one: datetime, other: datetime) -> None:
    start = one.astimezone(UTC).replace(second=0, microsecond=0)
    end = start + (other - one) % timedelta(days=9)
    end = end.replace(second=0, microsecond=0)

    counted = CALENDAR.working_time_between(start, end)

    minutes = int((end - start) / timedelta(minutes=1))
    worked = sum(_is_worked(start + timedelta(minutes=number)) for number in range(minutes))
    assert counted == WorkingTime.of(minutes=worked)  # R47


def _is_worked(at: datetime) -> bool:
    local = at + timedelta(hours=3)
    day = CALENDAR.days.get(local.date())
    if day is None:
        return local.weekday() < 5 and 9 <= local.hour < 18
    return bool(day.hours and day.hours.opens <= local.time() < day.hours.closes)


@given(moments, moments, moments)
def test_the_parts_of_an_interval_count_as_much_as_the_whole(
    a: datetime, b: datetime, c: datetime
) -> None:
    start, split, end = sorted((a, b, c))

    first = CALENDAR.working_time_between(start, split)
    second = CALENDAR.working_time_between(split, end)

    assert first + second == CALENDAR.working_time_between(start, end)  # R47


@given(moments, amounts)
def test_exactly_the_amount_is_counted_by_its_deadline(
    start: datetime, amount: WorkingTime
) -> None:
    due = CALENDAR.deadline(start, amount).at

    assert CALENDAR.working_time_between(start, due) == amount  # R47


@given(moments, amounts.filter(lambda amount: amount > NO_TIME))
def test_no_earlier_second_is_a_deadline(start: datetime, amount: WorkingTime) -> None:
    due = CALENDAR.deadline(start, amount).at

    a_second_before = due - timedelta(seconds=1)
    assert CALENDAR.working_time_between(start, a_second_before) < amount  # R47


@given(moments, amounts, amounts)
def test_more_working_time_is_never_due_sooner(
    start: datetime, amount: WorkingTime, more: WorkingTime
) -> None:
    due = CALENDAR.deadline(start, amount).at

    assert CALENDAR.deadline(start, amount + more).at >= due  # R47
    assert CALENDAR.deadline(due, more).at == CALENDAR.deadline(start, amount + more).at


@given(moments)
def test_the_next_working_moment_is_open_and_nothing_is_counted_before_it(at: datetime) -> None:
    opening = CALENDAR.next_working_moment(at)

    assert CALENDAR.is_open(opening)  # R44
    assert opening >= at
    assert CALENDAR.working_time_between(at, opening) == NO_TIME


@given(moments, moments)
def test_segments_follow_each_other_and_add_up_to_the_figure(a: datetime, b: datetime) -> None:
    start, end = (at.replace(microsecond=0) for at in sorted((a, b)))

    parts = segments(CALENDAR, start, end)

    edges = [start, *(part.ends_at for part in parts)]
    assert [part.starts_at for part in parts] == edges[:-1]  # R47
    assert edges[-1] == end
    assert total(parts) == CALENDAR.working_time_between(start, end)
    assert all((part.counted == NO_TIME) is (part.reason is not None) for part in parts)


def test_what_is_not_counted_says_why() -> None:  # R47
    parts = segments(OFFICIAL, msk("2026-12-29T18:00:00"), msk("2027-01-11T09:00:00"))

    reasons = [part.reason and (part.reason.kind, part.reason.text) for part in parts]
    assert reasons == [
        (IdleKind.NIGHT, ""),
        None,
        (IdleKind.NIGHT, ""),
        (IdleKind.TRANSFER, "Выходной (перенесено с 04.01.2026)"),
        (IdleKind.HOLIDAY, "Новогодние каникулы"),
        (IdleKind.WEEKEND, ""),
        (IdleKind.HOLIDAY, "Новогодние каникулы"),
        (IdleKind.HOLIDAY, "Рождество Христово"),
        (IdleKind.HOLIDAY, "Новогодние каникулы"),
        (IdleKind.WEEKEND, ""),
        (IdleKind.NIGHT, ""),
    ]


@pytest.mark.parametrize(
    ("start", "end", "line"),
    [
        (
            "2026-11-20T17:05:00",
            "2026-11-23T11:15:00",
            (
                "3 ч 10 мин рабочего времени: пт 17:05–18:00, пн 9:00–11:15; "
                "ночь и выходные не считаются"
            ),
        ),
        (
            "2026-11-18T17:59:30",
            "2026-11-19T09:00:01",
            "31 с рабочего времени: ср 17:59:30–18:00, чт 9:00–9:00:01; ночь не считается",
        ),
        (
            "2026-11-24T17:00:00",
            "2026-11-25T16:00:00",
            (
                "4 ч 30 мин рабочего времени: вт 17:00–18:00, ср 10:30–14:00; "
                "ночь и время вне особых часов (Инвентаризация) не считаются"
            ),
        ),
        (
            "2027-02-01T10:00:00",
            "2027-03-09T11:00:00",
            (
                "217 ч рабочего времени: пн 01.02 10:00–18:00, "
                "02.02–05.03 23 рабочих дня 9:00–18:00, вт 09.03 9:00–11:00; "
                "ночь, выходные, праздники (День защитника Отечества, "
                "Международный женский день) и перенесённые выходные не считаются"
            ),
        ),
        (
            "2026-11-21T12:00:00",
            "2026-11-21T12:00:00",
            "0 мин рабочего времени",
        ),
    ],
)
def test_a_figure_is_explained_in_a_line_that_adds_up(start: str, end: str, line: str) -> None:
    parts = segments(CALENDAR, msk(start), msk(end))

    assert explain(parts, Language.RU) == line  # R47


def test_a_figure_is_explained_in_english_too() -> None:  # R47
    parts = segments(CALENDAR, msk("2026-11-26T17:00:00"), msk("2026-11-28T10:30:00"))

    assert explain(parts, Language.EN) == (
        "2 h 30 min of working time: Thu 17:00–18:00, Sat 9:00–10:30; "
        "nights and days declared non-working (Переезд) are not counted"
    )


def test_an_amount_is_spelled_without_empty_units() -> None:
    assert spell(WorkingTime.of(hours=2, seconds=5), Language.RU) == "2 ч 5 с"
    assert spell(NO_TIME, Language.EN) == "0 min"


def test_exceptions_make_a_new_version_and_leave_the_old_one_as_it_was() -> None:
    moved = date(2026, 11, 27)

    assert (OFFICIAL.version, CALENDAR.version) == (7, 8)
    assert OFFICIAL.day(moved) == Day(FULL_DAY, DaySource.WEEKLY)
    assert CALENDAR.day(moved).reason == "Переезд"


def test_a_calendar_survives_pickling_and_later_changes_of_its_source() -> None:
    source = {date(2026, 11, 27): Day(None, reason="Переезд")}
    calendar = Calendar(1, date(2027, 12, 31), source)

    copy = pickle.loads(pickle.dumps(calendar))  # noqa: S301 — our own bytes
    source.clear()

    assert copy == calendar
    assert hash(copy) == hash(calendar)
    assert not calendar.is_open(msk("2026-11-27T12:00:00"))


def test_an_exception_without_a_reason_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a reason"):
        Day(None)


def test_a_week_that_never_opens_is_refused() -> None:
    with pytest.raises(ValueError, match="open on one of them"):
        Calendar(1, date(2027, 12, 31), weekly=(None,) * len(WEEK))


def test_a_moment_without_its_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        OFFICIAL.is_open(datetime(2026, 11, 20, 12))  # noqa: DTZ001 — that is the point


def test_hours_that_close_before_they_open_are_refused() -> None:
    with pytest.raises(ValueError, match="before they close"):
        Hours(time(18), time(9))


def test_working_time_is_never_negative() -> None:
    with pytest.raises(ValueError, match="never negative"):
        WorkingTime.of(hours=1) - WorkingTime.of(hours=2)
