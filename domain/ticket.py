"""A ticket and `apply`: the one function by which an event changes it.

Carries out R4-R6, R16-R19, R44, R45, R47, R50, R53-R59, R63. A letter that was kept back undoes
what it was to tell: the state it brought and the reply it was.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from typing import Any

from domain import events, occurrences
from domain.events import TicketEvent
from domain.letters import cause_of
from domain.terms import (
    CauseClass,
    Channel,
    Criticality,
    DeferralReason,
    Ground,
    Outcome,
    Status,
    TicketKind,
    Turn,
)

TURNS: Mapping[Status, Turn] = {
    Status.IDENTIFICATION: Turn.SUPPORT,
    Status.REGISTERED: Turn.CALENDAR,
    Status.IN_QUEUE: Turn.SUPPORT,
    Status.IN_DIAGNOSIS: Turn.SUPPORT,
    Status.AWAITING_CLIENT: Turn.CLIENT,
    Status.DEFERRED: Turn.CLIENT,
    Status.IN_DEVELOPMENT: Turn.DEVELOPMENT,
    Status.AWAITING_RELEASE: Turn.DEVELOPMENT,
    Status.CLOSING: Turn.CALENDAR,
    Status.CLOSED: Turn.NOBODY,
}


MOST_REPLIES = 8  # kept, in case the letters of the first ones are kept back


@dataclass(frozen=True)
class Ticket:
    """One request of a client, as it stands after its events: ids and codes, no words."""

    number: str
    status: Status = Status.REGISTERED
    sequence: int = 0
    channel: Channel = Channel.EMAIL
    kind: TicketKind = TicketKind.PROBLEM
    category: str = ""
    client: str = ""
    entitled: bool = True
    received_at: datetime | None = None
    accepted_at: datetime | None = None
    since: datetime | None = None
    declared: Criticality = Criticality.NORMAL
    confirmed: Criticality | None = None
    specialist: str = ""
    replied_at: datetime | None = None
    reminders: int = 0
    reviews: int = 0
    review_due: bool = False
    deferral: DeferralReason | None = None
    release: str = ""
    question: int | None = None
    ground: Ground | None = None
    result: int | None = None
    closed_at: datetime | None = None
    follow_up_of: str = ""
    merged_into: str = ""
    escalated: bool = False
    access: bool = False
    cause: CauseClass | None = None
    entered_by: int = 0  # the place of the event that brought the present state
    access_by: int = 0
    calmed_by: int = 0
    replies: tuple[tuple[int, datetime], ...] = ()

    @property
    def is_open(self) -> bool:
        """Tell whether its life goes on."""
        return self.status is not Status.CLOSED

    @property
    def is_critical(self) -> bool:
        """Tell whether a specialist confirmed it critical (R50, Q5)."""
        return self.confirmed is Criticality.CRITICAL

    @property
    def turn(self) -> Turn:
        """Return whose move it waits for; a deferral for our own work waits for us (R56)."""
        if self.deferral is DeferralReason.DEVELOPMENT_NEEDED:
            return Turn.SUPPORT
        return TURNS[self.status]


def apply(ticket: Ticket, event: TicketEvent) -> Ticket:
    """Return the ticket as it stands after the event, its journal one line longer."""
    changed = CHANGES[type(event)](ticket, event)
    return replace(changed, sequence=ticket.sequence + 1)


def fold(number: str, journal: tuple[TicketEvent, ...]) -> Ticket:
    """Return the ticket that its whole journal makes."""
    return fold_on(Ticket(number), journal)


def fold_on(ticket: Ticket, journal: tuple[TicketEvent, ...]) -> Ticket:
    """Return the ticket as it stands after a stretch of its journal."""
    return reduce(apply, journal, ticket)


def enter(ticket: Ticket, status: Status, at: datetime, **values: Any) -> Ticket:  # noqa: ANN401 - replace() checks the names
    """Return the ticket in a new state, with the state's own counters begun anew."""
    fresh: dict[str, Any] = {"reminders": 0, "reviews": 0, "review_due": False, "deferral": None}
    place = ticket.sequence + 1
    return replace(ticket, status=status, since=at, entered_by=place, **(fresh | values))


def reply(ticket: Ticket, at: datetime) -> Ticket:
    """Return the ticket with one more written reply; the first one ends the reaction (R47)."""
    replies = (*ticket.replies, (ticket.sequence + 1, at))[:MOST_REPLIES]
    return replace(ticket, replied_at=ticket.replied_at or at, replies=replies)


def _registered(ticket: Ticket, event: occurrences.Registered) -> Ticket:
    queued = Status.IN_QUEUE if event.accepted_at <= event.at else Status.REGISTERED
    return replace(
        ticket,
        status=queued if event.client else Status.IDENTIFICATION,
        channel=event.channel,
        kind=event.ticket_kind,
        client=event.client,
        entitled=event.entitled,
        declared=event.declared,
        received_at=event.received_at,
        accepted_at=event.accepted_at,
        since=event.received_at,
        follow_up_of=event.follow_up_of,
    )


def _identified(ticket: Ticket, event: events.Identified) -> Ticket:
    is_early = ticket.accepted_at is not None and ticket.accepted_at > event.at
    status = Status.REGISTERED if is_early else Status.IN_QUEUE
    return enter(ticket, status, event.at, client=event.client, entitled=event.entitled)


def _accepted(ticket: Ticket, event: occurrences.Accepted) -> Ticket:
    return enter(ticket, Status.IN_QUEUE, event.at)


def _taken(ticket: Ticket, event: events.Taken) -> Ticket:
    return enter(ticket, Status.IN_DIAGNOSIS, event.at, specialist=event.specialist)


def _answered(ticket: Ticket, event: events.Answered | events.EscalationAnswered) -> Ticket:
    is_head = isinstance(event, events.EscalationAnswered)
    escalated = ticket.escalated and not is_head
    calmed_by = ticket.sequence + 1 if ticket.escalated and is_head else ticket.calmed_by
    return replace(reply(ticket, event.at), escalated=escalated, calmed_by=calmed_by)


def _asked(ticket: Ticket, event: events.ClientAsked) -> Ticket:
    waiting = enter(reply(ticket, event.at), Status.AWAITING_CLIENT, event.at)
    return replace(waiting, question=event.text)


def _client_answered(ticket: Ticket, event: events.ClientAnswered) -> Ticket:
    waits = ticket.status in {Status.AWAITING_CLIENT, Status.DEFERRED, Status.CLOSING}
    return enter(ticket, Status.IN_DIAGNOSIS, event.at) if event.resumes and waits else ticket


def _deferred(ticket: Ticket, event: events.Deferred) -> Ticket:
    category = event.category or ticket.category
    deferred = enter(reply(ticket, event.at), Status.DEFERRED, event.at, deferral=event.reason)
    return replace(deferred, category=category, question=event.text)


def _resumed(ticket: Ticket, event: events.Resumed) -> Ticket:
    return enter(ticket, Status.IN_DIAGNOSIS, event.at)


def _handed_off(ticket: Ticket, event: events.HandedOff) -> Ticket:
    return enter(reply(ticket, event.at), Status.IN_DEVELOPMENT, event.at)


def _returned(ticket: Ticket, event: events.ReturnedFromDevelopment) -> Ticket:
    status = Status.IN_DIAGNOSIS
    if event.outcome is Outcome.NEEDS_INFORMATION:
        waiting = enter(ticket, Status.AWAITING_CLIENT, event.at)
        return replace(waiting, question=event.text)
    if event.outcome is Outcome.FIXED_IN_RELEASE and not event.is_published:
        status = Status.AWAITING_RELEASE
    return enter(ticket, status, event.at, release=event.release)


def _release_awaited(ticket: Ticket, event: events.ReleaseAwaited) -> Ticket:
    return enter(ticket, Status.AWAITING_RELEASE, event.at, release=event.release)


def _release_published(ticket: Ticket, event: occurrences.ReleasePublished) -> Ticket:
    return enter(ticket, Status.IN_DIAGNOSIS, event.at)


def _access_requested(ticket: Ticket, event: events.AccessRequested) -> Ticket:
    access_by = ticket.access_by if ticket.access else ticket.sequence + 1
    waiting = enter(reply(ticket, event.at), Status.AWAITING_CLIENT, event.at, access=True)
    return replace(waiting, access_by=access_by, question=event.text)


def _closing_began(ticket: Ticket, event: events.ClosingBegan) -> Ticket:
    return enter(ticket, Status.CLOSING, event.at, ground=event.ground, result=event.text)


def _closed(ticket: Ticket, event: occurrences.Closed) -> Ticket:
    return enter(ticket, Status.CLOSED, event.at, closed_at=event.at)


def _rescheduled(ticket: Ticket, event: occurrences.Rescheduled) -> Ticket:
    is_waited_for = ticket.status is Status.REGISTERED
    return replace(ticket, accepted_at=event.due_after) if is_waited_for else ticket


def _bounced(ticket: Ticket, event: occurrences.LetterBounced) -> Ticket:
    return replace(ticket, review_due=ticket.review_due or event.is_hard)


def _letter_cancelled(ticket: Ticket, event: events.LetterCancelled) -> Ticket:
    place, _ = cause_of(event.letter)
    undone = _without_reply(ticket, place)
    if ticket.access_by == place:
        undone = replace(undone, access=False, access_by=0)
    if ticket.calmed_by == place:
        undone = replace(undone, escalated=True, calmed_by=0)
    was_to_wait = ticket.status in {Status.AWAITING_CLIENT, Status.DEFERRED}
    if not was_to_wait or ticket.entered_by != place:
        return undone
    return enter(undone, Status.IN_DIAGNOSIS, event.at, question=None)


def _without_reply(ticket: Ticket, place: int) -> Ticket:
    """Take a reply back that never left; the next one, if any, is the first now (R47)."""
    taken_back = [at for written, at in ticket.replies if written == place]
    replies = tuple(one for one in ticket.replies if one[0] != place)
    if ticket.replied_at not in taken_back:
        return replace(ticket, replies=replies)
    return replace(ticket, replies=replies, replied_at=replies[0][1] if replies else None)


def _unchanged(ticket: Ticket, _: TicketEvent) -> Ticket:
    return ticket


CHANGES: Mapping[type[TicketEvent], Callable[[Ticket, Any], Ticket]] = {
    occurrences.Registered: _registered,
    occurrences.Accepted: _accepted,
    occurrences.ClientReminded: lambda t, _: replace(t, reminders=t.reminders + 1),
    occurrences.ReviewFellDue: lambda t, _: replace(t, reviews=t.reviews + 1, review_due=True),
    occurrences.ReleasePublished: _release_published,
    occurrences.Closed: _closed,
    occurrences.LetterBounced: _bounced,
    occurrences.LetterFailed: lambda t, _: replace(t, review_due=True),
    occurrences.Rescheduled: _rescheduled,
    occurrences.CommandRefused: _unchanged,
    events.Identified: _identified,
    events.Taken: _taken,
    events.Assigned: lambda t, e: replace(t, specialist=e.specialist),
    events.CriticalityConfirmed: lambda t, e: replace(t, confirmed=e.criticality),
    events.Noted: _unchanged,
    events.Answered: _answered,
    events.ClientAsked: _asked,
    events.ClientAnswered: _client_answered,
    events.Deferred: _deferred,
    events.Resumed: _resumed,
    events.HandedOff: _handed_off,
    events.ReturnedFromDevelopment: _returned,
    events.ReleaseAwaited: _release_awaited,
    events.AccessRequested: _access_requested,
    events.ClosingBegan: _closing_began,
    events.Escalated: lambda t, _: replace(t, escalated=True),
    events.EscalationAnswered: _answered,
    events.Merged: lambda t, e: replace(t, merged_into=e.into),
    events.Unmerged: lambda t, _: replace(t, merged_into=""),
    events.Reclassified: lambda t, e: replace(t, kind=e.ticket_kind, category=e.category),
    events.ServedWithoutContract: lambda t, _: replace(t, entitled=True),
    events.Diagnosed: lambda t, e: replace(t, cause=e.cause),
    events.LetterCancelled: _letter_cancelled,
    events.LetterUrged: _unchanged,
}
