"""A mailbox remembers how far it has been read."""

from dataclasses import replace
from datetime import UTC, datetime

from storage import mailboxes
from storage.database import Database
from storage.mailboxes import Mailbox

READ = Mailbox("support", uid_validity=7, uid=41)


def test_a_mailbox_never_read_has_no_cursor(database: Database) -> None:
    with database.transaction() as connection:
        assert mailboxes.find(connection, "support") is None


def test_the_cursor_is_the_last_one_written(database: Database) -> None:
    swept = replace(READ, uid=42, swept_at=datetime(2026, 9, 7, 8, 30, tzinfo=UTC), counted=42)
    with database.transaction() as connection:
        mailboxes.put(connection, READ)
        mailboxes.put(connection, replace(READ, name="archive"))

        mailboxes.put(connection, swept)

        assert mailboxes.find(connection, "support") == swept
        assert mailboxes.find(connection, "archive") == replace(READ, name="archive")
