"""What a ticket owes next by itself, and when: one pure function of ticket, calendar, settings.

Carries out R44 (the accepted moment), Q6 (reminders), R54-R59 (the rhythm of a deferral) and
R45 with R63 (a closing letter waits for its window).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.calendar import Calendar
from domain.editions import Settings
from domain.events import TicketEvent
from domain.occurrences import Accepted, ClientReminded, Closed, ReviewFellDue
from domain.terms import CLIENT_CAN_END, Status
from domain.ticket import Ticket

# In these deferrals the client can end the wait, so the rhythm writes to the client; in the
# others it asks the specialist for a look.


class Obligation(StrEnum):
    """What falls due by the calendar alone."""

    ACCEPT = "accept"
    REMIND = "remind"
    REVIEW = "review"
    CLOSE = "close"


@dataclass(frozen=True)
class Due:
    """The next thing a ticket does by itself: what, when, by which rule and calendar."""

    what: Obligation
    at: datetime
    rule: str
    calendar_version: int
    provisional: bool = False

    def happen(self, at: datetime) -> TicketEvent:
        """Return the event that this obligation causes when it is carried out."""
        return EVENTS[self.what](at=at, key=f"{self.what}:{self.at.isoformat()}")


EVENTS: Mapping[Obligation, Callable[..., TicketEvent]] = {
    Obligation.ACCEPT: Accepted,
    Obligation.REMIND: ClientReminded,
    Obligation.REVIEW: ReviewFellDue,
    Obligation.CLOSE: Closed,
}


def next_due(ticket: Ticket, calendar: Calendar, settings: Settings) -> Due | None:
    """Return what the ticket does next by itself, or None where it waits for people only."""
    planner = PLANNERS.get(ticket.status)
    if ticket.merged_into and ticket.status is not Status.CLOSING:
        return None  # what it waited for, the ticket waits for into which it was merged
    return planner(ticket, calendar, settings) if planner else None


def _acceptance(ticket: Ticket, calendar: Calendar, _: Settings) -> Due:
    at = calendar.next_working_moment(_moment(ticket.received_at, ticket))
    return _due(Obligation.ACCEPT, at, "R44", calendar)


def _reminder(ticket: Ticket, calendar: Calendar, settings: Settings) -> Due | None:
    if ticket.reminders >= len(settings.reminder_days):
        return None
    days = settings.reminder_days[ticket.reminders]
    return _after(ticket, days, Obligation.REMIND, "Q6", calendar)


def _rhythm(ticket: Ticket, calendar: Calendar, settings: Settings) -> Due | None:
    if ticket.deferral is None:
        return None
    what = Obligation.REMIND if ticket.deferral in CLIENT_CAN_END else Obligation.REVIEW
    times = 1 + max(ticket.reminders, ticket.reviews)
    days = settings.deferral_days[ticket.deferral] * times
    return _after(ticket, days, what, ticket.deferral.value, calendar)


def _closing(ticket: Ticket, calendar: Calendar, _: Settings) -> Due:
    at = calendar.next_working_moment(_moment(ticket.since, ticket))
    return _due(Obligation.CLOSE, at, "R63", calendar)


PLANNERS: Mapping[Status, Callable[[Ticket, Calendar, Settings], Due | None]] = {
    Status.REGISTERED: _acceptance,
    Status.AWAITING_CLIENT: _reminder,
    Status.DEFERRED: _rhythm,
    Status.CLOSING: _closing,
}


def _after(ticket: Ticket, days: int, what: Obligation, rule: str, calendar: Calendar) -> Due:
    deadline = calendar.working_days_after(_moment(ticket.since, ticket), days)
    return _due(what, deadline.at, rule, calendar)


def _due(what: Obligation, at: datetime, rule: str, calendar: Calendar) -> Due:
    return Due(what, at, rule, calendar.version, provisional=calendar.is_provisional(at))


def _moment(at: datetime | None, ticket: Ticket) -> datetime:
    if at is None:
        raise ValueError(f"{ticket.number} was never registered")
    return at
