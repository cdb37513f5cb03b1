"""Who is at a ticket is known while they say so, told when it changes, and forgotten in silence.

F53, U5.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import make_url

from domain.terms import Role
from storage import people, presence
from storage.database import Database
from storage.presence import LASTS, Present

AT = datetime(2026, 9, 7, 9, 30, tzinfo=UTC)
NUMBER = "PS-000001"
NOBODY = 0
A_WHILE = 0.5


@pytest.fixture
def olga(database: Database) -> int:
    with database.transaction() as connection:
        return people.put_staff(connection, "olga", "Ольга", "", Role.SPECIALIST).id


@pytest.fixture
def ear(database: Database) -> Iterator[psycopg.Connection]:
    plain = make_url(database.url).set(drivername="postgresql")
    with psycopg.connect(plain.render_as_string(hide_password=False), autocommit=True) as listener:
        listener.execute("LISTEN tickets")
        yield listener


def see(database: Database, who: int, at: datetime = AT, *, is_writing: bool = False) -> None:
    with database.transaction() as connection:
        presence.see(connection, who, NUMBER, at, is_writing=is_writing)


def there(database: Database, at: datetime = AT, but: int = NOBODY) -> tuple[Present, ...]:
    with database.transaction() as connection:
        return presence.list_at(connection, [NUMBER], at, but).get(NUMBER, ())


def test_whoever_looks_is_seen_by_the_others_and_not_by_themselves(
    database: Database, olga: int
) -> None:  # F53
    see(database, olga)

    assert there(database) == (Present("Ольга", is_writing=False),)
    assert there(database, but=olga) == ()


def test_writing_takes_the_place_of_looking(database: Database, olga: int) -> None:  # F53
    see(database, olga)
    see(database, olga, is_writing=True)

    assert there(database) == (Present("Ольга", is_writing=True),)


def test_whoever_falls_silent_is_gone_after_forty_seconds(
    database: Database, olga: int
) -> None:  # F53
    see(database, olga)

    assert there(database, AT + LASTS - timedelta(seconds=1))
    assert there(database, AT + LASTS) == ()


def test_whoever_leaves_is_gone_at_once(database: Database, olga: int) -> None:  # F53
    see(database, olga)

    with database.transaction() as connection:
        presence.leave(connection, olga, NUMBER)

    assert there(database) == ()


def test_the_others_are_told_of_a_change_and_of_nothing_else(
    database: Database, olga: int, ear: psycopg.Connection
) -> None:  # F53
    see(database, olga)
    see(database, olga, AT + timedelta(seconds=15))
    see(database, olga, AT + timedelta(seconds=30), is_writing=True)
    with database.transaction() as connection:
        presence.leave(connection, olga, NUMBER)
        presence.leave(connection, olga, NUMBER)

    told = [news.payload for news in ear.notifies(timeout=A_WHILE)]

    assert told == [NUMBER] * 3  # came, writes, left


def test_whoever_comes_back_after_a_silence_is_told_of_again(
    database: Database, olga: int, ear: psycopg.Connection
) -> None:  # F53
    see(database, olga)
    see(database, olga, AT + LASTS + timedelta(seconds=1))

    assert len(list(ear.notifies(timeout=A_WHILE))) == 2


def test_what_nobody_says_any_more_is_dropped(database: Database, olga: int) -> None:  # F53
    see(database, olga)

    with database.transaction() as connection:
        presence.forget(connection, AT + LASTS)

    assert there(database) == ()
