"""How long first replies took: how they spread, week by week, and what they depend on.

Carries out R8, R47 (working time, by the calendar each ticket ran under), R48 and R51 (waits for
others are measured apart), R52; F72. Each bar and row leads to exactly its tickets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from domain.calendar import WorkingTime
from domain.clocks import ClockKind
from domain.reports import (
    Bin,
    Dimension,
    Part,
    Reaction,
    Summary,
    by,
    by_week,
    distribution,
    figures,
    summary,
)
from gateway.head import charts
from gateway.head.charts import Bar, Chart
from gateway.head.measured import (
    MOST_JOURNALS,
    TABS,
    WAIT_NAMES,
    WAITS,
    Told,
    bin_name,
    code_name,
    read,
    read_waits,
)
from gateway.head.periods import AskedPeriod, MonthAsked
from gateway.pages.moments import amount as spelt
from gateway.pages.translation import _, ngettext
from gateway.pages.visitors import HeadPage

router = APIRouter(include_in_schema=False)

MOST_PARTS = 100


@dataclass(frozen=True)
class Row:
    """A part of the reactions: its name, its figures, its tickets, its bar in per cent."""

    name: str
    summary: Summary
    address: str
    share: float = 0.0


@router.get("/head/reaction")
def reaction(
    page: HeadPage,
    asked: MonthAsked,
    by_what: Annotated[Dimension, Query(alias="by")] = Dimension.REASON,
) -> HTMLResponse:
    """Show how long first replies took in the period, told apart by one thing at a time."""
    with page.parts.database.transaction() as connection:
        told = read(page, connection, asked.period)
        waits = read_waits(page, connection, told.every)
    bins, weeks = distribution(told.every), by_week(told.every)
    return page.show(
        "head/reaction.html",
        asked=asked,
        by_what=by_what,
        tabs={one: _(tab) for one, (tab, __) in TABS.items()},
        summary=summary(told.every),
        bins=bins,
        histogram=_histogram(asked, bins, told.every),
        weeks=[_week(asked, week) for week in weeks],
        trend=_trend(asked, weeks),
        rows=_rows(asked, by_what, told),
        waits=[_wait(asked, kind, waits[kind]) for kind in WAITS if waits[kind]],
        measured=min(len(told.every), MOST_JOURNALS),
        bin_name=bin_name,
        bin_address=bin_address,
    )


def bin_address(asked: AskedPeriod, one: Bin) -> str:
    """Return the address of the tickets of a bin."""
    until = "" if one.until is None else one.until.seconds
    return asked.tickets("reaction", since=one.since.seconds, until=until)


def _histogram(asked: AskedPeriod, bins: Sequence[Bin], every: Sequence[Reaction]) -> Chart | None:
    told = summary(every)
    if told is None:
        return None
    bars = [
        Bar(
            one.count,
            str(one.count) if one.count else "",
            bin_address(asked, one),
            f"{bin_name(one.since, one.until)}: {tickets_told(one.count)}",
        )
        for one in bins
    ]
    marks = (
        (told.median, _("медиана {amount}").format(amount=spelt(told.median.seconds))),
        (told.ninety, _("9 из 10: {amount}").format(amount=spelt(told.ninety.seconds))),
    )
    return charts.histogram(bins, bars, marks)


def _trend(asked: AskedPeriod, weeks: Sequence[Part]) -> Chart | None:
    if not weeks:
        return None
    rows = [_week(asked, week) for week in weeks]
    bars = [
        Bar(
            row.summary.median.seconds,
            charts.short(row.summary.median) if len(rows) <= charts.MOST_LABELS else "",
            row.address,
            f"{row.name}: {spelt(row.summary.median.seconds)}, {tickets_told(row.summary.count)}",
        )
        for row in rows
    ]
    return charts.by_weeks(weeks, bars, [_short_day(week.code) for week in weeks])


def _week(asked: AskedPeriod, week: Part) -> Row:
    told = _("неделя с {day}").format(day=_short_day(week.code))
    return Row(told, week.summary, asked.tickets("reaction", week=week.code))


def _short_day(code: str) -> str:
    return f"{date.fromisoformat(code):%d.%m}"


def _rows(asked: AskedPeriod, dimension: Dimension, told: Told) -> list[Row]:
    parts = by(told.every, dimension)[:MOST_PARTS]
    most = max((part.summary.median.seconds for part in parts), default=0)
    return [
        Row(
            code_name(dimension, part.code, told.names),
            part.summary,
            asked.tickets("reaction", by=dimension.value, code=part.code or "-"),
            charts.share(part.summary.median.seconds, most),
        )
        for part in parts
    ]


def _wait(asked: AskedPeriod, kind: ClockKind, found: Sequence[tuple[str, WorkingTime]]) -> Row:
    told = figures(amount for _number, amount in found)
    if told is None:
        raise ValueError("a wait of no tickets is not shown")
    return Row(_(WAIT_NAMES[kind][0]), told, asked.tickets("waited", wait=kind.value))


def tickets_told(count: int) -> str:
    """Say how many tickets there are."""
    return ngettext("{count} заявка", "{count} заявок", count).format(count=count)
