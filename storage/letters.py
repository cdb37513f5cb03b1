"""Letters that leave: composed once, stored, and every try and its outcome kept.

Carries out R33, R45, R46, R63 and laws 2 and 3.
"""

import time
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, Update, func, select, text, update

from domain.account_letters import is_account_key
from domain.terms import LetterState
from storage.mail_tables import letters

UNSENT = (LetterState.PREPARED, LetterState.WAITING, LetterState.SENDING)
# A try that began less than a lease ago may still be going on, in a worker that we cannot see.
LEASE = timedelta(seconds=30)
# How the reason of a letter begins that waits because too many automatic ones left (R33).
PAUSED = "автоматические письма приостановлены"


@dataclass(frozen=True, kw_only=True)
class PreparedLetter:
    """A letter as it will leave; the same bytes on every try."""

    key: str
    number: str | None
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
    not_before: datetime | None = None
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
    """A letter in hand for one try; unclear when nobody knows how the try before it ended.

    The link in a letter about an account is dead when it is used up or its time is over.
    `taken_at` is the process's own clock: after a lease the letter may be in another hand.
    """

    key: str
    kind: str
    recipient: str
    message_id: str
    mime: bytes
    is_unclear: bool
    attempts: int
    first_refused_at: datetime | None = None
    is_bouncing: bool = False
    is_urged: bool = False
    is_link_dead: bool = False
    not_before: datetime | None = None
    taken_at: float = field(default_factory=time.monotonic, compare=False)


CLAIM = text("""
WITH before AS (
  SELECT key, state FROM letters
  WHERE key = :key AND (next_try_at IS NULL OR next_try_at <= :at)
    AND (state IN ('prepared', 'waiting')
      OR state = 'sending' AND tried_at < clock_timestamp() - cast(:lease AS interval))
  FOR UPDATE
)
UPDATE letters SET state = 'sending', attempts = attempts + 1, tried_at = clock_timestamp(),
  next_try_at = NULL
FROM before WHERE letters.key = before.key
RETURNING letters.key, kind, recipient, message_id, mime,
          before.state = 'sending' AS is_unclear, attempts, first_refused_at,
          urged_at IS NOT NULL AS is_urged, not_before,
          EXISTS (SELECT FROM bounced_addresses
                  WHERE address = lower(letters.recipient)) AS is_bouncing,
          invitation_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM invitations WHERE id = invitation_id
              AND ended_at IS NULL AND expires_at > :at) AS is_link_dead
""")


def claim(
    connection: Connection, key: str, at: datetime, lease: timedelta = LEASE
) -> Claimed | None:
    """Take a letter in hand for one try at this moment.

    None where it is settled, in another's hand, or its next try has not come.
    """
    row = connection.execute(CLAIM, {"key": key, "at": at, "lease": lease}).first()
    return Claimed(**{**row._mapping, "mime": bytes(row.mime)}) if row else None  # noqa: SLF001 - SQLAlchemy's public name for it


def settle(
    connection: Connection, key: str, state: LetterState, at: datetime, reason: str = ""
) -> None:
    """Write how a try ended; `reason` is the server's answer in its own words.

    The bytes of a letter about an account go with it: a link is kept no longer than it is needed.
    """
    values: dict[str, Any] = {"state": state, "reason": reason, "next_try_at": None}
    if is_account_key(key):
        values["mime"] = b""
    if state is LetterState.ACCEPTED:
        values |= {"accepted_at": at, "leaves_at": None}
    connection.execute(update(letters).where(letters.c.key == key).values(values))


def put_off(
    connection: Connection, claimed: Claimed, at: datetime, next_try_at: datetime, reason: str
) -> None:
    """Put a letter back that the server refused for now, until its next try.

    A try that outlived its lease writes nothing: the letter is in another's hand.
    """
    values = {"state": LetterState.PREPARED, "reason": reason, "next_try_at": next_try_at}
    connection.execute(_tried(claimed, at).values(values))


def leave_unclear(
    connection: Connection, claimed: Claimed, at: datetime, next_try_at: datetime, reason: str
) -> None:
    """Keep a letter in hand of whose try nobody knows the end, until it may be looked up."""
    values = {"reason": reason, "next_try_at": next_try_at}
    connection.execute(_tried(claimed, at).values(values))


def _tried(claimed: Claimed, at: datetime) -> Update:
    is_ours = (letters.c.key == claimed.key) & (letters.c.attempts == claimed.attempts)
    is_in_hand = letters.c.state == LetterState.SENDING
    since = func.coalesce(letters.c.first_refused_at, at)
    return update(letters).where(is_ours, is_in_hand).values(first_refused_at=since)


def give_way(connection: Connection, claimed: Claimed, next_try_at: datetime, reason: str) -> None:
    """Put a letter back that waits for its turn; that was no try."""
    values = {"next_try_at": next_try_at, "reason": reason}
    connection.execute(_untried(claimed.key).values(values))


def postpone(connection: Connection, key: str, leaves_at: datetime, reason: str) -> None:
    """Put a letter back until its window; that was no try."""
    values = {"leaves_at": leaves_at, "reason": reason}
    connection.execute(_untried(key).values(values))


def _untried(key: str) -> Update:
    fewer = func.greatest(letters.c.attempts - 1, 0)
    untried = update(letters).where(letters.c.key == key)
    return untried.values(state=LetterState.WAITING, attempts=fewer)


def move(connection: Connection, keys: Iterable[str], leaves_at: datetime) -> None:
    """Let letters that wait for their window wait for another one; a held one keeps its hold."""
    is_waiting = letters.c.key.in_(tuple(keys)) & (letters.c.state == LetterState.WAITING)
    moved = func.greatest(leaves_at, letters.c.not_before)
    connection.execute(update(letters).where(is_waiting).values(leaves_at=moved))


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
    columns = [column for column in letters.c if column.name not in {"mime", "words"}]
    found = select(*columns).where(letters.c.number == number).order_by(letters.c.sequence)
    return list(connection.execute(found).mappings())


def next_try(connection: Connection, key: str) -> tuple[LetterState, datetime | None] | None:
    """Return where a letter stands and when it is tried again, if there is such a letter."""
    found = select(letters.c.state, letters.c.next_try_at).where(letters.c.key == key)
    row = connection.execute(found).first()
    return (LetterState(row.state), row.next_try_at) if row else None


def states(connection: Connection, keys: Iterable[str]) -> dict[str, LetterState]:
    """Return where each of these letters stands."""
    found = select(letters.c.key, letters.c.state).where(letters.c.key.in_(tuple(keys)))
    return {row.key: LetterState(row.state) for row in connection.execute(found)}


def list_unsent(connection: Connection, number: str) -> list[Row[Any]]:
    """Return key, moment and hold of each letter of the ticket that has yet to leave."""
    is_unsent = (letters.c.number == number) & letters.c.state.in_(UNSENT)
    columns = letters.c.key, letters.c.leaves_at, letters.c.not_before
    return list(connection.execute(select(*columns).where(is_unsent)))


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
