"""Who of us was called in a note and has yet to see it.

Carries out U8 and law 2: a mention is entered with the note's own event, and never twice.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from domain.events import Noted
from domain.mentions import mentioned
from storage import messages


@dataclass(frozen=True)
class Mention:
    """A note that calls somebody: on which ticket, at which place of its journal, by whom."""

    number: str
    sequence: int
    subject: str
    by: str
    words: str
    at: datetime
    is_seen: bool

    @property
    def address(self) -> str:
        """Return where the note stands."""
        return f"/tickets/{self.number}#n{self.sequence}"


ADD = text("""
INSERT INTO mentions (staff_id, number, sequence, message_id, by, at)
SELECT staff.id, :number, :sequence, :message_id, :by, :at FROM staff
WHERE lower(staff.login) = ANY(:logins) AND staff.id::text <> split_part(:by, ':', 2)
ON CONFLICT DO NOTHING
""")
SEE = text("""
WITH seen AS (
  UPDATE mentions SET seen_at = :at
  WHERE staff_id = :staff_id AND number = :number AND seen_at IS NULL RETURNING number
)
SELECT pg_notify('tickets', number) FROM seen LIMIT 1
""")
LIST = text("""
SELECT mentions.number, mentions.sequence, requests.subject, coalesce(author.name, ''),
       messages.text, mentions.at, mentions.seen_at IS NOT NULL
FROM mentions JOIN requests USING (number) JOIN messages ON messages.id = mentions.message_id
LEFT JOIN staff AS author ON author.id::text = split_part(mentions.by, ':', 2)
WHERE mentions.staff_id = :staff_id
ORDER BY mentions.seen_at IS NOT NULL, mentions.at DESC, mentions.number LIMIT :limit
""")


def keep(connection: Connection, number: str, placed: Iterable[tuple[int, Noted]]) -> None:
    """Enter whom these notes call; each stands at its place of the ticket's journal."""
    for sequence, note in placed:
        logins = mentioned(messages.find_text(connection, number, note.text))
        if logins:
            values = {"number": number, "sequence": sequence, "message_id": note.text}
            told = {"by": note.by, "at": note.at, "logins": sorted(logins)}
            connection.execute(ADD, {**values, **told})


def see(connection: Connection, staff_id: int, number: str, at: datetime) -> None:
    """Note that somebody has opened the ticket; their open pages are told where that is new."""
    connection.execute(SEE, {"staff_id": staff_id, "number": number, "at": at})


def list_of(connection: Connection, staff_id: int, limit: int = 10) -> tuple[Mention, ...]:
    """Return the notes that call somebody: the unseen first, the newest before the older."""
    rows = connection.execute(LIST, {"staff_id": staff_id, "limit": limit})
    return tuple(Mention(*row) for row in rows)
