"""What a forecast of the first answer goes by: who waits for one, and how many the days gave.

Carries out R52. Kept for a minute in a process: the load does not change faster.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from sqlalchemy import Connection, func, select

from domain.queue import Place
from storage.database import Database
from storage.reports import OPEN, STANDS, Figure, replies_by_day
from storage.ticket_tables import tickets
from storage.worklists import CAP

FRESH_SECONDS = 60.0


@dataclass(frozen=True)
class Basis:
    """The places that wait for a first answer, and the first answers of each of the last days.

    `is_whole` is false where more wait than anybody counts.
    """

    waiting: tuple[Place, ...]
    replies: Mapping[str, int]
    is_whole: bool = True

    def ahead_of(self, place: Place) -> int:
        """Return how many stand before a place."""
        return sum(one < place for one in self.waiting)


class CurrentBasis:
    """The basis of the forecast, read from the register at most once a minute."""

    def __init__(self, database: Database) -> None:
        """Read from this database."""
        self._database = database
        self._read: tuple[float, datetime, Basis] | None = None
        self._reading = Lock()  # one thread reads, the others wait for it

    def __call__(self, until: datetime) -> Basis:
        """Return the basis with the answers of the days before that moment."""
        with self._reading:
            basis = self._fresh(until)
            if basis is None:
                with self._database.transaction() as connection:
                    basis = read(connection, until)
                self._read = (time.monotonic(), until, basis)
            return basis

    def _fresh(self, until: datetime) -> Basis | None:
        if self._read is None:
            return None
        read_at, read_until, basis = self._read
        is_fresh = time.monotonic() - read_at < FRESH_SECONDS
        return basis if is_fresh and read_until == until else None


def read(connection: Connection, until: datetime) -> Basis:
    """Return the basis in one statement that looks at a bounded number of open tickets."""
    place = (tickets.c.is_routine, tickets.c.received_at, tickets.c.number)
    found = select(*place).where(STANDS, OPEN[Figure.WAITING]).order_by(*place).limit(CAP + 1)
    waiting, days = found.subquery("waiting"), replies_by_day(until).subquery("days")
    gathered = (func.array_agg(column) for column in waiting.c)
    replies = select(func.jsonb_object_agg(days.c.on_day, days.c.many)).scalar_subquery()
    *parts, told = connection.execute(select(*gathered, replies).select_from(waiting)).one()
    places = tuple(zip(*(part or () for part in parts), strict=True))
    return Basis(places[:CAP], told or {}, len(places) <= CAP)
