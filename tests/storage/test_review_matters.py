"""What waits for people is read whole in one statement, bounded, with the ticket it is about."""

from datetime import UTC, datetime

from storage import raw_letters, review_items, review_matters
from storage.database import Database
from storage.raw_letters import Arrival

AT = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)


def put(database: Database, *kinds: review_items.Kind) -> list[int]:
    with database.transaction() as connection:
        return [review_items.add(connection, kind, reason="почему") for kind in kinds]


def test_what_waits_stands_oldest_first_and_no_more_of_it_than_asked(
    database: Database,
) -> None:  # law 1
    ids = put(database, "undeliverable", "to_post", "undeliverable")

    with database.transaction() as connection:
        some = review_matters.list_open(connection, 2)
        undelivered = review_matters.list_open(connection, 9, "undeliverable")

    assert [one.item.id for one in some] == ids[:2]
    assert [one.item.id for one in undelivered] == [ids[0], ids[2]]


def test_what_is_settled_is_counted_no_more(database: Database) -> None:  # law 1
    first, _ = put(database, "infected", "infected")

    with database.transaction() as connection:
        review_items.settle(connection, first, "staff:1", AT)
        counts = review_matters.count_open(connection)

    assert counts["infected"] == 1
    assert sum(counts.values()) == 1


def test_a_letter_that_could_not_be_read_is_shown_with_its_sender_and_size(
    database: Database,
) -> None:  # R28 F8
    with database.transaction() as connection:
        arrival = Arrival(
            content=b"x" * 3000, door="lmtp", received_at=AT, envelope_from="a@alpha.example"
        )
        raw_id = raw_letters.keep(connection, arrival)
        review_items.add(connection, "unreadable", reason="почему", raw_id=raw_id)

        (matter,) = review_matters.list_open(connection, 9)

    assert (matter.sender, matter.size_bytes, matter.came_at) == ("a@alpha.example", 3000, AT)
    assert not matter.subject
