"""Who of us looks at which ticket now, and who is writing: forgotten when nobody says so again.

Carries out F53, U5: two people do not answer one client unawares. Nothing of it survives a crash of
the server, and nothing needs to.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, text

from storage.console_tables import presence
from storage.people_tables import staff

LASTS = timedelta(seconds=40)

SEE = text("""
WITH before AS (
  SELECT is_writing FROM presence
  WHERE staff_id = :staff_id AND number = :number AND seen_at > :fresh
), seen AS (
  INSERT INTO presence (staff_id, number, is_writing, seen_at)
  VALUES (:staff_id, :number, :is_writing, :at)
  ON CONFLICT (staff_id, number)
    DO UPDATE SET is_writing = excluded.is_writing, seen_at = excluded.seen_at
  RETURNING is_writing
)
SELECT pg_notify('tickets', :number) FROM seen
WHERE NOT EXISTS (SELECT FROM before WHERE before.is_writing = seen.is_writing)
""")
LEFT = text("SELECT pg_notify('tickets', :number)")


@dataclass(frozen=True)
class Present:
    """One of us at a ticket."""

    name: str
    is_writing: bool


def see(
    connection: Connection, staff_id: int, number: str, at: datetime, *, is_writing: bool
) -> None:
    """Note that somebody is at a ticket; others are told where that is new."""
    values = {"staff_id": staff_id, "number": number, "is_writing": is_writing, "at": at}
    connection.execute(SEE, {**values, "fresh": at - LASTS})


def leave(connection: Connection, staff_id: int, number: str) -> None:
    """Note that somebody has gone, and forget whoever was not seen for long."""
    gone = (presence.c.staff_id == staff_id) & (presence.c.number == number)
    if connection.execute(delete(presence).where(gone).returning(presence.c.number)).first():
        connection.execute(LEFT, {"number": number})


def list_at(
    connection: Connection, numbers: Iterable[str], at: datetime, but: int
) -> dict[str, tuple[Present, ...]]:
    """Return who is at each of these tickets, whoever asks left out, in the order of names."""
    found = (
        select(presence.c.number, staff.c.name, presence.c.is_writing)
        .join_from(presence, staff, staff.c.id == presence.c.staff_id)
        .where(presence.c.number.in_(tuple(numbers)), presence.c.seen_at > at - LASTS)
        .where(presence.c.staff_id != but)
        .order_by(staff.c.name)
    )
    there: defaultdict[str, tuple[Present, ...]] = defaultdict(tuple)
    for number, name, is_writing in connection.execute(found):
        there[number] += (Present(name, is_writing),)
    return dict(there)


def forget(connection: Connection, at: datetime) -> None:
    """Drop whoever was not seen for long."""
    connection.execute(delete(presence).where(presence.c.seen_at <= at - LASTS))
