"""Whatever changes on a ticket is announced with its number and owner when it is committed.

U1, K11: lists and tickets show the truth without a reload.
"""

from collections.abc import Callable, Iterator
from datetime import date

import psycopg
import pytest
from sqlalchemy import Connection, make_url, text

from storage import people
from storage.database import Database

Announced = Callable[[], list[str]]
ALLA = {
    "client_code": "alpha",
    "client_name": "Альфа",
    "contract_starts_on": "2026-01-01",
    "login": "alla",
    "user_name": "Алла",
    "email": "alla@alpha.example",
}
LETTER = """
INSERT INTO letters (key, number, sequence, kind, recipient, subject, text, message_id, mime,
                     state, prepared_at)
VALUES ('k', :number, 1, 'answer', 'a@b.example', '', '', '<k@profman.ru>', '', 'prepared', now())
"""
MESSAGE = (
    "INSERT INTO messages (number, direction, channel, at) VALUES (:number, 'in', 'web', now())"
)
REVIEW = "INSERT INTO review_items (kind, number, reason) VALUES ('thanks', :number, '')"


@pytest.fixture
def announced(database: Database) -> Iterator[Announced]:
    """Give the way to hear what was announced since the start, of which one must come."""
    plain = make_url(database.url).set(drivername="postgresql")
    with psycopg.connect(plain.render_as_string(hide_password=False), autocommit=True) as listener:
        listener.execute("LISTEN tickets")
        yield lambda: [heard.payload for heard in listener.notifies(timeout=10, stop_after=1)]


@pytest.fixture
def number(database: Database, enter: Callable[[Connection, str], str]) -> str:
    """Give a ticket that stands in the register before anybody listens."""
    with database.transaction() as connection:
        return enter(connection, "a")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE tickets SET sequence = sequence + 1 WHERE number = :number",
        MESSAGE,
        LETTER,
        REVIEW,
    ],
)
def test_every_change_of_a_ticket_is_announced(
    number: str, announced: Announced, database: Database, change: str
) -> None:  # U1
    with database.transaction() as connection:
        connection.execute(text(change), {"number": number})

    assert announced() == [f"{number} 0 0"]


def test_changes_of_one_transaction_are_announced_once(
    number: str, announced: Announced, database: Database
) -> None:  # U1
    with database.transaction() as connection:
        for _ in range(3):
            connection.execute(text(MESSAGE), {"number": number})

    assert announced() == [f"{number} 0 0"]


def test_what_is_not_committed_is_not_announced(
    number: str, announced: Announced, database: Database
) -> None:  # U1
    with database.transaction() as connection:
        connection.execute(text(MESSAGE), {"number": "PS-999999"})
        connection.rollback()
    with database.transaction() as connection:
        connection.execute(text(MESSAGE), {"number": number})

    assert announced() == [f"{number} 0 0"]


def test_something_to_look_at_that_is_of_no_ticket_is_announced_without_a_number(
    announced: Announced, database: Database
) -> None:  # U1
    with database.transaction() as connection:
        connection.execute(text(REVIEW), {"number": None})

    assert announced() == [""]


def test_whose_ticket_it_is_comes_with_its_number(
    number: str, announced: Announced, database: Database
) -> None:  # K11
    with database.transaction() as connection:
        people.import_clients(connection, [ALLA])
        alla = people.find_user_by_login(connection, "alla", date(2026, 9, 7))
        assert alla is not None
        whose = {"number": number, "client": alla.client_id, "user": alla.user_id}
        connection.execute(
            text("UPDATE requests SET user_id = :user WHERE number = :number"), whose
        )
        connection.execute(
            text("UPDATE tickets SET client_id = :client WHERE number = :number"), whose
        )

    assert announced() == [f"{number} {alla.client_id} {alla.user_id}"]
