"""How long a ticket took, by whom it was waited for: clocks derived from its journal alone.

Carries out R47 (the reaction counts working time only), R48 and R51 (waiting for the client, for
development and for a release is measured apart), Q2; law 5. A wait that a letter was to begin
is none when the letter was kept back (R45).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby, pairwise

from domain.calendar import NO_TIME, Calendar, WorkingTime
from domain.events import LetterCancelled, TicketEvent
from domain.letters import cause_of
from domain.terms import Status, Turn
from domain.ticket import Ticket, apply


class ClockKind(StrEnum):
    """What a clock measures."""

    REACTION = "reaction"
    CLIENT = "client"
    DEVELOPMENT = "development"
    RELEASE = "release"


@dataclass(frozen=True)
class Interval:
    """A stretch of time that a clock ran, in the order of its moments."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Clock:
    """What was measured, when it ran, its working time, and whether it still runs."""

    kind: ClockKind
    intervals: tuple[Interval, ...]
    amount: WorkingTime
    is_running: bool


@dataclass(frozen=True)
class _Stretch:
    kind: ClockKind | None
    starts_at: datetime
    ends_at: datetime


def clocks(
    journal: tuple[TicketEvent, ...], calendar: Calendar, now: datetime
) -> tuple[Clock, ...]:
    """Return the ticket's clocks as they stand `now`; one that never ran is left out.

    The reaction runs from the accepted moment to the first written reply.
    """
    if not journal:
        return ()
    course = tuple(_course(journal))
    stretches = tuple(_stretches(course, _kept_back(journal), now))
    waits = (_waiting(kind, stretches, calendar) for kind in ClockKind)
    measured = (_reaction(course[-1][1], calendar, now), *waits)
    return tuple(clock for clock in measured if clock is not None)


def waited_for(ticket: Ticket) -> ClockKind | None:
    """Return which wait a ticket is in, or None while it is our own turn."""
    if ticket.status is Status.AWAITING_RELEASE:
        return ClockKind.RELEASE
    turns = {Turn.CLIENT: ClockKind.CLIENT, Turn.DEVELOPMENT: ClockKind.DEVELOPMENT}
    return turns.get(ticket.turn)


def _course(journal: tuple[TicketEvent, ...]) -> Iterator[tuple[datetime, Ticket]]:
    ticket = Ticket("")
    for event in journal:
        ticket = apply(ticket, event)
        yield event.at, ticket


def _kept_back(journal: tuple[TicketEvent, ...]) -> set[int]:
    """Return the places of the events whose letters never left."""
    letters = (event.letter for event in journal if isinstance(event, LetterCancelled))
    return {cause_of(letter)[0] for letter in letters}


def _stretches(
    course: tuple[tuple[datetime, Ticket], ...], kept_back: set[int], now: datetime
) -> Iterator[_Stretch]:
    ends = (*course, (now, course[-1][1]))
    steps = (
        _Stretch(_wait(ticket, kept_back), at, end) for (at, ticket), (end, _) in pairwise(ends)
    )
    for kind, group in groupby(steps, lambda step: step.kind):
        run = list(group)
        yield _Stretch(kind, run[0].starts_at, run[-1].ends_at)


def _wait(ticket: Ticket, kept_back: set[int]) -> ClockKind | None:
    """Return which wait it truly was: a client who was never asked was not waited for."""
    kind = waited_for(ticket)
    is_in_vain = kind is ClockKind.CLIENT and ticket.entered_by in kept_back
    return None if is_in_vain else kind


def _waiting(kind: ClockKind, stretches: tuple[_Stretch, ...], calendar: Calendar) -> Clock | None:
    ran = tuple(Interval(step.starts_at, step.ends_at) for step in stretches if step.kind is kind)
    return _clock(kind, ran, calendar, is_running=stretches[-1].kind is kind) if ran else None


def _reaction(ticket: Ticket, calendar: Calendar, now: datetime) -> Clock | None:
    if ticket.accepted_at is None:
        return None
    ended_at = ticket.replied_at or ticket.closed_at
    end = max(ended_at or now, ticket.accepted_at)
    ran = (Interval(ticket.accepted_at, end),)
    is_running = ended_at is None and ticket.accepted_at <= now
    return _clock(ClockKind.REACTION, ran, calendar, is_running=is_running)


def _clock(
    kind: ClockKind, ran: tuple[Interval, ...], calendar: Calendar, *, is_running: bool
) -> Clock:
    amounts = (calendar.working_time_between(each.starts_at, each.ends_at) for each in ran)
    return Clock(kind, ran, sum(amounts, NO_TIME), is_running)
