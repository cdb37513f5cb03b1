"""What departs from the week is told with its reason, and holidays run through the weekend."""

from datetime import date, time

from domain.calendar import FULL_DAY, Calendar, Day, DaySource, Hours
from domain.opening import Departure, days_ahead, departures_ahead

NEW_YEAR = Day(None, DaySource.HOLIDAY, "Новогодние каникулы")
CHRISTMAS = Day(None, DaySource.HOLIDAY, "Рождество")
SHORT = Day(Hours(time(9), time(17)), DaySource.OVERRIDE, "Короткий день")
FRIDAY = date(2027, 1, 1)


def calendar(days: dict[date, Day]) -> Calendar:
    return Calendar(1, date(2027, 12, 31), days)


def test_the_days_ahead_begin_today() -> None:  # R44
    ahead = days_ahead(calendar({}), date(2026, 11, 27), 3)

    assert [(on.day, day.hours) for on, day in ahead] == [(27, FULL_DAY), (28, None), (29, None)]


def test_an_ordinary_week_departs_from_nothing() -> None:  # R44
    assert departures_ahead(calendar({}), FRIDAY, 30) == ()


def test_holidays_run_through_the_weekend_between_them() -> None:  # R44
    days = {date(2027, 1, day): NEW_YEAR for day in (1, 4, 5, 6)} | {date(2027, 1, 7): CHRISTMAS}

    told = departures_ahead(calendar(days), FRIDAY, 30)

    reasons = ("Новогодние каникулы", "Рождество")
    assert told == (Departure(FRIDAY, date(2027, 1, 7), None, reasons),)


def test_a_day_with_its_own_hours_stands_alone() -> None:  # Q4
    thursday = date(2027, 1, 14)

    told = departures_ahead(calendar({thursday: SHORT}), FRIDAY, 30)

    assert told == (Departure(thursday, thursday, SHORT.hours, ("Короткий день",)),)


def test_a_worked_saturday_is_told_apart_from_the_friday_before() -> None:  # R44
    saturday = date(2027, 1, 16)
    worked = Day(FULL_DAY, DaySource.TRANSFER, "Рабочий день")

    told = departures_ahead(calendar({saturday: worked}), FRIDAY, 30)

    assert told == (Departure(saturday, saturday, FULL_DAY, ("Рабочий день",)),)
