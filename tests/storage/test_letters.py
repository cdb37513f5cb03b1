"""A letter is in one hand at a time, and every try of it is on record.

R33, R45, R46, R63; laws 2 and 3.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import Connection, select, text

from domain.occurrences import Registered
from domain.terms import Channel, LetterState
from domain.ticket import fold
from storage import letters, tickets
from storage.database import Database
from storage.letters import Claimed, PreparedLetter
from storage.tickets import Record

AT = datetime(2026, 9, 7, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
MIME = b"Subject: a\r\n\r\n\x00\xff.\r\n"
REGISTERED = Registered(at=AT, channel=Channel.WEB, received_at=AT, accepted_at=AT, client="1")
SETTLED = [
    LetterState.ACCEPTED,
    LetterState.BOUNCED,
    LetterState.FAILED,
    LetterState.WITHHELD,
    LetterState.TO_POST,
]
Keep = Callable[..., str]


@pytest.fixture
def keep(enter: Callable[..., str]) -> Keep:
    """Give the way to keep a letter of a new ticket in a state; it returns its key."""

    def keep(connection: Connection, state: LetterState, leaves_at: datetime | None = None) -> str:
        number = enter(connection, f"web:{state}")
        kept = replace(prepared(number, state), leaves_at=leaves_at)
        assert tickets.record(
            connection, Record(fold(number, (REGISTERED,)), (REGISTERED,), (kept,))
        )
        return kept.key

    return keep


def prepared(number: str, state: LetterState) -> PreparedLetter:
    return PreparedLetter(
        key=f"{number}/1/confirmation",
        number=number,
        sequence=1,
        kind="confirmation",
        recipient="anna@sever.example",
        subject=number,
        text="Заявка зарегистрирована.",
        message_id=f"<{number}.1@profman.ru>",
        mime=MIME,
        state=LetterState.PREPARED if state in SETTLED else state,
        prepared_at=AT,
    )


def grow_old(connection: Connection, seconds: int) -> None:
    """Let the last try have begun so much earlier."""
    earlier = text("UPDATE letters SET tried_at = tried_at - make_interval(secs => :seconds)")
    connection.execute(earlier, {"seconds": seconds})


def kept_as(connection: Connection, key: str) -> tuple[str, str, datetime | None]:
    row = letters.find(connection, key)
    assert row is not None
    return row["state"], row["reason"], row["leaves_at"]


@pytest.mark.parametrize("state", [LetterState.PREPARED, LetterState.WAITING])
def test_a_letter_that_has_not_left_is_taken_in_hand_as_it_was_composed(
    database: Database, keep: Keep, state: LetterState
) -> None:  # R33 R46
    with database.transaction() as connection:
        key = keep(connection, state)

        claimed = letters.claim(connection, key, AT)

        assert letters.states(connection, [key]) == {key: LetterState.SENDING}
    assert claimed == Claimed(
        key=key,
        kind="confirmation",
        recipient="anna@sever.example",
        message_id="<PS-000001.1@profman.ru>",
        mime=MIME,
        is_unclear=False,
        attempts=1,
    )


@pytest.mark.parametrize("seconds", [0, 25])
def test_a_letter_whose_try_may_be_under_way_is_in_nobody_elses_hand(
    database: Database, keep: Keep, seconds: int
) -> None:  # R33
    with database.transaction() as connection:
        in_hand = keep(connection, LetterState.SENDING)
        claimed = keep(connection, LetterState.PREPARED)
        letters.claim(connection, claimed, AT)
        grow_old(connection, seconds)

        assert letters.claim(connection, in_hand, AT) is None
        assert letters.claim(connection, claimed, AT) is None


def test_a_letter_whose_try_began_long_ago_is_taken_up_as_unclear(
    database: Database, keep: Keep
) -> None:  # R33
    with database.transaction() as connection:
        key = keep(connection, LetterState.SENDING)
        grow_old(connection, 31)

        claimed = letters.claim(connection, key, AT)

        assert claimed is not None
        assert (claimed.is_unclear, claimed.attempts, claimed.mime) == (True, 2, MIME)
        assert letters.claim(connection, key, AT) is None


@pytest.mark.parametrize("state", SETTLED)
def test_a_settled_letter_is_not_taken_in_hand(
    database: Database, keep: Keep, state: LetterState
) -> None:  # R33
    with database.transaction() as connection:
        key = keep(connection, state)
        letters.settle(connection, key, LetterState.ACCEPTED, AT)
        letters.settle(connection, key, state, AT)
        grow_old(connection, 31)

        assert letters.claim(connection, key, AT) is None


def test_of_several_that_reach_for_a_letter_at_once_one_gets_it(
    database: Database, keep: Keep
) -> None:  # R33
    hands = 6
    together = Barrier(hands)
    with database.transaction() as connection:
        key = keep(connection, LetterState.PREPARED)

    def reach(_: int) -> Claimed | None:
        with database.transaction() as connection:
            connection.execute(select(1))
            together.wait(10)
            return letters.claim(connection, key, AT)

    with ThreadPoolExecutor(hands) as pool:
        claims = list(pool.map(reach, range(hands)))

    assert len([claimed for claimed in claims if claimed is not None]) == 1


def test_an_accepted_letter_has_its_moment_and_the_servers_words(
    database: Database, keep: Keep
) -> None:  # R46
    with database.transaction() as connection:
        key = keep(connection, LetterState.WAITING, leaves_at=AT + HOUR)

        letters.settle(connection, key, LetterState.ACCEPTED, AT + HOUR, "250 OK")

        row = letters.find(connection, key)
        assert kept_as(connection, key) == ("accepted", "250 OK", None)
    assert row is not None
    assert row["accepted_at"] == AT + HOUR


def test_a_letter_refused_for_now_may_be_taken_up_again_at_once(
    database: Database, keep: Keep
) -> None:  # R46
    with database.transaction() as connection:
        key = keep(connection, LetterState.PREPARED)
        letters.claim(connection, key, AT)

        letters.settle(connection, key, LetterState.PREPARED, AT, "451 Later")
        again = letters.claim(connection, key, AT)

    assert again is not None
    assert (again.is_unclear, again.attempts) == (False, 2)


def test_a_postponed_letter_shows_until_when_and_why(database: Database, keep: Keep) -> None:  # R45
    with database.transaction() as connection:
        key = keep(connection, LetterState.SENDING)

        letters.postpone(connection, key, AT + HOUR, "outside working time (R45)")

        assert kept_as(connection, key) == ("waiting", "outside working time (R45)", AT + HOUR)
        assert letters.count_leaving(connection, AT) == 0
        assert letters.count_leaving(connection, AT + HOUR) == 1


def test_a_new_window_moves_only_letters_that_wait_for_one(
    database: Database, keep: Keep
) -> None:  # R45
    with database.transaction() as connection:
        waiting = keep(connection, LetterState.WAITING, leaves_at=AT)
        in_hand = keep(connection, LetterState.SENDING, leaves_at=AT)

        letters.move(connection, [waiting, in_hand], AT + HOUR)

        assert kept_as(connection, waiting)[2] == AT + HOUR
        assert kept_as(connection, in_hand)[2] == AT


def test_a_letter_that_came_back_is_found_by_its_message_id(
    database: Database, keep: Keep
) -> None:  # R33 R63
    with database.transaction() as connection:
        key = keep(connection, LetterState.PREPARED)
        letters.settle(connection, key, LetterState.ACCEPTED, AT, "250 OK")

        line = letters.bounce(connection, "<PS-000001.1@profman.ru>", AT + HOUR, "5.1.1")

        row = letters.find(connection, key)
    assert line is not None
    assert row is not None
    assert (line["key"], line["number"]) == (key, "PS-000001")
    assert (row["state"], row["reason"]) == ("bounced", "5.1.1")
    assert (row["accepted_at"], row["bounced_at"]) == (AT, AT + HOUR)


@pytest.mark.parametrize(
    "message_id", ["<PS-000001.1@profman.ru>", "<another@profman.ru>"], ids=["unsent", "unknown"]
)
def test_a_letter_that_never_left_cannot_come_back(
    database: Database, keep: Keep, message_id: str
) -> None:  # R33
    with database.transaction() as connection:
        key = keep(connection, LetterState.PREPARED)

        assert letters.bounce(connection, message_id, AT, "5.1.1") is None

        assert kept_as(connection, key)[0] == "prepared"


def test_a_letter_is_stuck_when_it_should_have_left_and_did_not(
    database: Database, keep: Keep
) -> None:  # R46
    with database.transaction() as connection:
        stuck = keep(connection, LetterState.PREPARED)
        keep(connection, LetterState.WAITING, leaves_at=AT + 9 * HOUR)
        gone = keep(connection, LetterState.SENDING)
        letters.settle(connection, gone, LetterState.ACCEPTED, AT)

        found = letters.list_stuck(connection, AT + HOUR)

        assert [row["key"] for row in found] == [stuck]
        assert letters.list_stuck(connection, AT) == []


@pytest.mark.parametrize("state", [LetterState.PREPARED, LetterState.WAITING, LetterState.SENDING])
def test_what_has_yet_to_leave_is_listed_until_it_has_left(
    database: Database, keep: Keep, state: LetterState
) -> None:  # R33 R46
    with database.transaction() as connection:
        key = keep(connection, state, leaves_at=AT)

        before = letters.list_unsent(connection, "PS-000001")
        letters.settle(connection, key, LetterState.ACCEPTED, AT)

        assert [(row.key, row.leaves_at) for row in before] == [(key, AT)]
        assert letters.list_unsent(connection, "PS-000001") == []
