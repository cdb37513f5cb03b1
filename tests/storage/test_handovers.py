"""What a process must be told is told under a lease: by one, again until it is done, then never.

R16, R53; law 2.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import Connection, select, text

from storage import handovers
from storage.database import Database
from storage.handovers import LEASE, Handover

AT = datetime(2026, 9, 7, 9, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NUMBER = "PS-000007"


def add(connection: Connection, count: int = 1) -> list[int]:
    return [
        handovers.add(connection, NUMBER, "client_message", {"message": place})
        for place in range(count)
    ]


def ids(claimed: list[Handover]) -> list[int]:
    return [handover.id for handover in claimed]


def claim_and_die(database: Database) -> None:
    with database.transaction() as connection:
        handovers.claim(connection, AT, 10)
        raise ConnectionError


def test_the_oldest_are_taken_first_and_as_many_as_asked_for(database: Database) -> None:  # R53
    with database.transaction() as connection:
        added = add(connection, 3)

        claimed = handovers.claim(connection, AT, 2)

    assert claimed == [
        Handover(added[0], NUMBER, "client_message", {"message": 0}, 1),
        Handover(added[1], NUMBER, "client_message", {"message": 1}, 1),
    ]


def test_a_lease_keeps_others_away_until_it_runs_out(database: Database) -> None:
    with database.transaction() as connection:
        [added] = add(connection)
        handovers.claim(connection, AT, 10)

        meanwhile = handovers.claim(connection, AT + LEASE - SECOND, 10)
        afterwards = handovers.claim(connection, AT + LEASE, 10)

    assert meanwhile == []
    assert [(each.id, each.attempts) for each in afterwards] == [(added, 2)]


def test_of_two_relays_in_the_middle_of_claiming_neither_waits_for_the_other(
    database: Database,
) -> None:
    with database.transaction() as connection:
        added = add(connection, 3)

    with database.transaction() as one, database.transaction() as other:
        other.execute(text("SET LOCAL lock_timeout = '2s'"))
        first, second = handovers.claim(one, AT, 2), handovers.claim(other, AT, 2)

    assert (ids(first), ids(second)) == (added[:2], added[2:])


def test_each_is_given_to_one_of_several_relays_at_once(database: Database) -> None:
    relays = 5
    together = Barrier(relays)
    with database.transaction() as connection:
        added = add(connection, 40)

    def claim(_: int) -> list[int]:
        with database.transaction() as connection:
            connection.execute(select(1))
            together.wait(10)
            return ids(handovers.claim(connection, AT, 10))

    with ThreadPoolExecutor(relays) as pool:
        taken = [each for claimed in pool.map(claim, range(relays)) for each in claimed]

    assert sorted(taken) == added


def test_a_claim_of_a_relay_that_died_is_given_up(database: Database) -> None:
    with database.transaction() as connection:
        added = add(connection)
    with pytest.raises(ConnectionError):
        claim_and_die(database)

    with database.transaction() as connection:
        assert ids(handovers.claim(connection, AT, 10)) == added


def test_a_failed_one_comes_back_at_its_moment(database: Database) -> None:
    retry_at = AT + timedelta(minutes=2)
    with database.transaction() as connection:
        [added] = add(connection)
        handovers.claim(connection, AT, 10)

        handovers.fail(connection, added, retry_at, "the engine is away")

        assert handovers.next_retry(connection) == retry_at
        assert handovers.claim(connection, retry_at - SECOND, 10) == []
        assert ids(handovers.claim(connection, retry_at, 10)) == [added]


def test_one_that_fails_holds_up_no_other(database: Database) -> None:
    with database.transaction() as connection:
        first, second = add(connection, 2)
        handovers.claim(connection, AT, 1)
        handovers.fail(connection, first, AT + LEASE, "the engine is away")

        assert ids(handovers.claim(connection, AT, 10)) == [second]


def test_a_finished_one_never_comes_back(database: Database) -> None:  # R16
    with database.transaction() as connection:
        first, second = add(connection, 2)
        handovers.claim(connection, AT, 10)

        handovers.finish(connection, [first], AT)

        assert ids(handovers.claim(connection, AT + timedelta(days=365), 10)) == [second]
        assert handovers.count_pending(connection) == 1


def test_when_nothing_is_pending_nothing_is_tried_again(database: Database) -> None:
    with database.transaction() as connection:
        added = add(connection, 2)
        handovers.claim(connection, AT, 10)

        handovers.finish(connection, added, AT)

        assert handovers.next_retry(connection) is None
        assert handovers.count_pending(connection) == 0


def test_the_relay_is_woken_by_what_is_added(
    database: Database, wake_ups: Callable[[], int]
) -> None:  # R53
    with database.transaction() as connection:
        add(connection)

    assert wake_ups() == 1
