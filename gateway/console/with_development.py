"""How a ticket stands with development: since when it is there, what came back, what is awaited.

Carries out R19, R48, R56; U13: staff see it on the ticket and need not ask. No time is promised.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain import events
from domain.clocks import Clock, ClockKind
from domain.terms import Outcome, Status
from domain.ticket import Ticket
from gateway.shown import CaseRead


@dataclass(frozen=True, kw_only=True)
class WithDevelopment:
    """The last handing over, and what became of it; `seconds` is working time spent there."""

    handed_at: datetime
    handed_by: str
    anchor: str
    seconds: int
    is_there: bool
    returned_at: datetime | None = None
    outcome: Outcome | None = None
    release: str = ""
    is_awaited: bool = False


def with_development(read: CaseRead, measured: Sequence[Clock]) -> WithDevelopment | None:
    """Return how the ticket stands with development; None where it never was there."""
    places = [
        place for place, one in enumerate(read.journal, 1) if isinstance(one, events.HandedOff)
    ]
    if not places:
        return None
    handed = read.journal[places[-1] - 1]
    since = read.journal[places[-1] :]
    back = next((one for one in since if isinstance(one, events.ReturnedFromDevelopment)), None)
    return WithDevelopment(
        handed_at=handed.at,
        handed_by=read.staff.get(handed.by.partition(":")[2], ""),
        anchor=f"n{places[-1]}",
        seconds=_spent(measured),
        is_there=read.ticket.status is Status.IN_DEVELOPMENT,
        returned_at=back.at if back else None,
        outcome=back.outcome if back else None,
        release=_release(read.ticket, back),
        is_awaited=read.ticket.status is Status.AWAITING_RELEASE,
    )


def _spent(measured: Sequence[Clock]) -> int:
    return sum(one.amount.seconds for one in measured if one.kind is ClockKind.DEVELOPMENT)


def _release(ticket: Ticket, back: events.ReturnedFromDevelopment | None) -> str:
    return ticket.release or (back.release if back else "")
