"""What one of us has typed and not sent: kept by person and place until it is sent (U6).

A form has a key of its own. What is sent under a key is over: a save that was still on its way
when the form was sent changes nothing any more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic_core import to_json
from sqlalchemy import Connection, delete, select, text

from storage.draft_tables import drafts


@dataclass(frozen=True)
class Draft:
    """Unsent words: the key of their form, what stands in its fields, when they were saved."""

    place: str
    key: str
    fields: Mapping[str, str]
    saved_at: datetime


PUT = text("""
INSERT INTO drafts (staff_id, place, key, fields, saved_at)
VALUES (:staff_id, :place, :key, cast(:fields AS jsonb), :at)
ON CONFLICT (staff_id, place) DO UPDATE
  SET key = excluded.key, fields = excluded.fields, saved_at = excluded.saved_at
  WHERE drafts.sent_key <> excluded.key
RETURNING key
""")
SENT = text("""
INSERT INTO drafts (staff_id, place, key, sent_key, saved_at)
VALUES (:staff_id, :place, :key, :key, :at)
ON CONFLICT (staff_id, place) DO UPDATE
  SET key = excluded.key, fields = '{}', sent_key = excluded.key, saved_at = excluded.saved_at
  WHERE drafts.key IN (excluded.key, drafts.sent_key)
""")
SENT_BESIDE = text("""
UPDATE drafts SET sent_key = :key
WHERE staff_id = :staff_id AND place = :place AND key <> :key
""")


def put(connection: Connection, staff_id: int, draft: Draft) -> bool:
    """Keep what was typed instead of what was kept before; return false where it was sent."""
    fields = to_json(draft.fields).decode()
    values = {"staff_id": staff_id, "place": draft.place, "key": draft.key, "fields": fields}
    return connection.execute(PUT, {**values, "at": draft.saved_at}).first() is not None


def mark_sent(connection: Connection, staff_id: int, place: str, key: str, at: datetime) -> None:
    """Forget what was typed: the form of this key has been sent.

    What another form holds for the same place, as in a second window, stays.
    """
    values = {"staff_id": staff_id, "place": place, "key": key}
    connection.execute(SENT, {**values, "at": at})
    connection.execute(SENT_BESIDE, values)


def list_at(connection: Connection, staff_id: int, prefix: str) -> dict[str, Draft]:
    """Return the unsent drafts of somebody by their places, which all begin with the prefix."""
    is_ours = (drafts.c.staff_id == staff_id) & drafts.c.place.startswith(prefix, autoescape=True)
    columns = (drafts.c.place, drafts.c.key, drafts.c.fields, drafts.c.saved_at)
    found = select(*columns).where(is_ours, drafts.c.sent_key != drafts.c.key)
    return {row.place: Draft(*row) for row in connection.execute(found)}


def drop(connection: Connection, staff_id: int, place: str, key: str) -> None:
    """Throw away what was typed into the form of this key."""
    is_it = (drafts.c.staff_id == staff_id) & (drafts.c.place == place) & (drafts.c.key == key)
    connection.execute(delete(drafts).where(is_it))
