"""Letters that leave: composed once, stored, and every try and its outcome kept.

Carries out R33, R45, R46, R63 and laws 2 and 3.
"""

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, func, select, text, update

from domain.terms import LetterState
from storage.mail_tables import letters

UNSENT = (LetterState.PREPARED, LetterState.WAITING, LetterState.SENDING)


@dataclass(frozen=True, kw_only=True)
class PreparedLetter:
    """A letter as it will leave; the same bytes on every try."""

    key: str
    number: str
    sequence: int
    kind: str
    recipient: str
    subject: str
    text: str
    message_id: str
    mime: bytes
    state: LetterState
    prepared_at: datetime
    leaves_at: datetime | None = None
    reason: str = ""

    @property
    def is_in_hand(self) -> bool:
        """Tell whether it is given to the post in the same breath as it is stored."""
        return self.state is LetterState.SENDING

    @property
    def row(self) -> dict[str, Any]:
        """Return its columns as JSON can carry them."""
        return {**self.__dict__, "mime": b64encode(self.mime).decode()}


@dataclass(frozen=True)
class Claimed:
    """A letter in hand for one try; unclear when nobody knows how the try before it ended."""

    key: str
    kind: str
    recipient: str
    message_id: str
    mime: bytes
    is_unclear: bool
    attempts: int


# A try that began less than a lease ago may still be going on, in a worker that we cannot see.
CLAIM = text("""
WITH before AS (
  SELECT key, state FROM letters
  WHERE key = :key AND (state IN ('prepared', 'waiting')
    OR state = 'sending' AND tried_at < clock_timestamp() - interval '30 seconds')
  FOR UPDATE
)
UPDATE letters SET state = 'sending', attempts = attempts + 1, tried_at = clock_timestamp()
FROM before WHERE letters.key = before.key
RETURNING letters.key, kind, recipient, message_id, mime,
          before.state = 'sending' AS is_unclear, attempts
""")


def claim(connection: Connection, key: str) -> Claimed | None:
    """Take a letter in hand for one try; None where it is settled or in another's hand."""
    row = connection.execute(CLAIM, {"key": key}).first()
    return Claimed(**{**row._mapping, "mime": bytes(row.mime)}) if row else None  # noqa: SLF001 - SQLAlchemy's public name for it


def settle(
    connection: Connection, key: str, state: LetterState, at: datetime, reason: str = ""
) -> None:
    """Write how a try ended; `reason` is the server's answer in its own words."""
    values: dict[str, Any] = {"state": state, "reason": reason}
    if state is LetterState.ACCEPTED:
        values |= {"accepted_at": at, "leaves_at": None}
    connection.execute(update(letters).where(letters.c.key == key).values(values))


def postpone(connection: Connection, key: str, leaves_at: datetime, reason: str) -> None:
    """Put a letter back until a moment: its window, or its next try."""
    values = {"state": LetterState.WAITING, "leaves_at": leaves_at, "reason": reason}
    connection.execute(update(letters).where(letters.c.key == key).values(values))


def move(connection: Connection, keys: Iterable[str], leaves_at: datetime) -> None:
    """Let letters that wait for their window wait for another one."""
    is_waiting = letters.c.key.in_(tuple(keys)) & (letters.c.state == LetterState.WAITING)
    connection.execute(update(letters).where(is_waiting).values(leaves_at=leaves_at))


def bounce(connection: Connection, message_id: str, at: datetime, reason: str) -> RowMapping | None:
    """Mark the accepted letter with this Message-ID as come back; return its line, if any."""
    written = (
        update(letters)
        .where(letters.c.message_id == message_id, letters.c.accepted_at.is_not(None))
        .values(state=LetterState.BOUNCED, bounced_at=at, reason=reason)
        .returning(letters.c.key, letters.c.number)
    )
    return connection.execute(written).mappings().first()


def find(connection: Connection, key: str) -> RowMapping | None:
    """Return the letter of this key, if there is one."""
    return connection.execute(select(letters).where(letters.c.key == key)).mappings().first()


def list_for(connection: Connection, number: str) -> list[RowMapping]:
    """Return the ticket's letters in the order of their causes, without their bytes."""
    columns = [column for column in letters.c if column.name != "mime"]
    found = select(*columns).where(letters.c.number == number).order_by(letters.c.sequence)
    return list(connection.execute(found).mappings())


def states(connection: Connection, keys: Iterable[str]) -> dict[str, LetterState]:
    """Return where each of these letters stands."""
    found = select(letters.c.key, letters.c.state).where(letters.c.key.in_(tuple(keys)))
    return {row.key: LetterState(row.state) for row in connection.execute(found)}


def list_unsent(connection: Connection, number: str) -> list[Row[Any]]:
    """Return the key and the moment of each letter of the ticket that has yet to leave."""
    is_unsent = (letters.c.number == number) & letters.c.state.in_(UNSENT)
    return list(connection.execute(select(letters.c.key, letters.c.leaves_at).where(is_unsent)))


def list_stuck(connection: Connection, before: datetime) -> list[RowMapping]:
    """Return letters that should have left before that moment and did not."""
    due = letters.c.leaves_at.is_(None) | (letters.c.leaves_at < before)
    found = select(letters.c.key, letters.c.number, letters.c.state, letters.c.reason).where(
        letters.c.state.in_(UNSENT), letters.c.prepared_at < before, due
    )
    return list(connection.execute(found.order_by(letters.c.prepared_at)).mappings())


def count_leaving(connection: Connection, at: datetime) -> int:
    """Return how many letters should be gone by that moment and are still here."""
    is_due = letters.c.leaves_at.is_(None) | (letters.c.leaves_at <= at)
    leaving = select(func.count()).select_from(letters).where(letters.c.state.in_(UNSENT), is_due)
    return connection.execute(leaving).scalar_one()
