"""How much a solution helped, as the client says: one answer for a ticket, the last one counts.

Carries out R8: quality that is promised has to be measured. An answer changes nothing in the
ticket itself.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from domain.terms import Grade
from storage.rating_tables import ratings


@dataclass(frozen=True)
class Rating:
    """What a client said, and when."""

    grade: Grade
    words: str
    at: datetime


def put(connection: Connection, number: str, rating: Rating) -> None:
    """Keep what the client of a ticket says, in the place of what was said before."""
    told = {"grade": rating.grade, "words": rating.words, "at": rating.at}
    kept = insert(ratings).values(number=number, **told)
    connection.execute(kept.on_conflict_do_update(index_elements=["number"], set_=told))


def find(connection: Connection, number: str) -> Rating | None:
    """Return what the client of a ticket said, if anything."""
    found = select(ratings.c.grade, ratings.c.words, ratings.c.at)
    row = connection.execute(found.where(ratings.c.number == number)).first()
    return Rating(Grade(row.grade), row.words, row.at) if row else None
