"""The order in which tickets are taken: by arrival, a confirmed critical one first (R49, R50)."""

from collections.abc import Iterable
from datetime import datetime

from domain.ticket import Ticket

Place = tuple[bool, datetime, str]


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
