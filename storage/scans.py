"""What a scanner said of each file: every file waits for it, whether or not there is a scanner yet.

Carries out R42, Q14, law 1: letters wait for no scanner; a file that it has not cleared, or does
not know, is held, so that nothing is shown because somebody forgot to ask.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, Select, func, or_, select, text, update

from storage import review_items
from storage.file_tables import file_scans
from storage.ticket_tables import attachments, messages

CHANNEL = "file_scans"
RETRY_AFTER = timedelta(minutes=1)  # a file of which the scanner's answer was unclear


class ScanState(StrEnum):
    """What a scanner said of a file."""

    HELD = "held"
    CLEAN = "clean"
    INFECTED = "infected"


@dataclass(frozen=True)
class Scan:
    """What is known of a file, and why it is held or called infected."""

    state: ScanState = ScanState.HELD
    reason: str = ""


ENTER = text("""
INSERT INTO file_scans (digest)
SELECT digest FROM files WHERE NOT EXISTS (
  SELECT FROM file_scans WHERE file_scans.digest = files.digest
)
ON CONFLICT DO NOTHING
""")


def enter_unknown(connection: Connection) -> None:
    """Enter the files that came before files were entered here."""
    connection.execute(ENTER)


def claim(connection: Connection, now: datetime) -> str | None:
    """Take in hand the file that waits longest; nobody else gets it before the commit."""
    columns = file_scans.c
    may_be_tried = or_(columns.scanned_at.is_(None), columns.scanned_at <= now - RETRY_AFTER)
    waiting = select(columns.digest).where(columns.state == ScanState.HELD, may_be_tried)
    taken = waiting.order_by(columns.created_at).limit(1).with_for_update(skip_locked=True)
    return connection.execute(taken).scalar_one_or_none()


def settle(connection: Connection, digest: str, said: Scan, at: datetime) -> None:
    """Write what the scanner said; people see each message that carries an infected file."""
    told = {"state": said.state, "reason": said.reason, "scanned_at": at}
    connection.execute(update(file_scans).where(file_scans.c.digest == digest).values(told))
    if said.state is ScanState.INFECTED:
        for row in connection.execute(_carriers(digest)):
            reason = f"{row.name}: {said.reason}"
            about = {"number": row.number, "message_id": row.message_id}
            review_items.add(connection, "infected", reason=reason, **about)


def explain_held(connection: Connection, reason: str) -> bool:
    """Say of every file that waits why it does; return whether that is new of any."""
    columns = file_scans.c
    others = select(columns.digest).where(columns.state == ScanState.HELD, columns.reason != reason)
    free = others.with_for_update(skip_locked=True)
    told = update(file_scans).where(columns.digest.in_(free)).values(reason=reason)
    return connection.execute(told.returning(columns.digest)).first() is not None


def find(connection: Connection, digests: Collection[str]) -> dict[str, Scan]:
    """Return what is known of each of these files."""
    columns = file_scans.c
    known = select(columns.digest, columns.state, columns.reason)
    rows = connection.execute(known.where(columns.digest.in_(digests))) if digests else ()
    found = {row.digest: Scan(ScanState(row.state), row.reason) for row in rows}
    return {digest: found.get(digest, Scan()) for digest in digests}


def _carriers(digest: str) -> Select[tuple[str | None, int, str]]:
    """Select the messages that carry the file, with the names that it has there."""
    carried = select(messages.c.number, attachments.c.message_id, attachments.c.name)
    of_messages = carried.join_from(attachments, messages).where(attachments.c.digest == digest)
    return of_messages.distinct().order_by(attachments.c.message_id)


def count_held(connection: Connection) -> int:
    """Return how many files wait for the scanner."""
    held = select(func.count()).where(file_scans.c.state == ScanState.HELD)
    return connection.execute(held).scalar_one()
