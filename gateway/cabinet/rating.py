"""How a client says whether the solution helped, once the ticket is closed.

Carries out R8; F71. The answer opens nothing: who is not satisfied submits the ticket again (R64).
"""

from typing import Annotated

from pydantic import BaseModel, StringConstraints

from domain.terms import Grade
from gateway.cabinet.doors import Door
from gateway.cabinet.view import may_rate
from gateway.forms import Storable
from gateway.pages.rendering import Page
from gateway.pages.translation import _
from gateway.problems import Problem
from gateway.tickets import read_case
from storage import ratings
from storage.ratings import Rating

LONGEST = 2000


class Answer(BaseModel):
    """What the form says."""

    grade: Grade
    words: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=LONGEST), Storable
    ] = ""


def keep(page: Page, door: Door, answer: Answer) -> None:
    """Keep the answer in the place of an earlier one.

    Raises:
        Problem: when the ticket is another's, or there is no solution to speak of.

    """
    with page.parts.database.transaction() as connection:
        if not may_rate(read_case(connection, door.visitor, door.number).ticket):
            raise Problem(
                409,
                "nothing_to_rate",
                _("Сказать, помогло ли решение, можно о решённой и закрытой заявке."),
                _("Откройте заявку: там сказано, чей сейчас ход."),
            )
        ratings.put(connection, door.number, Rating(answer.grade, answer.words, page.now))
