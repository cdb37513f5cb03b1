"""How mail stands at a moment: what waits on its way in, what waits on its way out, and why.

Carries out R28, R33, R46 and law 1: nothing hangs unseen.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, text

from storage import mailboxes
from storage.letters import list_stuck
from storage.mailboxes import Mailbox

COUNT = text("""
SELECT
  (SELECT count(*) FROM raw_letters WHERE state = 'kept') AS unfiled,
  (SELECT min(received_at) FROM raw_letters WHERE state = 'kept') AS oldest_unfiled_at,
  (SELECT max(received_at) FROM raw_letters) AS last_letter_at,
  (SELECT count(*) FROM review_items
   WHERE kind = 'unreadable' AND settled_at IS NULL) AS unreadable,
  (SELECT count(*) FROM letters WHERE state IN ('prepared', 'waiting', 'sending')) AS unsent,
  (SELECT count(*) FROM bounced_addresses) AS bounced_addresses,
  (SELECT count(*) FROM file_scans WHERE state = 'held') AS held_files
""")


@dataclass(frozen=True)
class MailStatus:
    """How mail stands.

    `unfiled` letters are kept and not filed yet; `unsent` ones have yet to leave, `overdue` are
    those of them whose moment has passed, oldest first, each with what it waits for.
    """

    unfiled: int
    oldest_unfiled_at: datetime | None
    last_letter_at: datetime | None
    unreadable: int
    unsent: int
    bounced_addresses: int
    held_files: int
    overdue: tuple[RowMapping, ...]
    mailboxes: tuple[Mailbox, ...]


def read(connection: Connection, at: datetime) -> MailStatus:
    """Return how mail stands at this moment."""
    counts = connection.execute(COUNT).mappings().one()
    overdue = tuple(list_stuck(connection, at))
    return MailStatus(**counts, overdue=overdue, mailboxes=mailboxes.list_all(connection))
