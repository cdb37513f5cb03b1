"""What a person must look at: each stays open until somebody settles it.

Carries out R32, Q9, Q12 and law 1: nothing unreadable or undeliverable goes unseen.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, insert, select, update

from storage.mail_tables import review_items

Kind = Literal[
    "unreadable",
    "thanks",
    "undeliverable",
    "to_post",
    "possible_link",
    "reused_id",
    "infected",
    "account_letter",
]
COLUMNS = tuple(
    review_items.c[name]
    for name in ("id", "kind", "reason", "created_at", "number", "raw_id", "message_id")
)


@dataclass(frozen=True)
class ReviewItem:
    """Something to look at, why, and the ticket, letter or message it is about."""

    id: int
    kind: Kind
    reason: str
    created_at: datetime
    number: str | None
    raw_id: int | None
    message_id: int | None


def add(  # noqa: PLR0913 - one for each column that a caller fills
    connection: Connection,
    kind: Kind,
    *,
    reason: str,
    number: str | None = None,
    raw_id: int | None = None,
    message_id: int | None = None,
) -> int:
    """Put something before people; return the id of its item."""
    about = {"number": number, "raw_id": raw_id, "message_id": message_id}
    new = insert(review_items).values(kind=kind, reason=reason, **about)
    id_: int = connection.execute(new.returning(review_items.c.id)).scalar_one()
    return id_


def list_open(connection: Connection) -> tuple[ReviewItem, ...]:
    """Return what nobody has settled yet, oldest first."""
    waiting = select(*COLUMNS).where(review_items.c.settled_at.is_(None))
    rows = connection.execute(waiting.order_by(review_items.c.id))
    return tuple(ReviewItem(*row) for row in rows)


def find(connection: Connection, id_: int) -> ReviewItem | None:
    """Return an item, open or settled."""
    row = connection.execute(select(*COLUMNS).where(review_items.c.id == id_)).first()
    return ReviewItem(*row) if row else None


def settle(connection: Connection, id_: int, by: str, at: datetime) -> bool:
    """Take an item off the list; return false when that is done already."""
    is_open = (review_items.c.id == id_) & review_items.c.settled_at.is_(None)
    settled = update(review_items).where(is_open).values(settled_at=at, settled_by=by)
    return connection.execute(settled.returning(review_items.c.id)).first() is not None
