"""A ticket as one line of a list: what staff see before they open it, read for a page at once.

Carries out R5, R47, R50 (the reason of a jump stands beside it), R64; U1.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, FromClause, Row, Select, Text, cast, literal_column, select

from domain.terms import Status, Turn
from domain.ticket import Ticket
from storage.people_tables import clients, staff
from storage.ticket_tables import requests
from storage.tickets import TICKET

Place = tuple[bool, datetime, str]
Lines = Select[*tuple[Any, ...]]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A ticket in a list; moments are aware.

    `ticket` is the ticket as its process last recorded it: criticality, deferral, moments, flags.
    `sender` is who wrote, where no client is known. `jump_reason` are the words with which the
    criticality was confirmed last, where it stands out of turn. `client_wrote_at` is when a client
    wrote after our last word, if one did.
    """

    number: str
    subject: str
    status: Status
    turn: Turn
    client_id: int | None
    client_name: str
    sender: str
    specialist: str
    specialist_name: str
    is_routine: bool
    received_at: datetime
    due_at: datetime | None
    due_what: str
    due_rule: str
    closed_at: datetime | None
    jump_reason: str
    client_wrote_at: datetime | None
    ticket: Ticket

    @property
    def place(self) -> Place:
        """Return where it stands in the queue, or among what is closed."""
        return (self.is_routine, self.closed_at or self.received_at, self.number)


# What is ours for the client to read; a client's message after it waits for us.
JUMP_REASON = """(
  SELECT said.text FROM events JOIN messages AS said ON said.id = (events.data ->> 'text')::bigint
  WHERE events.number = chosen.number AND events.kind = 'criticality_confirmed'
    AND NOT chosen.is_routine
  ORDER BY events.sequence DESC LIMIT 1)"""
CLIENT_WROTE_AT = """(
  SELECT max(at) FROM events WHERE number = chosen.number AND kind = 'client_answered'
    AND sequence > (
      SELECT coalesce(max(sequence), 0) FROM events WHERE number = chosen.number
        AND (kind IN ('answered', 'client_asked', 'deferred', 'handed_off', 'access_requested',
                      'escalation_answered', 'closing_began')
             OR kind = 'returned_from_development' AND data ->> 'outcome' = 'needs_information')))
"""
COLUMNS = (
    *("number", "status", "turn", "client_id", "specialist", "is_routine", "received_at"),
    *("due_at", "due_what", "due_rule", "closed_at", "snapshot"),
)


def read(connection: Connection, lines: Lines) -> tuple[Line, ...]:
    """Return the lines that the statement asks for."""
    return tuple(map(_line, connection.execute(lines)))


def lines_of(chosen: FromClause, *, is_newest_first: bool = False) -> Lines:
    """Return the statement for chosen rows of `tickets`: as the queue goes, or as they closed."""
    of = chosen.alias("chosen")
    place = (of.c.is_routine, of.c.received_at, of.c.number)
    ended = (of.c.closed_at.desc(), of.c.number.desc())
    return (
        select(
            *(of.c[name] for name in COLUMNS),
            requests.c.subject,
            clients.c.name.label("client_name"),
            requests.c.name,
            requests.c.address,
            staff.c.name.label("specialist_name"),
            literal_column(JUMP_REASON).label("jump_reason"),
            literal_column(CLIENT_WROTE_AT).label("client_wrote_at"),
        )
        .join_from(of, requests, requests.c.number == of.c.number)
        .outerjoin(clients, clients.c.id == of.c.client_id)
        .outerjoin(staff, cast(staff.c.id, Text) == of.c.specialist)
        .order_by(*(ended if is_newest_first else place))
    )


def _line(row: Row[*tuple[Any, ...]]) -> Line:
    told = row._mapping  # noqa: SLF001 - its public name for reading a row by its columns
    return Line(
        **{name: told[name] for name in COLUMNS if name != "snapshot"}
        | {"status": Status(row.status), "turn": Turn(row.turn)},
        subject=row.subject,
        client_name=row.client_name or "",
        sender=row.name or row.address,
        specialist_name=row.specialist_name or "",
        jump_reason=row.jump_reason or "",
        client_wrote_at=row.client_wrote_at,
        ticket=TICKET.validate_python(row.snapshot),
    )
