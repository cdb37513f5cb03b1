"""What staff change about a letter that waits: kept back for good, or sent at once (R45, law 7).

Each change holds only while the letter waits: one that has left is left alone, and the caller told.
"""

from datetime import datetime

from sqlalchemy import Connection, Row, select, update

from domain.terms import LetterState
from storage.mail_tables import letters


class LetterMovedError(Exception):
    """The letter does not wait any more; whoever counted on it must look again."""


def find_waiting(connection: Connection, key: str) -> Row[tuple[bytes]] | None:
    """Return the bytes of a letter that still waits for its moment, if it does."""
    is_waiting = (letters.c.key == key) & (letters.c.state == LetterState.WAITING)
    return connection.execute(select(letters.c.mime).where(is_waiting)).first()


def cancel(connection: Connection, key: str, at: datetime, reason: str) -> None:
    """Keep a waiting letter back for good.

    Raises:
        LetterMovedError: when it does not wait any more.

    """
    kept_back = {"state": LetterState.WITHHELD, "reason": reason, "cancelled_at": at}
    _change(connection, key, kept_back | {"leaves_at": None, "next_try_at": None})


def urge(  # noqa: PLR0913, PLR0917 - the columns that one override fills together
    connection: Connection, key: str, at: datetime, by: str, why: str, mime: bytes
) -> None:
    """Let a waiting letter leave at once, its bytes dated by the moment at which it does.

    Raises:
        LetterMovedError: when it does not wait any more.

    """
    urged = {"urged_at": at, "urged_by": by, "urged_why": why, "mime": mime}
    _change(connection, key, urged | {"leaves_at": at, "next_try_at": None})


def _change(connection: Connection, key: str, values: dict[str, object]) -> None:
    is_waiting = (letters.c.key == key) & (letters.c.state == LetterState.WAITING)
    changed = connection.execute(update(letters).where(is_waiting).values(values))
    if changed.rowcount == 0:
        raise LetterMovedError(key)
