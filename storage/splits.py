"""Tickets made of one message of another: each message once, linked both ways by its key.

Carries out R6, R33, R49; U11 and law 2. The new ticket takes its place from the message's moment.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection, text

from domain.terms import TicketKind
from storage.requests import Entry, carry_files, register, registration_of

KEY = "split:"  # and the message's id: of one message there is one ticket


@dataclass(frozen=True)
class Splits:
    """From which ticket one was split off, and what was split off it, by the message's id."""

    origin: str = ""
    opened: Mapping[int, str] = field(default_factory=dict)


READ = text("""
SELECT origin.number, NULL AS message_id
FROM requests JOIN messages AS first ON first.id = requests.message_id
JOIN messages AS origin ON origin.id =
  CASE WHEN first.key LIKE 'split:%' THEN substr(first.key, 7)::bigint END
WHERE requests.number = :number
UNION ALL
SELECT opened.number, origin.id
FROM messages AS origin JOIN messages AS opened ON opened.key = 'split:' || origin.id
WHERE origin.number = :number AND origin.direction = 'in'
""")


def split(  # noqa: PLR0913 - the message, and what its ticket is to be
    connection: Connection,
    number: str,
    message_id: int,
    *,
    subject: str,
    kind: TicketKind,
    accepted_at: datetime,
) -> Entry:
    """Open a ticket of one message, for the same people; the same message again is the same ticket.

    Raises:
        UnknownMessageError: when there is no such message, or no such ticket.

    """
    carried = registration_of(connection, number, message_id, accepted_at)
    # Its Message-ID stays with the first ticket: answers to the message go on coming there.
    own = replace(
        carried, key=f"{KEY}{message_id}", subject=subject, kind=kind, follow_up_of="", header_id=""
    )
    entry = register(connection, own)
    if entry.is_new:
        carry_files(connection, message_id, entry.message_id)
    return entry


def read(connection: Connection, number: str) -> Splits:
    """Return how a ticket is linked to others by splitting, in one statement."""
    rows = connection.execute(READ, {"number": number}).all()
    origin = next((row.number for row in rows if row.message_id is None), "")
    return Splits(origin, {row.message_id: row.number for row in rows if row.message_id})
