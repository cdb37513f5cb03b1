"""Working days of Russia as the calendar's values: python-holidays, put right where it is wrong.

R44 and R45 speak of working days, weekends and holidays; Q4 of the shorter eves. The paid days
"without work" that the President declared in 2020 and 2021 (decrees 206, 239, 294, 345 of 2020 and
242, 595 of 2021) are no holidays: support that rested then says so by exceptions of its own.
"""

from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Any

from holidays import HolidayBase, country_holidays

from domain.calendar import FULL_DAY, ONE_DAY, Day, DaySource, Hours

FIRST_YEAR = 2011
LAST_YEAR = 2035  # years without a decree hold statutory days only, and are provisional
EVE = Day(Hours(FULL_DAY.opens, time(17)), DaySource.EVE, "Предпраздничный день")
WORKING_WEEKDAYS = range(5)

STATUTORY = frozenset(
    {(1, day) for day in range(1, 9)} | {(2, 23), (3, 8), (5, 1), (5, 9), (6, 12), (11, 4)}
)  # Labour Code, article 112, in its wording since 2013

CORRECTIONS: Mapping[date, Day] = {
    date(2014, 3, 10): Day(
        None,
        DaySource.TRANSFER,
        "Выходной (перенесён с 08.03.2014 по статье 112 Трудового кодекса)",
    ),
    date(2020, 7, 1): Day(
        None,
        DaySource.HOLIDAY,
        "День общероссийского голосования (закон от 14.03.2020 № 1-ФКЗ, указ № 354)",
    ),
}


def known_through() -> date:
    """Return the last day that the library knows with the transfers decreed for its year.

    Every year since 2005 has had transfers, so a year without any is not yet decreed.
    """
    decreed = country_holidays("RU").special_public_holidays
    return date(max(decreed), 12, 31)


def official_days(
    first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR, *, shorten_eves: bool = False
) -> Mapping[date, Day]:
    """Return the days of these years that depart from Monday to Friday, 9:00 to 18:00.

    With `shorten_eves` the eves of holidays close an hour earlier (Q4).
    """
    years = range(first_year, last_year + 1)
    official = country_holidays("RU", years=years, language="ru")
    days = {on: day for on in _every_day(years) if (day := _departure(on, official))}
    days |= {on: day for on, day in CORRECTIONS.items() if on.year in years}
    return days | _eves(years, days) if shorten_eves else days


def _departure(on: date, official: HolidayBase) -> Day | None:
    is_worked = official.is_working_day(on)
    if is_worked == (on.weekday() in WORKING_WEEKDAYS):
        return None
    if is_worked:
        return Day(FULL_DAY, DaySource.TRANSFER, "Рабочий день (перенос выходного)")
    source = DaySource.HOLIDAY if (on.month, on.day) in STATUTORY else DaySource.TRANSFER
    return Day(None, source, official[on])


def _eves(years: range, days: Mapping[date, Day]) -> dict[date, Day]:
    moved = _moved_working_days(years)
    with_next = range(years.start, years.stop + 1)  # 31 December is the eve of a later year
    nominal = {date(year, *holiday) - ONE_DAY for year in with_next for holiday in STATUTORY}
    eves = {moved.get(on, on) for on in nominal}
    return {on: EVE for on in eves if on.year in years and _is_worked(on, days)}


def _moved_working_days(years: range) -> dict[date, date]:
    decreed = country_holidays("RU").special_public_holidays
    moves = [(year, move) for year in years for move in _each(decreed.get(year, ()))]
    return {
        date(year, off_month, off_day): date(year, month, day)
        for year, (off_month, off_day, month, day) in moves
    }


def _each(moves: tuple[Any, ...]) -> tuple[Any, ...]:
    # The library writes a year's only transfer without the outer tuple.
    return (moves,) if moves and isinstance(moves[0], int) else moves


def _is_worked(on: date, days: Mapping[date, Day]) -> bool:
    return days[on].hours is not None if on in days else on.weekday() in WORKING_WEEKDAYS


def _every_day(years: range) -> Iterator[date]:
    first, end = date(years.start, 1, 1), date(years.stop, 1, 1)
    return (first + ONE_DAY * number for number in range((end - first).days))
