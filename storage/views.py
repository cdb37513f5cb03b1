"""Saved views: a list of tickets with its narrowing, under a name of somebody's own (U1)."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from storage.console_tables import saved_views

MOST = 20


class TooManyViewsError(Exception):
    """Somebody already keeps as many views as anybody can tell apart."""


@dataclass(frozen=True)
class View:
    """A view: its id, its name, and the question of the list's address."""

    id: int
    name: str
    question: str


def list_of(connection: Connection, staff_id: int) -> tuple[View, ...]:
    """Return somebody's views by name."""
    columns = (saved_views.c.id, saved_views.c.name, saved_views.c.question)
    found = select(*columns).where(saved_views.c.staff_id == staff_id)
    return tuple(View(*row) for row in connection.execute(found.order_by(saved_views.c.name)))


def put(connection: Connection, staff_id: int, name: str, question: str) -> None:
    """Keep a view; the same name again is the same view.

    Raises:
        TooManyViewsError: when there are MOST of them.

    """
    others = (saved_views.c.staff_id == staff_id) & (saved_views.c.name != name)
    if connection.execute(select(func.count()).where(others)).scalar_one() >= MOST:
        raise TooManyViewsError
    new = insert(saved_views).values(staff_id=staff_id, name=name, question=question)
    same = [saved_views.c.staff_id, saved_views.c.name]
    again = new.on_conflict_do_update(index_elements=same, set_={"question": question})
    connection.execute(again)


def drop(connection: Connection, staff_id: int, id_: int) -> None:
    """Forget a view of somebody's own."""
    whose = (saved_views.c.staff_id == staff_id) & (saved_views.c.id == id_)
    connection.execute(delete(saved_views).where(whose))
