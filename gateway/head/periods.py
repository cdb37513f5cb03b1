"""The period that the head asks about: today, the week, the month, or days of their own."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query

from domain.calendar import MOSCOW
from domain.reports import Period
from gateway.pages.translation import _
from gateway.pages.visitors import HeadPage

OWN = "custom"
LATEST_ON = date(2999, 12, 31)  # the days after it must be days, too
Name = Annotated[str, Query(max_length=10)]
Day = Annotated[str, Query(max_length=10)]
FirstDay = Annotated[str, Query(alias="from", max_length=10)]


@dataclass(frozen=True)
class AskedPeriod:
    """A period, by what name it was asked for, and what was wrong with the days, if anything."""

    period: Period
    name: str
    today_on: date
    error: str = ""

    def address(self, path: str, **more: object) -> str:
        """Return the address of a page for these very days, whatever day it is opened on."""
        days = {"from": self.period.first_on.isoformat(), "to": self.period.last_on.isoformat()}
        return f"{path}?{urlencode({**days, **{k: v for k, v in more.items() if v != ''}})}"

    def tickets(self, figure: str, **more: object) -> str:
        """Return the address of the tickets behind a figure."""
        return self.address("/head/tickets", figure=figure, **more)

    @property
    def is_one_day(self) -> bool:
        """Tell whether it is a single day."""
        return self.period.first_on == self.period.last_on


def asked_period(
    page: HeadPage,
    period: Name = "",
    first: FirstDay = "",
    last: Annotated[Day, Query(alias="to")] = "",
) -> AskedPeriod:
    """Return the period of the question; days that cannot be read leave today, and say so."""
    today = page.now.astimezone(MOSCOW).date()
    named = {
        "today": Period(today, today),
        "week": Period.week_of(today),
        "month": Period.month_of(today),
    }
    if first or last:
        return _own_days(first, last, today)
    name = period if period in named else "today"
    return AskedPeriod(named[name], name, today)


def asked_month(
    page: HeadPage, asked: Annotated[AskedPeriod, Depends(asked_period)]
) -> AskedPeriod:
    """Return the period of the question; where nothing was asked, the month."""
    query = page.request.query_params
    if asked.error or any(query.get(name) for name in ("period", "from", "to")):
        return asked
    return AskedPeriod(Period.month_of(asked.today_on), "month", asked.today_on)


def _own_days(first: str, last: str, today: date) -> AskedPeriod:
    try:
        first_on = _day(first or last)
        last_on = _day(last) if last else today
        return AskedPeriod(Period(first_on, last_on), OWN, today)
    except ValueError:
        told = _("Укажите первый и последний день, последний не раньше первого.")
        return AskedPeriod(Period(today, today), OWN, today, told)


def _day(typed: str) -> date:
    on = date.fromisoformat(typed)
    if on > LATEST_ON:
        raise ValueError(typed)
    return on


DayAsked = Annotated[AskedPeriod, Depends(asked_period)]
MonthAsked = Annotated[AskedPeriod, Depends(asked_month)]
