"""What a process writes into the register, and what the calendar says it owes next.

Carries out laws 1, 3, 5 and 12; the letters of a stretch are composed and stored with it.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from temporalio import activity

from activities import overrides
from activities.correspondence import Correspondence, Stationery
from activities.outbox import Outbox
from domain.correspondence import MARGIN, owed
from domain.events import ClientAnswered, TicketEvent
from domain.letter_facts import Cause
from domain.obligations import Due, next_due
from domain.occurrences import CommandRefused
from domain.terms import LetterState, Status
from domain.ticket import Ticket, apply, fold_on
from storage import handovers, releases, requests, review_items, tickets
from storage.database import Connection, Database
from storage.letters import PreparedLetter, list_unsent, move
from storage.rules import Rules
from storage.tickets import Record


@dataclass(frozen=True)
class Recording:
    """A stretch of a journal to write: the ticket before it and its events."""

    before: Ticket
    events: tuple[TicketEvent, ...]
    at: datetime


@dataclass(frozen=True)
class Leaving:
    """A letter that has yet to leave, and when; a held one in no case before its moment."""

    key: str
    leaves_at: datetime
    not_before: datetime | None = None


@dataclass(frozen=True)
class Recorded:
    """What the process owes next, and the letters that it has to see off.

    `journal` is what stands there since the last record, where that is more than was given: the
    process takes it over, for it has happened.
    """

    calendar_version: int
    due: Due | None = None
    letters: tuple[Leaving, ...] = ()
    journal: tuple[TicketEvent, ...] = ()


@dataclass(frozen=True)
class Planning:
    """A ticket that asks for its next step, by a calendar at least as new as that version.

    `waiting` are its letters that wait for their window.
    """

    ticket: Ticket
    at: datetime
    at_least: int = 0
    waiting: tuple[str, ...] = ()


@dataclass(frozen=True)
class Planned:
    """What the ticket owes next, by which calendar, and when letters may leave."""

    due: Due | None
    calendar_version: int
    window_at: datetime


class RegisterActivities:
    """Writes journals; reads the rules of the moment from `rules`."""

    def __init__(
        self,
        database: Database,
        rules: Callable[[int], Rules],
        stationery: Stationery,
        outbox: Outbox,
    ) -> None:
        """Write to this database, letters on this stationery; put those to send into the outbox."""
        self._database, self._rules = database, rules
        self._stationery, self._outbox = stationery, outbox

    @activity.defn
    def record_events(self, recording: Recording) -> Recorded:
        """Write the events and their letters, once.

        A worker that died after this very step has told the engine nothing of it: the process
        comes again, perhaps with more events or in another order. What stands in the journal has
        happened, so it stays, the rest follows it, and the process takes both over.
        """
        with self._database.transaction() as connection:
            written = self._write(connection, recording)
            letters = written.letters if written else ()
            if written is None:
                recorded, letters = self._take_over(connection, recording)
            else:
                journal = () if written.events == recording.events else written.events
                recorded = Recorded(
                    written.calendar_version, written.due, _leaving(letters), journal
                )
        self._put_in_hand(letters)
        return recorded

    def _write(self, connection: Connection, recording: Recording) -> Record | None:
        """Write the stretch; return None when the journal does not stand just before it."""
        rules = self._rules(0)
        recording = replace(recording, events=overrides.possible(connection, recording.events))
        ticket, causes = _causes(recording)
        letters = self._compose(connection, causes, rules, recording.at)
        due = next_due(ticket, rules.calendar, rules.settings)
        stretch = Record(ticket, recording.events, letters, due, rules.calendar.version)
        if not tickets.record(connection, stretch):
            return None
        overrides.carry_out(connection, recording.events)
        _settle_side_effects(connection, causes, letters, rules)
        return stretch

    def _take_over(
        self, connection: Connection, recording: Recording
    ) -> tuple[Recorded, tuple[PreparedLetter, ...]]:
        """Keep what the journal has, write what it lacks; return all of it and the new letters.

        Raises:
            JournalGapError: when the journal stands before the stretch, not after it.

        """
        number = recording.before.number
        standing = tickets.lock_journal(connection, number, recording.before.sequence)
        before = fold_on(recording.before, standing)
        rest = _unwritten(recording.events, standing, is_open=before.is_open)
        lacking = Recording(before, rest, recording.at)
        written = self._write(connection, lacking) if rest else None
        rest = written.events if written else rest
        rules = self._rules(0)
        due = next_due(fold_on(before, rest), rules.calendar, rules.settings)
        leaving = tuple(
            Leaving(letter.key, letter.leaves_at or recording.at, letter.not_before)
            for letter in list_unsent(connection, number)
        )
        recorded = Recorded(rules.calendar.version, due, leaving, (*standing, *rest))
        return recorded, written.letters if written else ()

    @activity.defn
    def plan_next(self, planning: Planning) -> Planned:
        """Tell what the ticket owes next by the present calendar; its waiting letters move too."""
        rules = self._rules(planning.at_least)
        due = next_due(planning.ticket, rules.calendar, rules.settings)
        window_at = rules.calendar.next_working_moment(planning.at + MARGIN)
        if planning.waiting:
            with self._database.transaction() as connection:
                move(connection, planning.waiting, window_at)
        return Planned(due, rules.calendar.version, window_at)

    def _put_in_hand(self, letters: tuple[PreparedLetter, ...]) -> None:
        for letter in letters:
            if letter.is_in_hand:
                self._outbox.put(letter)

    def _compose(
        self, connection: Connection, causes: tuple[Cause, ...], rules: Rules, at: datetime
    ) -> tuple[PreparedLetter, ...]:
        writer = Correspondence(self._stationery, rules.calendar, rules.settings)
        return tuple(
            writer.prepare(connection, cause, kind, at)
            for cause in causes
            for kind in owed(cause.event, cause.ticket)
        )


def _causes(recording: Recording) -> tuple[Ticket, tuple[Cause, ...]]:
    ticket, causes = recording.before, []
    for event in recording.events:
        ticket = apply(ticket, event)
        causes.append(Cause(event, ticket.sequence, ticket))
    return ticket, tuple(causes)


def _settle_side_effects(
    connection: Connection,
    causes: tuple[Cause, ...],
    letters: tuple[PreparedLetter, ...],
    rules: Rules,
) -> None:
    """Make the staff's task for a letter to post (Q9) and the follow-up of a late message (Q8)."""
    for letter in letters:
        if letter.state is LetterState.TO_POST:
            review_items.add(connection, "to_post", number=letter.number, reason=letter.key)
    _wake_if_published(connection, causes[-1].ticket)
    for cause in causes:
        event, ticket = cause.event, cause.ticket
        if isinstance(event, ClientAnswered) and event.resumes and not ticket.is_open:
            accepted_at = rules.calendar.next_working_moment(event.at)
            with suppress(requests.UnknownMessageError):  # a signal may name anything
                requests.follow_up(connection, ticket.number, event.message, accepted_at)


def _wake_if_published(connection: Connection, ticket: Ticket) -> None:
    """Wake a ticket whose release came out while it was on its way to waiting for it (R56)."""
    is_waiting = ticket.status is Status.AWAITING_RELEASE
    if is_waiting and releases.is_published(connection, ticket.release):
        handovers.add(connection, ticket.number, "release_published", {"release": ticket.release})


def _leaving(letters: tuple[PreparedLetter, ...]) -> tuple[Leaving, ...]:
    return tuple(
        Leaving(letter.key, letter.leaves_at, letter.not_before)
        for letter in letters
        if letter.leaves_at
    )


def _unwritten(
    events: tuple[TicketEvent, ...], standing: tuple[TicketEvent, ...], *, is_open: bool
) -> tuple[TicketEvent, ...]:
    """Return the events that the journal lacks; on a ticket closed meanwhile they are refusals."""
    known = {event.identity for event in standing}
    done = {event.key for event in standing if event.key}
    rest = tuple(
        event
        for event in events
        if event.identity not in known
        and not (isinstance(event, CommandRefused) and event.key in done)
    )
    return rest if is_open else tuple(_too_late(event) for event in rest)


def _too_late(event: TicketEvent) -> TicketEvent:
    if isinstance(event, ClientAnswered):
        return event
    return CommandRefused(
        at=event.at,
        by=event.by,
        key=event.key,
        command=event.kind,
        reason="the ticket was closed meanwhile",
        refused_by="R63",
    )
