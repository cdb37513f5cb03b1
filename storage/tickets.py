"""The register of tickets and their journals, written by each ticket's own process.

Carries out R5, R16, R49, R50; law 1 and the gap-free journal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import to_json, to_jsonable_python
from sqlalchemy import Connection, RowMapping, func, select, text, tuple_

from domain.events import Noted, TicketEvent
from domain.obligations import Due
from domain.terms import Status
from domain.ticket import Ticket
from storage import mentions
from storage.letters import PreparedLetter
from storage.ticket_tables import events, requests, tickets

EVENT: TypeAdapter[TicketEvent] = TypeAdapter(TicketEvent)
TICKET = TypeAdapter(Ticket)


class JournalGapError(Exception):
    """The journal does not continue where the process says it does."""


@dataclass(frozen=True)
class Record:
    """A stretch of a journal: the ticket after it, its events, the letters they cause.

    `calendar_version` is the calendar it happened under; a closed ticket keeps the last (law 6).
    """

    ticket: Ticket
    events: tuple[TicketEvent, ...]
    letters: tuple[PreparedLetter, ...] = ()
    due: Due | None = None
    calendar_version: int = 0

    @property
    def before(self) -> int:
        """Return the sequence that the journal must have reached before."""
        return self.ticket.sequence - len(self.events)


RECORD = text("""
WITH moved AS (
  UPDATE tickets SET
    status = :status, sequence = :sequence, specialist = :specialist, client_id = :client_id,
    is_routine = :is_routine, release = :release, review_due = :review_due,
    due_at = :due_at, due_what = :due_what, due_rule = :due_rule,
    calendar_version = :calendar_version, closed_at = :closed_at,
    snapshot = cast(:snapshot AS jsonb)
  WHERE number = :number AND sequence = :before
  RETURNING number
), journal AS (
  INSERT INTO events (number, sequence, kind, at, by, data)
  SELECT moved.number, line.sequence, line.kind, line.at, line.by, line.data
  FROM moved, jsonb_to_recordset(cast(:events AS jsonb))
    AS line(sequence int, kind text, at timestamptz, by text, data jsonb)
), post AS (
  INSERT INTO letters (key, number, sequence, kind, recipient, subject, text, message_id, mime,
                       state, reason, prepared_at, leaves_at, not_before, attempts, tried_at)
  SELECT l.key, l.number, l.sequence, l.kind, l.recipient, l.subject, l.text, l.message_id,
         decode(l.mime, 'base64'), l.state, l.reason, l.prepared_at, l.leaves_at,
         l.not_before,
         CASE WHEN l.state = 'sending' THEN 1 ELSE 0 END,
         CASE WHEN l.state = 'sending' THEN clock_timestamp() END
  FROM moved, jsonb_to_recordset(cast(:letters AS jsonb))
    AS l(key text, number text, sequence int, kind text, recipient text, subject text, text text,
         message_id text, mime text, state text, reason text, prepared_at timestamptz,
         leaves_at timestamptz, not_before timestamptz)
)
SELECT count(*) FROM moved
""")


def record(connection: Connection, record: Record) -> bool:
    """Write the stretch in one statement; false when the journal does not stand just before it.

    Whom its notes call is entered with them (U8).
    """
    is_written = bool(connection.execute(RECORD, _values(record)).scalar_one())
    if is_written:
        placed = enumerate(record.events, record.before + 1)
        notes = ((place, one) for place, one in placed if isinstance(one, Noted))
        mentions.keep(connection, record.ticket.number, notes)
    return is_written


def lock_journal(connection: Connection, number: str, after: int) -> tuple[TicketEvent, ...]:
    """Return what the journal has after that place, and keep others from writing meanwhile.

    Raises:
        JournalGapError: when the journal has not reached that place.

    """
    line = select(tickets.c.sequence).where(tickets.c.number == number).with_for_update()
    reached = connection.execute(line).scalar_one_or_none()
    if reached is None or reached <= after:
        raise JournalGapError(f"{number}: the journal stands at {reached}, not after {after}")
    return journal(connection, number, after)


def find(connection: Connection, number: str) -> Ticket | None:
    """Return the ticket as its process last recorded it, if it is in the register."""
    found = select(tickets.c.snapshot).where(tickets.c.number == number)
    snapshot = connection.execute(found).scalar_one_or_none()
    return None if snapshot is None else TICKET.validate_python(snapshot)


def find_row(connection: Connection, number: str) -> RowMapping | None:
    """Return the ticket's line of the register with its request's own columns."""
    found = select(tickets, requests.c.subject, requests.c.user_id).join_from(
        tickets, requests, requests.c.number == tickets.c.number
    )
    return connection.execute(found.where(tickets.c.number == number)).mappings().first()


def journal(connection: Connection, number: str, after: int = 0) -> tuple[TicketEvent, ...]:
    """Return the ticket's journal in order, whole or from after that place."""
    is_asked = (events.c.number == number) & (events.c.sequence > after)
    lines = select(events.c.data).where(is_asked).order_by(events.c.sequence)
    return tuple(EVENT.validate_python(data) for data in connection.execute(lines).scalars())


def queue(
    connection: Connection, limit: int = 50, after: tuple[bool, Any, str] | None = None
) -> list[RowMapping]:
    """Return the tickets that wait to be taken, in their order, from after that place (R49)."""
    place = (tickets.c.is_routine, tickets.c.received_at, tickets.c.number)
    found = (
        select(tickets, requests.c.subject, requests.c.declared, requests.c.channel)
        .join_from(tickets, requests, requests.c.number == tickets.c.number)
        .where(tickets.c.status == Status.IN_QUEUE)
        .where(func.coalesce(tickets.c.snapshot["merged_into"].astext, "") == "")
        .order_by(*place)
        .limit(limit)
    )
    if after is not None:
        found = found.where(
            text("(is_routine, tickets.received_at, tickets.number) > (:r, :a, :n)")
        )
        r, a, n = after
        return list(connection.execute(found, {"r": r, "a": a, "n": n}).mappings())
    return list(connection.execute(found).mappings())


def list_open(  # noqa: PLR0913 - what to narrow it to, and which page
    connection: Connection,
    status: Status | None = None,
    client_id: int | None = None,
    limit: int = 200,
    after: tuple[datetime, str] | None = None,
    *,
    user_id: int | None = None,
) -> list[RowMapping]:
    """Return open tickets in order of arrival, of one state, client or user, from that place."""
    place = (tickets.c.received_at, tickets.c.number)
    found = (
        select(tickets, requests.c.subject, requests.c.channel)
        .join_from(tickets, requests, requests.c.number == tickets.c.number)
        .where(tickets.c.closed_at.is_(None))
        .order_by(*place)
        .limit(limit)
    )
    if status is not None:
        found = found.where(tickets.c.status == status)
    if client_id is not None:
        found = found.where(tickets.c.client_id == client_id)
    if user_id is not None:
        found = found.where(requests.c.user_id == user_id)
    if after is not None:
        found = found.where(tuple_(*place) > after)
    return list(connection.execute(found).mappings())


def is_first(connection: Connection, number: str) -> bool:
    """Tell whether the ticket is the one to be taken next (R49)."""
    rows = queue(connection, limit=1)
    return bool(rows) and rows[0]["number"] == number


def _values(record: Record) -> dict[str, Any]:
    ticket, due = record.ticket, record.due
    return {
        "number": ticket.number,
        "before": record.before,
        "status": ticket.status.value,
        "sequence": ticket.sequence,
        "specialist": ticket.specialist,
        "client_id": int(ticket.client) if ticket.client else None,
        "is_routine": not ticket.is_critical,
        "release": ticket.release,
        "review_due": ticket.review_due,
        "due_at": due.at if due else None,
        "due_what": due.what.value if due else "",
        "due_rule": due.rule if due else "",
        "calendar_version": record.calendar_version,
        "closed_at": ticket.closed_at,
        "snapshot": to_json(ticket).decode(),
        "events": to_json(_lines(record.before, record.events)).decode(),
        "letters": to_json([letter.row for letter in record.letters]).decode(),
    }


def _lines(before: int, happened: Sequence[TicketEvent]) -> list[dict[str, Any]]:
    return [
        {
            "sequence": before + place,
            "kind": event.kind,
            "at": event.at,
            "by": event.by,
            "data": to_jsonable_python(event),
        }
        for place, event in enumerate(happened, start=1)
    ]
