"""The proof of a period that tickets were taken by arrival, and every other taking with its reason.

Carries out R49, R50 and law 7; V10. The queue is replayed from the journals, whatever the console
allowed at the time.
"""

from collections import Counter
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from domain.queue import Order, Taking, takings
from domain.reports import Period
from gateway.head.periods import AskedPeriod, MonthAsked
from gateway.pages.translation import marked
from gateway.pages.visitors import HeadPage
from storage.database import Connection
from storage.takings import list_stays

router = APIRouter(include_in_schema=False)

SHOWN = 50
ORDERS = {
    Order.IN_ORDER: (marked("Взяты по порядку поступления"), "R49"),
    Order.CRITICAL: (marked("Взяты раньше как подтверждённые критичные"), "R50"),
    Order.WITH_REASON: (marked("Взяты не по порядку, причина записана"), "R49"),
    Order.WITHOUT_REASON: (marked("Взяты не по порядку без причины"), "R49"),
}


@dataclass(frozen=True)
class OrderLine:
    """How many tickets were taken in one way, with the rule and the way to them."""

    order: Order
    title: str
    rule: str
    count: int
    address: str


@router.get("/head/order")
def order(page: HeadPage, asked: MonthAsked) -> HTMLResponse:
    """Show how the tickets of the period were taken."""
    with page.parts.database.transaction() as connection:
        taken = read_takings(connection, asked.period)
    departed = [one for one in reversed(taken) if one.order is not Order.IN_ORDER]
    return page.show(
        "head/order.html",
        asked=asked,
        count=len(taken),
        lines=_lines(asked, taken),
        departed=departed[:SHOWN],
        orders=ORDERS,
        is_proved=all(one.order is not Order.WITHOUT_REASON for one in taken),
    )


def read_takings(connection: Connection, period: Period) -> tuple[Taking, ...]:
    """Replay the queue and return how each ticket of the period was taken."""
    every = takings(list_stays(connection, period))
    return tuple(one for one in every if period.has(one.at))


def _lines(asked: AskedPeriod, taken: tuple[Taking, ...]) -> list[OrderLine]:
    counts = Counter(one.order for one in taken)
    return [
        OrderLine(one, title, rule, counts[one], asked.tickets("taken", order=one.value))
        for one, (title, rule) in ORDERS.items()
    ]
