"""A list that somebody keeps is theirs alone, under one name, and not without number (U1)."""

import pytest

from domain.terms import Role
from storage import people, views
from storage.database import Database
from storage.views import MOST, TooManyViewsError


@pytest.fixture
def ours(database: Database) -> tuple[int, int]:
    with database.transaction() as connection:
        made = [
            people.put_staff(connection, login, login, "", Role.SPECIALIST).id
            for login in ("olga", "pavel")
        ]
    return made[0], made[1]


def kept(database: Database, who: int) -> list[tuple[str, str]]:
    with database.transaction() as connection:
        return [(view.name, view.question) for view in views.list_of(connection, who)]


def put(database: Database, who: int, name: str, question: str = "list=open") -> None:
    with database.transaction() as connection:
        views.put(connection, who, name, question)


def test_a_view_is_kept_for_whoever_made_it(database: Database, ours: tuple[int, int]) -> None:
    put(database, ours[0], "Горит", "list=open&criticality=critical")

    assert kept(database, ours[0]) == [("Горит", "list=open&criticality=critical")]
    assert kept(database, ours[1]) == []


def test_the_same_name_again_is_the_same_view(database: Database, ours: tuple[int, int]) -> None:
    put(database, ours[0], "Мой", "list=open")
    put(database, ours[0], "Мой", "list=closed")

    assert kept(database, ours[0]) == [("Мой", "list=closed")]


def test_nobody_forgets_a_view_of_somebody_else(database: Database, ours: tuple[int, int]) -> None:
    put(database, ours[0], "Мой")
    with database.transaction() as connection:
        (view,) = views.list_of(connection, ours[0])

        views.drop(connection, ours[1], view.id)

    assert kept(database, ours[0])


def test_there_is_an_end_to_views_and_the_known_ones_may_still_change(
    database: Database, ours: tuple[int, int]
) -> None:
    for number in range(MOST):
        put(database, ours[0], f"Вид {number}")

    with pytest.raises(TooManyViewsError):
        put(database, ours[0], "Ещё один")
    put(database, ours[0], "Вид 0", "list=closed")

    assert len(kept(database, ours[0])) == MOST
