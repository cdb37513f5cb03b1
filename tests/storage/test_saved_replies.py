"""Replies are kept once by their origin, changed in place, and archived instead of deleted."""

from dataclasses import replace
from datetime import UTC, datetime

from storage import saved_replies
from storage.database import Database
from storage.saved_replies import KeptReply

AT = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
REPLY = KeptReply(
    origin="product:R40",
    language="ru",
    title="Вопрос",
    text="Что видно?",
    rule="R40",
    changed_at=AT,
)


def test_a_reply_of_the_product_is_entered_once_and_our_change_of_it_stays(
    database: Database,
) -> None:  # U7
    with database.transaction() as connection:
        saved_replies.add(connection, [REPLY])
        (kept,) = saved_replies.list_in(connection, "ru")
        saved_replies.change(connection, replace(kept, text="Что на экране?"))
        saved_replies.add(connection, [REPLY])

        assert [one.text for one in saved_replies.list_in(connection, "ru")] == ["Что на экране?"]
        assert saved_replies.list_in(connection, "en") == ()


def test_an_archived_reply_is_out_of_use_and_can_come_back(database: Database) -> None:  # U7
    with database.transaction() as connection:
        saved_replies.add(connection, [REPLY])
        (kept,) = saved_replies.list_all(connection)
        saved_replies.set_archived(connection, kept.id, AT, "specialist:1")
        in_use, found = (
            saved_replies.list_in(connection, "ru"),
            saved_replies.find(connection, kept.id),
        )
        saved_replies.set_archived(connection, kept.id, None, "specialist:1")

        assert (in_use, found is not None and found.archived_at) == ((), AT)
        assert len(saved_replies.list_in(connection, "ru")) == 1
