"""How often somebody has tried to sign in, counted for every gateway alike.

Carries out R2: what is counted is named by the caller; a count is forgotten after a while, so that
the register keeps no more of them than were made in that time.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, case, delete, update
from sqlalchemy.dialects.postgresql import insert

from storage.sign_in_tables import sign_in_attempts as attempts

WINDOW = timedelta(minutes=15)


def count(connection: Connection, name: str, now: datetime) -> tuple[int, datetime]:
    """Count one more attempt; return how many there are and when they are forgotten."""
    connection.execute(delete(attempts).where(attempts.c.since <= now - WINDOW))
    is_over = attempts.c.since <= now - WINDOW
    first = insert(attempts).values(key=_key(name), wrong=1, since=now)
    again = first.on_conflict_do_update(
        index_elements=[attempts.c.key],
        set_={
            "wrong": case((is_over, 1), else_=attempts.c.wrong + 1),
            "since": case((is_over, now), else_=attempts.c.since),
        },
    ).returning(attempts.c.wrong, attempts.c.since)
    wrong, since = connection.execute(again).one()
    return wrong, since + WINDOW


def forget(connection: Connection, name: str) -> None:
    """Forget every attempt counted by this name: one of them was right."""
    connection.execute(delete(attempts).where(attempts.c.key == _key(name)))


def take_back(connection: Connection, names: Iterable[str]) -> None:
    """Count one attempt less by these names: it was right, or never looked at."""
    for name in names:
        one = update(attempts).where(attempts.c.key == _key(name), attempts.c.wrong > 0)
        connection.execute(one.values(wrong=attempts.c.wrong - 1))


def _key(name: str) -> bytes:
    return sha256(name.encode()).digest()
