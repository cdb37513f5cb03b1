"""A mailbox remembers how far it has been read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from storage import mailboxes
from storage.database import Database
from storage.mailboxes import SENTENCES, Fault, Mailbox

NOW = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)
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


def test_each_letter_counts_once_and_the_cursor_never_goes_back(database: Database) -> None:
    with database.transaction() as connection:
        for uid in (7, 5):
            mailboxes.count_one(connection, "support", 1, uid)
        mailboxes.sweep(connection, Mailbox("support", 1, 6, NOW, there=2, ours=1))
        found = mailboxes.find(connection, "support")

        mailboxes.count_one(connection, "support", 2, 1)
        anew = mailboxes.find(connection, "support")

    assert found == Mailbox("support", 1, 7, NOW, counted=2, there=2, ours=1)
    assert anew == replace(found, uid_validity=2, uid=1, counted=3)


def test_what_ails_a_mailbox_is_over_when_a_later_sweep_is(database: Database) -> None:  # R28
    with database.transaction() as connection:
        mailboxes.fail(connection, "support", Fault.LOGIN, NOW)
        (never_read,) = mailboxes.list_all(connection)
        mailboxes.sweep(connection, replace(READ, swept_at=NOW + A_MINUTE))
        (read,) = mailboxes.list_all(connection)
        mailboxes.fail(connection, "support", Fault.MOVE, NOW + A_MINUTE)
        (failing,) = mailboxes.list_all(connection)

    assert (never_read.ails, never_read.fault, never_read.swept_at) == (True, Fault.LOGIN, None)
    assert (read.ails, read.fault) == (False, Fault.LOGIN)
    assert (failing.ails, failing.fault) == (True, Fault.MOVE)


def test_every_fault_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Fault)


def test_one_has_the_mailbox_at_a_time(database: Database) -> None:  # R28
    with database.transaction() as one, database.transaction() as other:
        turns = [
            mailboxes.take_turn(one, "support"),
            mailboxes.take_turn(other, "support"),
            mailboxes.take_turn(other, "archive"),
        ]

    assert turns == [True, False, True]
