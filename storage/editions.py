"""Editions of the regulation's settings: each holds from its moment, none is ever changed.

Carries out R12, R13 and law 6: a ticket may run under any edition there ever was.
"""

from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, insert, select

from domain.editions import Announcement, Edition, Settings
from storage.rule_tables import editions

SETTINGS = TypeAdapter(Settings)
MOST_ANNOUNCED = 50
COLUMNS = (editions.c.number, editions.c.valid_from, editions.c.settings)


class NoEditionError(LookupError):
    """There is no such edition."""


def current(connection: Connection, now: datetime) -> Edition:
    """Return the edition that holds at the moment.

    Raises:
        NoEditionError: before the first one.

    """
    newest_first = (editions.c.valid_from.desc(), editions.c.number.desc())
    holding = select(*COLUMNS).where(editions.c.valid_from <= now).order_by(*newest_first)
    row = connection.execute(holding.limit(1)).first()
    if row is None:
        raise NoEditionError(f"no edition holds at {now}")
    return _edition(row)


def get(connection: Connection, number: int) -> Edition:
    """Return the edition of this number.

    Raises:
        NoEditionError: when there is none.

    """
    row = connection.execute(select(*COLUMNS).where(editions.c.number == number)).first()
    if row is None:
        raise NoEditionError(f"no edition {number}")
    return _edition(row)


def put(
    connection: Connection, settings: Settings, valid_from: datetime, summary: str, by: str
) -> Edition:
    """Add an edition; `summary` is what the public is told of the change (R13)."""
    kept = SETTINGS.dump_python(settings, mode="json")
    new = insert(editions).values(settings=kept, valid_from=valid_from, summary=summary, by=by)
    return _edition(connection.execute(new.returning(*COLUMNS)).one())


def list_announced(connection: Connection, most: int = MOST_ANNOUNCED) -> list[Announcement]:
    """Return the newest editions with what the public is told of each, those to come included."""
    told = select(editions.c.number, editions.c.valid_from, editions.c.summary)
    newest_first = (editions.c.valid_from.desc(), editions.c.number.desc())
    rows = connection.execute(told.order_by(*newest_first).limit(most))
    return [Announcement(row.number, row.valid_from, row.summary) for row in rows]


def _edition(row: Row[*tuple[Any, ...]]) -> Edition:
    """Read an edition; a setting younger than it takes its default."""
    return Edition(row.number, row.valid_from, SETTINGS.validate_python(row.settings))
