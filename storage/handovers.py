"""What the process must still be told: taken under a lease, done once, retried for ever.

Carries out law 2: the process is told after the commit, as often as needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection, func, select, text, update

from storage.ticket_tables import handovers

LEASE = timedelta(seconds=30)


@dataclass(frozen=True)
class Handover:
    """One thing to tell a ticket's process; `kind` is `start` or the name of a signal."""

    id: int
    number: str
    kind: str
    payload: dict[str, Any]
    attempts: int


ADD = text("""
WITH added AS (
  INSERT INTO handovers (number, kind, payload)
  VALUES (:number, :kind, cast(:payload AS jsonb)) RETURNING id
)
SELECT id, pg_notify('handovers', '') FROM added
""")

CLAIM = text("""
UPDATE handovers SET attempts = attempts + 1, retry_at = :lease
WHERE id IN (
  SELECT id FROM handovers
  WHERE done_at IS NULL AND (retry_at IS NULL OR retry_at <= :now)
  ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
)
RETURNING id, number, kind, payload, attempts
""")


def add(connection: Connection, number: str, kind: str, payload: dict[str, Any]) -> int:
    """Enter something that the ticket's process must be told."""
    values = {"number": number, "kind": kind, "payload": to_json(payload).decode()}
    return int(connection.execute(ADD, values).one().id)


def claim(connection: Connection, now: datetime, limit: int) -> list[Handover]:
    """Take the oldest pending ones for half a minute; nobody else gets them meanwhile."""
    values = {"now": now, "lease": now + LEASE, "limit": limit}
    rows = connection.execute(CLAIM, values)
    return sorted((Handover(*row) for row in rows), key=lambda handover: handover.id)


def finish(connection: Connection, ids: Sequence[int], at: datetime) -> None:
    """Mark these as told."""
    done = update(handovers).where(handovers.c.id.in_(ids))
    connection.execute(done.values(done_at=at, last_error=""))


def fail(connection: Connection, id_: int, retry_at: datetime, error: str) -> None:
    """Put one back until a moment, with what went wrong."""
    put_back = update(handovers).where(handovers.c.id == id_)
    connection.execute(put_back.values(retry_at=retry_at, last_error=error[:500]))


def count_pending(connection: Connection) -> int:
    """Return how many the process has yet to be told."""
    pending = select(func.count()).select_from(handovers).where(handovers.c.done_at.is_(None))
    return connection.execute(pending).scalar_one()


def list_orders(connection: Connection, number: str) -> tuple[Handover, ...]:
    """Return the commands on a ticket that its process has yet to be told, in their order."""
    is_pending = handovers.c.done_at.is_(None) & (handovers.c.kind == "command")
    columns = (handovers.c[name] for name in ("id", "number", "kind", "payload", "attempts"))
    found = select(*columns).where(is_pending, handovers.c.number == number)
    return tuple(Handover(*row) for row in connection.execute(found.order_by(handovers.c.id)))


def next_retry(connection: Connection) -> datetime | None:
    """Return when the next one may be tried, if any is pending."""
    soonest = select(func.min(handovers.c.retry_at)).where(handovers.c.done_at.is_(None))
    return connection.execute(soonest).scalar_one_or_none()
