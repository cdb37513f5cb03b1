"""Every file waits for the scanner, is claimed by one at a time, and shown when infected: Q14."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from storage import files, messages, review_items, scans
from storage.database import Database
from storage.files import Attachment
from storage.messages import StaffText
from storage.scans import RETRY_AFTER, Scan, ScanState

AT = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
FIRST, SECOND = "1" * 64, "2" * 64
INFECTED = Scan(ScanState.INFECTED, "Test.Signature")


def carry(connection: Connection, digests: Sequence[str], number: str = "PS-000001") -> int:
    """Enter a message that carries these files."""
    id_ = messages.add_staff_text(connection, StaffText(number, "Файл", "head:1", AT))
    carried = [Attachment(f"{digest[0]}.exe", "x/y", digest, 1) for digest in digests]
    files.add(connection, id_, carried)
    return id_


def test_a_new_file_is_held_from_its_first_moment(database: Database) -> None:  # Q14
    with database.transaction() as connection:
        id_ = carry(connection, [FIRST, FIRST])

        assert [file.scan for file in files.list_for(connection, id_)] == [Scan(), Scan()]
        assert scans.claim(connection, AT) == FIRST
        assert scans.count_held(connection) == 1


def test_what_the_scanner_said_stays_said_when_the_file_comes_again(database: Database) -> None:
    with database.transaction() as connection:
        carry(connection, [FIRST])
        scans.settle(connection, FIRST, Scan(ScanState.CLEAN), AT)
        again = carry(connection, [FIRST])

        assert [file.scan.state for file in files.list_for(connection, again)] == [ScanState.CLEAN]
        assert scans.claim(connection, AT) is None


def test_a_file_in_hand_is_claimed_by_nobody_else(database: Database) -> None:
    with database.transaction() as connection:
        carry(connection, [FIRST])
        carry(connection, [SECOND])
    with database.transaction() as one, database.transaction() as other:
        claimed = [scans.claim(one, AT), scans.claim(other, AT)]

        assert sorted(map(str, claimed)) == [FIRST, SECOND]
        with database.transaction() as third:
            assert scans.claim(third, AT) is None


def test_an_unclear_answer_lets_others_go_first_and_is_asked_again(database: Database) -> None:
    with database.transaction() as connection:
        carry(connection, [FIRST])
        scans.settle(connection, FIRST, Scan(reason="unclear"), AT)

        assert scans.claim(connection, AT + RETRY_AFTER - timedelta(seconds=1)) is None
        assert scans.claim(connection, AT + RETRY_AFTER) == FIRST


def test_each_message_with_an_infected_file_is_put_before_people(database: Database) -> None:
    with database.transaction() as connection:
        one = carry(connection, [FIRST], "PS-000001")
        two = carry(connection, [FIRST, FIRST, SECOND], "PS-000002")
        scans.settle(connection, FIRST, INFECTED, AT)

        items = review_items.list_open(connection)

    assert [(item.kind, item.number, item.message_id, item.reason) for item in items] == [
        ("infected", "PS-000001", one, "1.exe: Test.Signature"),
        ("infected", "PS-000002", two, "1.exe: Test.Signature"),
    ]


def test_an_infected_file_that_comes_again_is_put_before_people_again(database: Database) -> None:
    with database.transaction() as connection:
        carry(connection, [FIRST])
        scans.settle(connection, FIRST, INFECTED, AT)
        again = carry(connection, [FIRST, SECOND], "PS-000007")

        last = review_items.list_open(connection)[-1]

    assert (last.kind, last.number, last.message_id) == ("infected", "PS-000007", again)
    assert last.reason == "1.exe: Test.Signature"


def test_all_that_waits_says_why_once(database: Database) -> None:
    with database.transaction() as connection:
        id_ = carry(connection, [FIRST, SECOND])
        scans.settle(connection, SECOND, Scan(ScanState.CLEAN), AT)

        assert scans.explain_held(connection, "away")
        assert not scans.explain_held(connection, "away")
        told = [file.scan for file in files.list_for(connection, id_)]

    assert told == [Scan(reason="away"), Scan(ScanState.CLEAN)]


def test_a_file_from_before_there_were_scans_is_held_and_entered(database: Database) -> None:
    with database.transaction() as connection:
        id_ = carry(connection, [FIRST])
        connection.execute(text("DELETE FROM file_scans"))
        held = [file.scan for file in files.list_for(connection, id_)]
        scans.enter_unknown(connection)

        assert held == [Scan()]
        assert scans.claim(connection, AT) == FIRST
