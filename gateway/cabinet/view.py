"""All that a client's page of a ticket shows, read at once in a bounded number of statements.

Carries out R2, R44, R47, R51, R52, R53, R63-R65; K4-K7, F41. What is said here is what has been
told: the page never runs ahead of a letter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.calendar import Calendar
from domain.clocks import ClockKind, clocks
from domain.terms import Ground, Status
from domain.ticket import Ticket
from gateway.cabinet.doors import Door
from gateway.cabinet.standing import Standing, standing
from gateway.cabinet.talk import Reading, Said, talk
from gateway.console.ticket_clocks import Derived, own_clock
from gateway.foretelling import foretold
from gateway.models import TicketShown
from gateway.pages.rendering import Page
from gateway.pages.translation import _, marked
from gateway.shown import CaseRead, Showing
from gateway.tickets import read_case
from storage import calendars, messages, ratings, splits
from storage.database import Connection
from storage.ratings import Rating
from storage.splits import Splits

WAITED: Mapping[ClockKind, str] = {
    ClockKind.CLIENT: marked("ждали вас"),
    ClockKind.DEVELOPMENT: marked("у разработчиков"),
    ClockKind.RELEASE: marked("ждали выпуска обновления"),
}
NEXT = {
    "accept": marked("начнётся рабочее время по заявке"),
    "remind": marked("напомним письмом"),
    "close": marked("уйдёт письмо с результатом"),
}
ENDED = frozenset({Status.CLOSED, Status.CLOSING})
QUEUED = frozenset({Status.REGISTERED, Status.IN_QUEUE})


@dataclass(frozen=True, kw_only=True)
class ClientView:
    """A ticket as its client sees it; `asked` are the words that wait for an answer."""

    shown: TicketShown
    door: Door
    standing: Standing
    talk: tuple[Said, ...]
    asked: str
    asked_by: str
    result: str
    since: datetime | None
    clock: Derived | None
    next_at: datetime | None
    next_what: str
    foretold: str
    splits: Splits
    head_address: str
    may_rate: bool
    rating: Rating | None
    now: datetime

    @property
    def is_closed(self) -> bool:
        """Tell whether the ticket is over."""
        return self.shown.status is Status.CLOSED

    @property
    def may_write(self) -> bool:
        """Tell whether words may be added to this very ticket."""
        return not self.is_closed and not self.shown.merged_into

    @property
    def may_withdraw(self) -> bool:
        """Tell whether the ticket may be taken back now."""
        return self.shown.status not in ENDED and not self.shown.merged_into

    @property
    def is_night(self) -> bool:
        """Tell whether the ticket waits for its first working moment (Q2)."""
        return self.shown.status is Status.REGISTERED


def view_of(page: Page, door: Door) -> ClientView:
    """Read the ticket for its client's page.

    Raises:
        Problem: when there is no such ticket, or it is another's.

    """
    rules = page.parts.rules()
    with page.parts.database.transaction() as connection:
        read = read_case(connection, door.visitor, door.number)
        calendar = _calendar(connection, read, rules.calendar)
        related = splits.read(connection, door.number)
        texts = {row["id"]: str(row["text"]) for row in messages.list_for(connection, door.number)}
        rated = ratings.find(connection, door.number) if may_rate(read.ticket) else None
    has_scanner = page.parts.settings.has_scanner
    showing = Showing(for_client=True, calendar=calendar, at=page.now, has_scanner=has_scanner)
    said = talk(read, showing, texts, Reading(str(door.visitor.actor), door.base))
    address = rules.settings.head_address
    return _view(page, door, read, showing, said, related, address, rated)


def _view(  # noqa: PLR0913, PLR0917 - one for each thing that was read
    page: Page,
    door: Door,
    read: CaseRead,
    showing: Showing,
    said: tuple[Said, ...],
    related: Splits,
    head_address: str,
    rated: Rating | None,
) -> ClientView:
    ticket, shown = read.ticket, showing.ticket(read)
    present = _of_the_present(read, said)
    stands = standing(ticket.status, ticket.deferral, is_told=present is not None)
    measured = clocks(read.journal, showing.calendar, page.now)
    result = next((one for one in reversed(said) if one.kind in CLOSINGS), None)
    step = shown.next_step
    is_ours_to_tell = (
        step is not None and step.what in NEXT and (step.what != "remind" or stands.is_yours)
    )
    return ClientView(
        shown=shown,
        door=door,
        standing=stands,
        talk=said,
        asked=present.words if present and stands.tone == "wait" else "",
        asked_by=present.who if present else "",
        result=result.words if result else "",
        since=ticket.since,
        clock=own_clock(ticket, measured, showing.calendar, page.now, WAITED),
        next_at=step.at if step and is_ours_to_tell else None,
        next_what=_(NEXT[step.what]) if step and is_ours_to_tell else "",
        foretold=_foretold(page, read),
        splits=related,
        head_address=head_address,
        may_rate=may_rate(ticket),
        rating=rated,
        now=page.now,
    )


def may_rate(ticket: Ticket) -> bool:
    """Tell whether the client may say how much the solution helped: there has to be one (R8)."""
    return ticket.status is Status.CLOSED and ticket.ground is Ground.SOLVED


def _foretold(page: Page, read: CaseRead) -> str:
    """Say when a first answer may come to a ticket that waits for it in the queue."""
    row = read.row
    if read.ticket.status not in QUEUED or row["answered_at"] is not None:
        return ""
    return foretold(page, (row["is_routine"], row["received_at"], row["number"]))


CLOSINGS = frozenset({"closing", "no_active_support", "cannot_be_served"})


def _of_the_present(read: CaseRead, said: tuple[Said, ...]) -> Said | None:
    """Return the letter that told of the present state; None while it has not left."""
    place = read.ticket.entered_by
    return next((one for one in said if one.place == place and one.side == "out"), None)


def _calendar(connection: Connection, read: CaseRead, in_force: Calendar) -> Calendar:
    """Return the calendar in force; what is closed keeps the one it ran under (law 6)."""
    if read.row["closed_at"] is None:
        return in_force
    return calendars.load(connection, read.row["calendar_version"] or None)
