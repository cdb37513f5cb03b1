"""What was typed and not sent is there again; what was sent is not, however late a save comes."""

from datetime import UTC, datetime

import pytest

from domain.terms import Role
from storage import drafts, people
from storage.database import Database
from storage.drafts import Draft

AT = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
PLACE = "PS-000042/write"


@pytest.fixture
def sveta(database: Database) -> int:
    """Give the id of one of us."""
    with database.transaction() as connection:
        return people.put_staff(connection, "sveta", "Света", "s@s.test", Role.SPECIALIST).id


def typed(text: str, key: str = "k1", place: str = PLACE) -> Draft:
    return Draft(place, key, {"text": text}, AT)


def test_the_last_that_was_typed_is_kept_for_its_person_and_place(
    database: Database, sveta: int
) -> None:  # U6
    with database.transaction() as connection:
        drafts.put(connection, sveta, typed("Добрый"))
        drafts.put(connection, sveta, typed("Добрый день"))
        drafts.put(connection, sveta, typed("В другой", place="PS-0000421/write"))

        kept = drafts.list_at(connection, sveta, "PS-000042/")
        of_others = drafts.list_at(connection, sveta + 1, "PS-000042/")

    assert {place: draft.fields["text"] for place, draft in kept.items()} == {PLACE: "Добрый день"}
    assert of_others == {}


def test_a_save_that_comes_after_the_sending_brings_nothing_back(
    database: Database, sveta: int
) -> None:  # U6
    with database.transaction() as connection:
        drafts.put(connection, sveta, typed("Ответ"))
        drafts.mark_sent(connection, sveta, PLACE, "k1", AT)

        is_kept = drafts.put(connection, sveta, typed("Ответ."))
        after = drafts.list_at(connection, sveta, PLACE)
        is_next_kept = drafts.put(connection, sveta, typed("Ещё одно", key="k2"))

    assert (is_kept, after, is_next_kept) == (False, {}, True)


def test_a_draft_can_be_thrown_away(database: Database, sveta: int) -> None:
    with database.transaction() as connection:
        drafts.put(connection, sveta, typed("Нет"))
        drafts.drop(connection, sveta, PLACE, "k1")

        assert drafts.list_at(connection, sveta, "") == {}


def test_what_one_window_sends_or_empties_leaves_what_another_one_holds(
    database: Database, sveta: int
) -> None:  # U6
    with database.transaction() as connection:
        drafts.put(connection, sveta, typed("Из другого окна", key="k2"))

        drafts.mark_sent(connection, sveta, PLACE, "k1", AT)
        drafts.drop(connection, sveta, PLACE, "k1")
        is_late_save_kept = drafts.put(connection, sveta, typed("Ответ"))
        kept = drafts.list_at(connection, sveta, PLACE)
        drafts.mark_sent(connection, sveta, PLACE, "k2", AT)

        assert kept[PLACE].fields == {"text": "Из другого окна"}
        assert not is_late_save_kept
        assert drafts.list_at(connection, sveta, PLACE) == {}
