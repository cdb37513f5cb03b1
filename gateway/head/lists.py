"""The tickets behind each figure of the head's pages: exactly so many as the figure says.

Carries out R8, R47-R54, R65; U15.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse

from domain.calendar import WorkingTime
from domain.clocks import ClockKind
from domain.queue import Order
from domain.reports import Choice, Dimension, chosen
from domain.terms import DeferralReason
from domain.words import name
from gateway.head.measured import WAIT_NAMES, Told, bin_name, code_name, read, read_waits
from gateway.head.order import ORDERS, read_takings
from gateway.head.periods import AskedPeriod, DayAsked
from gateway.pages.rendering import Page
from gateway.pages.translation import _, marked, present
from gateway.pages.visitors import HeadPage
from storage import reports, worklists
from storage.database import Connection
from storage.reports import Behind, Figure, Place
from storage.ticket_lines import Line

router = APIRouter(include_in_schema=False)

SHOWN = 50
LONGEST_SECONDS = 10**9
TITLES = {
    Figure.ARRIVED: marked("Поступили за период"),
    Figure.ARRIVED_OUTSIDE: marked("Поступили в нерабочее время"),
    Figure.ANSWERED: marked("Получили первый ответ"),
    Figure.ANSWERED_NEW: marked("Поступили и получили первый ответ в том же периоде"),
    Figure.ANSWERED_EARLIER: marked("Поступили раньше, первый ответ получили в этом периоде"),
    Figure.WAITING: marked("Ждут первого ответа"),
    Figure.DEFERRED: marked("Отложены"),
    Figure.DECLARED: marked("Критичность заявлена и не подтверждена"),
    Figure.ESCALATED: marked("Клиент написал руководителю и ждёт ответа"),
    Figure.UNIDENTIFIED: marked("Отправитель не опознан"),
    Figure.UNDELIVERED: marked("Письма не доставлены"),
    Figure.SKIPPED: marked("Взяты не по порядку, причина записана"),
    Figure.CRITICAL: marked("Критичность подтверждена, вне очереди"),
    Figure.URGED: marked("Письма отправлены вне рабочего времени"),
    Figure.HELPED: marked("Клиент ответил: помогло"),
    Figure.PARTLY: marked("Клиент ответил: помогло частично"),
    Figure.NOT_HELPED: marked("Клиент ответил: не помогло"),
}
OF_NOW = frozenset(reports.OPEN)


@dataclass(frozen=True)
class Wanted:
    """What stands behind the figure: the question's own narrowing of it."""

    figure: str
    reason: DeferralReason | None
    choice: Choice
    wait: ClockKind | None
    order: Order | None


@dataclass(frozen=True)
class Found:
    """The numbers of a page in their order, how many there are in all, and what each took."""

    title: str
    count: int
    places: Sequence[Place]
    amounts: Mapping[str, WorkingTime | None]


def wanted(  # noqa: PLR0913, PLR0917 - one for each narrowing of the question
    figure: Annotated[Figure | Literal["reaction", "waited", "taken"], Query()],
    reason: Annotated[DeferralReason | None, Query()] = None,
    by: Annotated[Dimension | None, Query()] = None,
    code: Annotated[str, Query(max_length=100)] = "",
    week: Annotated[date | None, Query()] = None,
    since: Annotated[int | None, Query(ge=0, le=LONGEST_SECONDS)] = None,
    until: Annotated[int | None, Query(ge=0, le=LONGEST_SECONDS)] = None,
    wait: Annotated[ClockKind | None, Query()] = None,
    order: Annotated[Order | None, Query()] = None,
) -> Wanted:
    """Return what the question wants; «-» is the empty code."""
    choice = Choice(
        dimension=by,
        code="" if code == "-" else code,
        week_on=week,
        since=None if since is None else WorkingTime(since),
        until=None if until is None else WorkingTime(until),
    )
    return Wanted(str(figure), reason, choice, wait, order)


@router.get("/head/tickets")
def tickets(
    page: HeadPage,
    asked: DayAsked,
    behind: Annotated[Wanted, Depends(wanted)],
    after: Annotated[datetime | None, Query()] = None,
    number: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """List the tickets behind a figure in the order of arrival, some at a time."""
    place = None if after is None or after.tzinfo is None else (after, number)
    with page.parts.database.transaction() as connection:
        found = _find(page, connection, asked, behind, place)
        lines = _lines(connection, found.places[:SHOWN])
    return page.show(
        "head/tickets.html",
        asked=asked,
        found=found,
        lines=lines,
        is_of_now=behind.figure in OF_NOW,
        next_page=_next(page, found.places),
    )


def _find(
    page: Page, connection: Connection, asked: AskedPeriod, behind: Wanted, after: Place | None
) -> Found:
    if behind.figure in {"reaction", "waited"}:
        return _among_reactions(page, connection, asked, behind, after)
    if behind.figure == "taken":
        return _among_takings(connection, asked, behind, after)
    figure = Figure(behind.figure)
    of = Behind(figure, asked.period, behind.reason)
    title = _(TITLES[figure])
    if behind.reason is not None:
        title = f"{title}: {name(behind.reason, present.get())}"
    places = reports.list_behind(connection, of, after, SHOWN + 1)
    return Found(title, reports.count_behind(connection, of), places, {})


def _among_reactions(
    page: Page, connection: Connection, asked: AskedPeriod, behind: Wanted, after: Place | None
) -> Found:
    told = read(page, connection, asked.period)
    if behind.figure == "waited" and behind.wait is not None:
        waited = read_waits(page, connection, told.every)[behind.wait]
        title = _("Ожидание: {what}").format(what=_(WAIT_NAMES[behind.wait][0]))
        return _of_numbers(connection, title, dict(waited), after)
    amounts = {one.number: one.amount for one in chosen(told.every, behind.choice)}
    return _of_numbers(connection, _title(behind.choice, told), amounts, after)


def _among_takings(
    connection: Connection, asked: AskedPeriod, behind: Wanted, after: Place | None
) -> Found:
    taken = [
        one.number
        for one in read_takings(connection, asked.period)
        if behind.order in {None, one.order}
    ]
    title = _(ORDERS[behind.order][0]) if behind.order else _("Взяты в работу")
    return _of_numbers(connection, title, dict.fromkeys(taken), after)


def _of_numbers(
    connection: Connection,
    title: str,
    amounts: Mapping[str, WorkingTime | None],
    after: Place | None,
) -> Found:
    places = reports.list_places(connection, amounts, after, SHOWN + 1)
    return Found(title, len(amounts), places, amounts)


def _title(choice: Choice, told: Told) -> str:
    parts = [_("Время реакции")]
    if choice.dimension is not None:
        parts.append(code_name(choice.dimension, choice.code, told.names))
    if choice.week_on is not None:
        parts.append(_("неделя с {day}").format(day=f"{choice.week_on:%d.%m}"))
    if choice.since is not None:
        parts.append(bin_name(choice.since, choice.until))
    return ", ".join(parts)


def _lines(connection: Connection, places: Sequence[Place]) -> list[Line]:
    """Return the lines of these tickets in the order of their arrival."""
    lines = worklists.list_lines(connection, [number for _at, number in places])
    return sorted(lines, key=lambda line: (line.received_at, line.number))


def _next(page: Page, places: Sequence[Place]) -> str:
    """Return the address of the tickets that follow, if any do."""
    if len(places) <= SHOWN:
        return ""
    after, number = places[SHOWN - 1]
    told = page.request.url.include_query_params(after=after.isoformat(), number=number)
    return f"{told.path}?{told.query}"
