"""A client's own tickets as the cabinet lists them: what is open first, what ended last after it.

Carries out R2, K5, K11. Each list is one statement that goes down one index and ends with a page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from domain.terms import DeferralReason, Status

Place = tuple[datetime, str]


@dataclass(frozen=True, kw_only=True)
class ClientLine:
    """A ticket in a client's list; moments are aware. `changed_at` is when it last went on.

    `is_told` tells whether a letter about its present state has left.
    """

    number: str
    subject: str
    author: str
    status: Status
    deferral: DeferralReason | None
    received_at: datetime
    closed_at: datetime | None
    changed_at: datetime
    is_told: bool

    @property
    def place(self) -> Place:
        """Return where it stands among what has ended, or has come."""
        return (self.closed_at or self.received_at, self.number)


COLUMNS = """
  tickets.number, requests.subject, requests.name AS author, tickets.status,
  tickets.snapshot ->> 'deferral' AS deferral, tickets.received_at, tickets.closed_at,
  coalesce((SELECT at FROM events WHERE events.number = tickets.number
            ORDER BY sequence DESC LIMIT 1), tickets.received_at) AS changed_at,
  EXISTS (SELECT FROM letters WHERE letters.number = tickets.number
            AND letters.sequence = cast(tickets.snapshot ->> 'entered_by' AS integer)
            AND letters.state <> 'waiting' AND letters.cancelled_at IS NULL) AS is_told
FROM tickets JOIN requests ON requests.number = tickets.number
WHERE tickets.client_id = :client_id AND (cast(:user_id AS bigint) IS NULL
                                          OR requests.user_id = :user_id)
"""
OPEN = text(f"""
SELECT {COLUMNS} AND tickets.closed_at IS NULL AND NOT tickets.is_merged
ORDER BY tickets.is_routine, tickets.received_at, tickets.number LIMIT :limit
""")
CLOSED = text(f"""
SELECT {COLUMNS} AND tickets.closed_at IS NOT NULL
  AND (cast(:at AS timestamptz) IS NULL OR (tickets.closed_at, tickets.number) < (:at, :number))
ORDER BY tickets.closed_at DESC, tickets.number DESC LIMIT :limit
""")
NAMED = text(f"""
SELECT {COLUMNS} AND tickets.number = ANY(:numbers)
ORDER BY tickets.received_at DESC, tickets.number DESC
""")


@dataclass(frozen=True)
class Whose:
    """Whose tickets are listed: a client's; of one user of theirs where one is named."""

    client_id: int
    user_id: int | None = None


def list_open(connection: Connection, whose: Whose, limit: int) -> tuple[ClientLine, ...]:
    """Return open tickets in their order; merged ones go on elsewhere and stand in no list."""
    return _read(connection, OPEN, whose, limit=limit)


def list_closed(
    connection: Connection, whose: Whose, limit: int, after: Place | None = None
) -> tuple[ClientLine, ...]:
    """Return closed tickets, what ended last first, from after that place."""
    at, number = after or (None, "")
    return _read(connection, CLOSED, whose, limit=limit, at=at, number=number)


def list_named(connection: Connection, whose: Whose, numbers: list[str]) -> tuple[ClientLine, ...]:
    """Return those of the numbers that are the client's, what came last first."""
    return _read(connection, NAMED, whose, numbers=numbers)


def _read(
    connection: Connection,
    statement: Any,  # noqa: ANN401 - a TextClause, which SQLAlchemy types no further
    whose: Whose,
    **more: object,
) -> tuple[ClientLine, ...]:
    values = {"client_id": whose.client_id, "user_id": whose.user_id, **more}
    return tuple(map(_line, connection.execute(statement, values).mappings()))


def _line(row: Mapping[Any, Any]) -> ClientLine:
    deferral = DeferralReason(row["deferral"]) if row["deferral"] else None
    return ClientLine(**{**row, "status": Status(row["status"]), "deferral": deferral})
