"""The order in which tickets are taken, its proof for a period, and the forecast from the load.

Carries out R49 (by arrival) and R50 (a confirmed critical one first), law 7; R51 and R52: what the
load foretells is a range and is called a forecast.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from heapq import heappop, heappush
from math import ceil

from domain.calendar import WorkingTime
from domain.ticket import Ticket

Place = tuple[bool, datetime, str]
FEWEST_DAYS = 3  # with answers, before anything can be foretold


def place(ticket: Ticket) -> Place:
    """Return the sorting key of a queued ticket: critical first, then arrival, then number."""
    if ticket.received_at is None:
        raise ValueError(f"{ticket.number} has no moment of arrival yet")
    return (not ticket.is_critical, ticket.received_at, ticket.number)


def in_order(tickets: Iterable[Ticket]) -> tuple[Ticket, ...]:
    """Return the tickets in the order in which they are to be taken."""
    return tuple(sorted(tickets, key=place))


def is_out_of_turn(ticket: Ticket, queue: Iterable[Ticket]) -> bool:
    """Tell whether taking this ticket passes over another; that needs a reason (law 7)."""
    return any(place(other) < place(ticket) for other in queue if other.number != ticket.number)


class Order(StrEnum):
    """How a ticket was taken."""

    IN_ORDER = "in_order"
    CRITICAL = "critical"  # before earlier ones, confirmed critical with a reason (R50)
    WITH_REASON = "with_reason"  # out of turn, a reason on record (R49)
    WITHOUT_REASON = "without_reason"


@dataclass(frozen=True, kw_only=True)
class Stay:
    """A ticket's time in the queue; `left_at` is None while it waits.

    `has_reason` is of its taking; `critical_at` is when it was confirmed critical, if it was by
    the time it left.
    """

    number: str
    received_at: datetime
    entered_at: datetime
    left_at: datetime | None = None
    critical_at: datetime | None = None
    is_taken: bool = False
    has_reason: bool = False


@dataclass(frozen=True)
class Taking:
    """How one ticket was taken, when, and which one it passed over, if any."""

    number: str
    at: datetime
    order: Order
    passed_over: str = ""


def takings(stays: Iterable[Stay]) -> tuple[Taking, ...]:
    """Replay the queue and return how each ticket was taken, in the order of the takings."""
    known = {stay.number: stay for stay in stays}
    waiting: set[str] = set()
    by_arrival: list[Place] = []
    by_place: list[Place] = []
    taken = []
    for at, _, number, critical in sorted(_steps(known.values())):
        stay = known[number]
        if critical is not None:
            waiting.add(number)
            heappush(by_place, (not critical, stay.received_at, number))
            heappush(by_arrival, (True, stay.received_at, number))
            continue
        if stay.is_taken:
            taken.append(_taking(stay, at, _first(by_arrival, waiting), _first(by_place, waiting)))
        waiting.discard(number)
    return tuple(taken)


def _steps(stays: Iterable[Stay]) -> Iterator[tuple[datetime, int, str, bool | None]]:
    """Return what happens to the queue: who comes, who becomes critical, and who leaves (None)."""
    for stay in stays:
        yield stay.entered_at, 0, stay.number, False
        if stay.critical_at is not None:
            yield max(stay.critical_at, stay.entered_at), 1, stay.number, True
        if stay.left_at is not None:
            yield max(stay.left_at, stay.entered_at), 2, stay.number, None


def _first(queue: list[Place], waiting: set[str]) -> str:
    while queue[0][2] not in waiting:
        heappop(queue)
    return queue[0][2]


def _taking(stay: Stay, at: datetime, first_come: str, first_in_turn: str) -> Taking:
    if first_come == stay.number and not stay.has_reason:
        return Taking(stay.number, at, Order.IN_ORDER)
    ahead = (one for one in (first_come, first_in_turn) if one != stay.number)
    passed_over = next(ahead, "")
    if first_in_turn == stay.number and stay.critical_at is not None:
        return Taking(stay.number, at, Order.CRITICAL, passed_over)
    order = Order.WITH_REASON if stay.has_reason else Order.WITHOUT_REASON
    return Taking(stay.number, at, order, passed_over)


@dataclass(frozen=True)
class Forecast:
    """Between which amounts of working time a first reply comes at the present load: no promise.

    `waiting` tickets stand before a new one; `fast` and `slow` are first replies of a working day.
    """

    soonest: WorkingTime
    latest: WorkingTime
    waiting: int
    slow: int
    fast: int
    days: int


def forecast(waiting: int, replies: Sequence[int], day: WorkingTime) -> Forecast | None:
    """Return what the load foretells for a ticket that comes now (R52).

    `replies` are the first replies of each of the last working days. A quarter of those days were
    slower than `slow`, a quarter faster than `fast`. None where there is too little to go by.
    """
    lively = sorted(count for count in replies if count)
    if len(lively) < FEWEST_DAYS:
        return None
    slow, fast = lively[len(lively) // 4], lively[-1 - len(lively) // 4]
    soonest, latest = (ceil((waiting + 1) * day.seconds / pace) for pace in (fast, slow))
    return Forecast(WorkingTime(soonest), WorkingTime(latest), waiting, slow, fast, len(replies))
