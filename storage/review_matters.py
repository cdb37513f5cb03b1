"""What a person must look at, with all that is needed to decide: one statement for a whole list.

Carries out R28, R32, R33, R46, R64; Q8, Q9. However much waits, a list reads a bounded part of it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from sqlalchemy import Connection, func, select, text

from storage.mail_tables import review_items
from storage.review_items import COLUMNS, Kind, ReviewItem

CAP = 1000
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, kw_only=True)
class Matter:
    """An item that waits and what it is about; what is not known of it is empty.

    `subject`, `client_name`, `phone` and `merged_into` are its ticket's; `said` is how its message
    begins, `sender` who wrote it or sent the letter; `letter` is the subject of a letter of ours.
    """

    item: ReviewItem
    subject: str
    client_name: str
    phone: str
    merged_into: str
    said: str
    sender: str
    came_at: datetime | None
    size_bytes: int | None
    letter: str


READ = text("""
SELECT item.id, item.kind, item.reason, item.created_at, item.number, item.raw_id, item.message_id,
       coalesce(requests.subject, '') AS subject,
       coalesce(clients.name, nullif(requests.name, ''), requests.address, '') AS client_name,
       coalesce(requests.phone, '') AS phone,
       coalesce(tickets.snapshot ->> 'merged_into', '') AS merged_into,
       left(coalesce(message.visible_text, ''), 600) AS said,
       coalesce(nullif(message.sender_name, ''), nullif(message.sender_address, ''),
                raw.envelope_from, '') AS sender,
       raw.received_at AS came_at, octet_length(raw.content) AS size_bytes,
       coalesce(letters.subject, '') AS letter
FROM (SELECT * FROM review_items
      WHERE settled_at IS NULL AND (:kind = '' OR kind = :kind) ORDER BY id LIMIT :limit) AS item
LEFT JOIN requests ON requests.number = item.number
LEFT JOIN tickets ON tickets.number = item.number
LEFT JOIN clients ON clients.id = tickets.client_id
LEFT JOIN messages AS message ON message.id = item.message_id
LEFT JOIN raw_letters AS raw ON raw.id = item.raw_id
LEFT JOIN letters ON item.kind = 'to_post' AND letters.key = item.reason
ORDER BY item.id
""")


def list_open(connection: Connection, limit: int, kind: Kind | None = None) -> tuple[Matter, ...]:
    """Return what nobody has settled yet, oldest first, of one kind or of all."""
    rows = connection.execute(READ, {"kind": kind or "", "limit": limit}).mappings()
    own = tuple(column.name for column in COLUMNS)
    return tuple(
        Matter(
            item=ReviewItem(**{name: row[name] for name in own}),
            **{name: value for name, value in row.items() if name not in own},
        )
        for row in rows
    )


def count_open(connection: Connection) -> dict[Kind, int]:
    """Return how much waits of each kind among the oldest thousand."""
    waiting = select(review_items.c.kind).where(review_items.c.settled_at.is_(None))
    some = waiting.order_by(review_items.c.id).limit(CAP).subquery()
    counted = select(some.c.kind, func.count()).group_by(some.c.kind)
    found = {row[0]: row[1] for row in connection.execute(counted)}
    return {kind: found.get(kind, 0) for kind in KINDS}
