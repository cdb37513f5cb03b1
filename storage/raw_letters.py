"""Letters as they came: whole, before anybody reads them, each arrival once.

Carries out R28 and law 1: what a door said it accepted is here, and each is settled by name.
"""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.mail_tables import raw_letters


class RawState(StrEnum):
    """What became of a letter."""

    KEPT = "kept"
    FILED = "filed"
    DUPLICATE = "duplicate"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Place:
    """Where a letter lies in a hosted mailbox: the same place is for ever the same letter."""

    mailbox: str
    uid_validity: int
    uid: int


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A letter at a door, with its envelope; `place` only when it was fetched from a mailbox."""

    content: bytes
    door: str
    received_at: datetime
    envelope_from: str = ""
    envelope_to: tuple[str, ...] = ()
    place: Place | None = None


@dataclass(frozen=True, kw_only=True)
class RawLetter:
    """A letter kept; `digest` is the SHA-256 of its bytes."""

    id: int
    digest: str
    door: str
    envelope_from: str
    envelope_to: tuple[str, ...]
    received_at: datetime
    content: bytes
    state: RawState
    reason: str


COLUMNS = tuple(raw_letters.c[field.name] for field in fields(RawLetter))


def keep(connection: Connection, arrival: Arrival) -> int:
    """Keep a letter and return its id; what was fetched from the same place is kept once."""
    new = insert(raw_letters).values(_values(arrival))
    # Touching the row that is there, rather than doing nothing, returns its id from the same
    # statement, also when another transaction has just put it there.
    same_place = [raw_letters.c.mailbox, raw_letters.c.uid_validity, raw_letters.c.uid]
    kept = new.on_conflict_do_update(index_elements=same_place, set_={"uid": new.excluded.uid})
    id_: int = connection.execute(kept.returning(raw_letters.c.id)).scalar_one()
    return id_


def list_kept(connection: Connection, limit: int) -> tuple[RawLetter, ...]:
    """Return the oldest letters not settled yet; nobody else gets them before the commit."""
    kept = select(*COLUMNS).where(raw_letters.c.state == RawState.KEPT)
    taken = kept.order_by(raw_letters.c.id).limit(limit).with_for_update(skip_locked=True)
    return tuple(_letter(row) for row in connection.execute(taken))


def settle(connection: Connection, id_: int, state: RawState, reason: str = "") -> None:
    """Write what became of the letter, and why where that is not plain."""
    settled = update(raw_letters).where(raw_letters.c.id == id_)
    connection.execute(settled.values(state=state, reason=reason))


def find(connection: Connection, id_: int) -> RawLetter | None:
    """Return a letter, if there is one of this id."""
    row = connection.execute(select(*COLUMNS).where(raw_letters.c.id == id_)).first()
    return _letter(row) if row else None


def find_by_digest(connection: Connection, digest: str) -> RawLetter | None:
    """Return the first letter kept with these bytes, if any."""
    same = select(*COLUMNS).where(raw_letters.c.digest == digest)
    row = connection.execute(same.order_by(raw_letters.c.id).limit(1)).first()
    return _letter(row) if row else None


def content_of(connection: Connection, id_: int) -> bytes:
    """Return the bytes of a letter that is kept."""
    kept = select(raw_letters.c.content).where(raw_letters.c.id == id_)
    content: bytes = connection.execute(kept).scalar_one()
    return content


def digest_of(content: bytes) -> str:
    """Return the digest under which these bytes are found."""
    return sha256(content).hexdigest()


def _values(arrival: Arrival) -> dict[str, Any]:
    own = {name: value for name, value in arrival.__dict__.items() if name != "place"}
    place = {} if arrival.place is None else asdict(arrival.place)
    return {**own, **place, "digest": digest_of(arrival.content)}


def _letter(row: Row[*tuple[Any, ...]]) -> RawLetter:
    values = row._asdict()
    state, recipients = RawState(values["state"]), tuple(values["envelope_to"])
    return RawLetter(**values | {"state": state, "envelope_to": recipients})


def count_kept(connection: Connection) -> int:
    """Return how many letters are kept and not settled yet."""
    kept = select(func.count()).where(raw_letters.c.state == RawState.KEPT)
    return connection.execute(kept).scalar_one()
