"""What a person must see stays on the list until one person settles it."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import IntegrityError

from storage import raw_letters, review_items
from storage.database import Database
from storage.raw_letters import Arrival

AT = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)


def test_an_item_tells_what_it_is_about_and_why(database: Database) -> None:
    arrival = Arrival(content=b"\x00", door="smtp", received_at=AT)
    with database.transaction() as connection:
        raw_id = raw_letters.keep(connection, arrival)

        id_ = review_items.add(connection, "unreadable", raw_id=raw_id, reason="нет заголовков")

        (item,) = review_items.list_open(connection)
    assert (item.id, item.kind, item.reason) == (id_, "unreadable", "нет заголовков")
    assert (item.number, item.raw_id, item.message_id) == (None, raw_id, None)
    assert item.created_at.utcoffset() is not None


def test_open_items_are_listed_oldest_first(database: Database) -> None:  # Q9
    with database.transaction() as connection:
        review_items.add(connection, "to_post", number="PS-000001", reason="нет почты")
        review_items.add(connection, "thanks", number="PS-000002", reason="спасибо")

        items = review_items.list_open(connection)

    assert [item.number for item in items] == ["PS-000001", "PS-000002"]


def test_an_item_is_settled_once_by_the_first(database: Database) -> None:
    with database.transaction() as connection:
        id_ = review_items.add(connection, "thanks", number="PS-000002", reason="спасибо")

        assert review_items.settle(connection, id_, "specialist:1", AT)
        assert not review_items.settle(connection, id_, "specialist:2", AT)

        assert review_items.list_open(connection) == ()


def test_an_item_of_an_unknown_kind_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError, match="kind_is_known"), database.transaction() as connection:
        review_items.add(connection, "other", reason="")  # type: ignore[arg-type] # the point
