"""A letter is kept byte for byte before anybody reads it, and each is settled once."""

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from sqlalchemy.exc import IntegrityError

from storage import raw_letters
from storage.database import Database
from storage.raw_letters import Arrival, Place, RawLetter, RawState

AT = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
BYTES = b"Subject: \xff\xfe\x00 not even a letter\r\n\r\n\x00"
ARRIVAL = Arrival(
    content=BYTES,
    door="smtp",
    received_at=AT,
    envelope_from="o.belova@sever.example",
    envelope_to=("lanskov@profman.ru", "office@profman.ru"),
)
FETCHED = replace(ARRIVAL, door="imap", place=Place("support", 7, 41))


def test_a_letter_is_kept_byte_for_byte_with_its_envelope(database: Database) -> None:  # R28
    with database.transaction() as connection:
        id_ = raw_letters.keep(connection, ARRIVAL)

        kept = raw_letters.list_kept(connection, 10)

    assert kept == (
        RawLetter(
            id=id_,
            digest=sha256(BYTES).hexdigest(),
            door="smtp",
            envelope_from="o.belova@sever.example",
            envelope_to=("lanskov@profman.ru", "office@profman.ru"),
            received_at=AT,
            content=BYTES,
            state=RawState.KEPT,
            reason="",
        ),
    )


def test_the_same_place_of_a_mailbox_is_kept_once(database: Database) -> None:
    with database.transaction() as connection:
        id_ = raw_letters.keep(connection, FETCHED)

        again = raw_letters.keep(connection, FETCHED)

        assert again == id_
        assert len(raw_letters.list_kept(connection, 10)) == 1


@pytest.mark.parametrize(
    "place", [Place("support", 7, 42), Place("support", 8, 41), Place("archive", 7, 41)]
)
def test_another_place_is_another_letter(database: Database, place: Place) -> None:
    with database.transaction() as connection:
        id_ = raw_letters.keep(connection, FETCHED)

        assert raw_letters.keep(connection, replace(FETCHED, place=place)) != id_


def test_the_same_bytes_at_a_door_twice_are_two_arrivals(database: Database) -> None:
    with database.transaction() as connection:
        first = raw_letters.keep(connection, ARRIVAL)
        second = raw_letters.keep(connection, ARRIVAL)

        found = raw_letters.find_by_digest(connection, raw_letters.digest_of(BYTES))

    assert found is not None
    assert (found.id, second > first) == (first, True)


def test_bytes_that_never_came_are_not_found(database: Database) -> None:
    with database.transaction() as connection:
        assert raw_letters.find_by_digest(connection, raw_letters.digest_of(b"")) is None


def test_letters_are_taken_oldest_first_and_by_one_only(database: Database) -> None:
    with database.transaction() as connection:
        first, second, third = (raw_letters.keep(connection, ARRIVAL) for _ in range(3))

    with database.transaction() as one, database.transaction() as other:
        taken = [letter.id for letter in raw_letters.list_kept(one, 2)]
        left = [letter.id for letter in raw_letters.list_kept(other, 2)]

    assert (taken, left) == ([first, second], [third])


@pytest.mark.parametrize("state", [RawState.FILED, RawState.DUPLICATE, RawState.UNREADABLE])
def test_a_settled_letter_is_not_taken_again_and_tells_why(
    database: Database, state: RawState
) -> None:
    with database.transaction() as connection:
        raw_letters.settle(connection, raw_letters.keep(connection, ARRIVAL), state, "почему")

        found = raw_letters.find_by_digest(connection, raw_letters.digest_of(BYTES))

        assert raw_letters.list_kept(connection, 10) == ()
        assert found is not None
        assert (found.state, found.reason, found.content) == (state, "почему", BYTES)


def test_a_letter_that_cannot_be_kept_is_an_error_and_not_another_letter(
    database: Database,
) -> None:
    nowhere = replace(ARRIVAL, door=None)  # type: ignore[arg-type] # what a faulty caller does

    with pytest.raises(IntegrityError), database.transaction() as connection:
        raw_letters.keep(connection, nowhere)
