"""Which letter an event owes, whose words it carries, and when it may leave.

Carries out R21, R33, R45, R46, R55-R59, R63; Q3, Q5, Q6, Q12, Q13; law 4.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from domain import events, occurrences
from domain.calendar import Calendar
from domain.editions import Settings
from domain.events import TicketEvent
from domain.letters import LetterKind, keeps_window
from domain.terms import Criticality, Ground, Outcome
from domain.ticket import Ticket

# A letter whose dialogue with the server begins in the window must also end in it.
MARGIN = timedelta(seconds=30)
# Why a letter waits, as staff read it on the ticket.
OUTSIDE_WINDOW = "вне рабочего времени (R45)"
HELD = "придержано: отправку ещё можно отменить"
BOUNCING = "письма на этот адрес возвращаются, автоматические туда не отправляются"
SPACED = "на этот адрес только что ушло другое подтверждение; это уйдёт следом"

CLOSINGS: Mapping[Ground, LetterKind] = {
    Ground.SOLVED: LetterKind.CLOSING,
    Ground.WITHDRAWN: LetterKind.CLOSING,
    Ground.NO_ACTIVE_SUPPORT: LetterKind.NO_ACTIVE_SUPPORT,
    Ground.CANNOT_BE_SERVED: LetterKind.CANNOT_BE_SERVED,
}


def not_before(event: TicketEvent) -> datetime | None:
    """Return the moment until which the event's letter is held, if it is (U6)."""
    moment: datetime | None = getattr(event, "not_before", None)
    return moment


def owed(event: TicketEvent, ticket: Ticket) -> tuple[LetterKind, ...]:
    """Return the letters that the event causes; `ticket` stands as after the event."""
    decide = OWED.get(type(event))
    return decide(event, ticket) if decide else ()


def words(event: TicketEvent, ticket: Ticket) -> int | None:
    """Return the id of the text that the event's letter carries, if it carries one."""
    if isinstance(event, occurrences.Closed):
        return ticket.result
    if isinstance(event, occurrences.ClientReminded):
        return ticket.question
    text: int | None = getattr(event, "text", None)
    return text


def departure(kind: LetterKind, at: datetime, calendar: Calendar, settings: Settings) -> datetime:
    """Return the first moment, from `at` on, at which the letter may leave (R45)."""
    return into_window(at, calendar) if keeps_window(kind, settings.confirmation) else at


def into_window(at: datetime, calendar: Calendar) -> datetime:
    """Return the first moment, from `at` on, in the hours in which answers are sent (R45)."""
    if calendar.is_open(at) and calendar.is_open(at + MARGIN):
        return at
    return calendar.next_working_moment(at + MARGIN)


def _registered(event: occurrences.Registered, _: Ticket) -> tuple[LetterKind, ...]:
    if event.declared is Criticality.CRITICAL:
        return (LetterKind.CONFIRMATION, LetterKind.CRITICAL_ALERT)
    return (LetterKind.CONFIRMATION,)


def _returned(event: events.ReturnedFromDevelopment, _: Ticket) -> tuple[LetterKind, ...]:
    if event.outcome is Outcome.NEEDS_INFORMATION:
        return (LetterKind.QUESTION,)
    if event.outcome is Outcome.FIXED_IN_RELEASE:
        published = event.is_published
        return (LetterKind.RELEASED if published else LetterKind.AWAITING_RELEASE,)
    return (LetterKind.DEVELOPMENT_OUTCOME,)


def _deferred(event: events.Deferred, _: Ticket) -> tuple[LetterKind, ...]:
    return (LetterKind(f"deferral_{event.reason.value.lower()}"),)


def _closed(_: occurrences.Closed, ticket: Ticket) -> tuple[LetterKind, ...]:
    return (CLOSINGS[ticket.ground or Ground.SOLVED],)


def _always(kind: LetterKind) -> Callable[[TicketEvent, Ticket], tuple[LetterKind, ...]]:
    return lambda _, __: (kind,)


OWED: Mapping[type[TicketEvent], Callable[[Any, Ticket], tuple[LetterKind, ...]]] = {
    occurrences.Registered: _registered,
    occurrences.ClientReminded: _always(LetterKind.REMINDER),
    occurrences.ReleasePublished: _always(LetterKind.RELEASED),
    occurrences.Closed: _closed,
    events.Answered: _always(LetterKind.ANSWER),
    events.EscalationAnswered: _always(LetterKind.ANSWER),
    events.ClientAsked: _always(LetterKind.QUESTION),
    events.AccessRequested: _always(LetterKind.QUESTION),
    events.Deferred: _deferred,
    events.HandedOff: _always(LetterKind.HANDED_OFF),
    events.ReturnedFromDevelopment: _returned,
    events.ReleaseAwaited: _always(LetterKind.AWAITING_RELEASE),
}
