"""A release tells the tickets that wait for it, once, and nobody else."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from domain.terms import Status
from storage import releases
from storage.database import Database

Enter = Callable[..., str]

AT = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
TOLD = text("SELECT number, payload FROM handovers WHERE kind = 'release_published' ORDER BY id")
IMPATIENTLY = text("SET LOCAL lock_timeout = '100ms'")


def told(connection: Connection) -> list[tuple[str, dict[str, str]]]:
    return [(row.number, row.payload) for row in connection.execute(TOLD)]


def test_a_release_tells_every_ticket_that_waits_for_it(
    database: Database, enter: Enter
) -> None:  # R21 R56
    with database.transaction() as connection:
        first = enter(connection, "web:1", status=Status.AWAITING_RELEASE, release="9.1")
        second = enter(connection, "web:2", status=Status.AWAITING_RELEASE, release="9.1")
        enter(connection, "web:3", status=Status.AWAITING_RELEASE, release="9.2")
        enter(connection, "web:4", status=Status.IN_DIAGNOSIS, release="9.1")

        waiting = releases.publish(connection, "9.1", "development:1", AT)

        assert waiting == (first, second)
        assert told(connection) == [(first, {"release": "9.1"}), (second, {"release": "9.1"})]


def test_a_release_published_again_tells_nobody_twice(database: Database, enter: Enter) -> None:
    with database.transaction() as connection:
        number = enter(connection, "web:1", status=Status.AWAITING_RELEASE, release="9.1")
        releases.publish(connection, "9.1", "development:1", AT)

        again = releases.publish(connection, "9.1", "development:2", AT)

        assert again == (number,)
        assert told(connection) == [(number, {"release": "9.1"})]


def test_a_release_is_out_from_its_publication(database: Database) -> None:
    with database.transaction() as connection:
        assert not releases.is_published(connection, "9.1")

        assert releases.publish(connection, "9.1", "development:1", AT) == ()

        assert releases.is_published(connection, "9.1")
        assert not releases.is_published(connection, "9.10")


def test_the_relay_is_woken_by_a_release(database: Database, wake_ups: Callable[[], int]) -> None:
    with database.transaction() as connection:
        releases.publish(connection, "9.1", "development:1", AT)

    assert wake_ups() == 1


def test_no_ticket_begins_to_wait_unseen_while_its_release_is_published(
    database: Database, enter: Enter
) -> None:
    with database.transaction() as connection:
        number = enter(connection, "web:1", status=Status.IN_DIAGNOSIS)
    wait = text("UPDATE tickets SET status = 'awaiting_release', release = '9.1' WHERE number = :n")

    with database.transaction() as publishing:
        releases.publish(publishing, "9.1", "development:1", AT)

        with database.transaction() as waiting:
            waiting.execute(IMPATIENTLY)
            with pytest.raises(OperationalError, match="lock timeout"):
                waiting.execute(wait, {"n": number})
