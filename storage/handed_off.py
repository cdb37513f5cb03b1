"""What lies with development: each ticket with the evidence it was handed over with.

Carries out R19, R48; U13. Read from the register, the oldest hand-over first.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class HandedOff:
    """A ticket that waits for development's outcome, and what support found out."""

    number: str
    subject: str
    client_name: str
    handed_at: datetime
    by: str
    evidence: str


HANDED = text("""
SELECT tickets.number, requests.subject, coalesce(clients.name, requests.name) AS client_name,
       gave.at, coalesce(staff.name, '') AS by, coalesce(messages.text, '') AS evidence
FROM tickets JOIN requests USING (number)
LEFT JOIN clients ON clients.id = tickets.client_id
CROSS JOIN LATERAL (
  SELECT at, by, data FROM events WHERE number = tickets.number AND kind = 'handed_off'
  ORDER BY sequence DESC LIMIT 1
) AS gave
LEFT JOIN staff ON 'specialist:' || staff.id = gave.by OR 'head:' || staff.id = gave.by
LEFT JOIN messages ON messages.id = (gave.data ->> 'evidence')::bigint
WHERE tickets.closed_at IS NULL AND tickets.status = 'in_development'
ORDER BY tickets.received_at, tickets.number LIMIT :limit
""")


def list_handed_off(connection: Connection, limit: int = 100) -> tuple[HandedOff, ...]:
    """Return what lies with development, in order of arrival."""
    return tuple(HandedOff(*row) for row in connection.execute(HANDED, {"limit": limit}))
