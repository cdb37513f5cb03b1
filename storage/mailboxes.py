"""How far each hosted mailbox has been read: everything up to the cursor is kept with us.

Carries out R28 and law 1.
"""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from storage.mail_tables import mailboxes


@dataclass(frozen=True)
class Mailbox:
    """A mailbox read up to `uid` (RFC 3501, 2.3.1.1); a sweep at `swept_at` counted its letters."""

    name: str
    uid_validity: int
    uid: int
    swept_at: datetime | None = None
    counted: int = 0


def find(connection: Connection, name: str) -> Mailbox | None:
    """Return how far the mailbox has been read, if ever."""
    row = connection.execute(select(mailboxes).where(mailboxes.c.name == name)).first()
    return Mailbox(row.name, row.uid_validity, row.uid, row.swept_at, row.counted) if row else None


def put(connection: Connection, mailbox: Mailbox) -> None:
    """Write how far the mailbox has been read."""
    values = asdict(mailbox)
    new = insert(mailboxes).values(values)
    connection.execute(new.on_conflict_do_update(index_elements=[mailboxes.c.name], set_=values))
