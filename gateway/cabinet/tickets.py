"""A client's tickets: their own and, where the organisation wants it so, those of colleagues.

Carries out R2, K5, K11; what is open stands first. Pages go on from a place, not from a count.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from gateway.auth import Visitor
from gateway.cabinet.standing import standing
from gateway.pages.rendering import Page
from gateway.pages.visitors import ClientPage, the_visitor
from storage import client_tickets, search
from storage.client_tickets import ClientLine, Place, Whose
from storage.database import Connection
from storage.search_terms import ticket_number

router = APIRouter(include_in_schema=False)

MOST_OPEN = 100
ON_A_PAGE = 20
PLACE: TypeAdapter[Place] = TypeAdapter(tuple[AwareDatetime, str])


@router.get("/cabinet")
def my_tickets(
    page: ClientPage,
    whose: Annotated[str, Query(max_length=10)] = "",
    after: Annotated[str, Query(max_length=200)] = "",
    q: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """Show the tickets; `q` looks for a number or words, `after` goes on among the closed ones."""
    visitor = the_visitor(page)
    is_shared = visitor.bearer.sees_organisation
    is_all = is_shared and whose == "all"
    asked = _whose(visitor, is_all=is_all)
    place = _read(after)
    with page.parts.database.transaction() as connection:
        found = _found(connection, asked, q) if q.strip() else None
        opened = (
            () if q.strip() or place else client_tickets.list_open(connection, asked, MOST_OPEN)
        )
        closed = (
            () if q.strip() else client_tickets.list_closed(connection, asked, ON_A_PAGE + 1, place)
        )
    return page.show(
        "cabinet/tickets.html",
        found=found,
        opened=opened,
        closed=closed[:ON_A_PAGE],
        after=_written(closed[ON_A_PAGE - 1]) if len(closed) > ON_A_PAGE else "",
        is_first=place is None,
        is_shared=is_shared,
        is_all=is_all,
        asked=q,
        standing=lambda line: standing(line.status, line.deferral, is_told=line.is_told),
        organisation=_organisation(page),
    )


def _whose(visitor: Visitor, *, is_all: bool) -> Whose:
    bearer = visitor.bearer
    return Whose(bearer.client_id or 0, None if is_all else bearer.id)


def _found(connection: Connection, whose: Whose, typed: str) -> tuple[ClientLine, ...]:
    """Return the tickets that a number or words mean, among those that may be seen."""
    if number := ticket_number(typed):
        return client_tickets.list_named(connection, whose, [number])
    said = search.find_own_words(connection, typed, whose.client_id, whose.user_id)
    numbers = [hit.line.number for hit in said.hits]
    return client_tickets.list_named(connection, whose, numbers) if numbers else ()


def _organisation(page: Page) -> str:
    person = the_visitor(page).person
    return person.client_name if person else ""


def _written(line: ClientLine) -> str:
    return urlsafe_b64encode(PLACE.dump_json(line.place)).decode()


def _read(after: str) -> Place | None:
    """Return the place; the beginning where it is none of ours."""
    try:
        return PLACE.validate_json(urlsafe_b64decode(after)) if after else None
    except (ValueError, ValidationError):
        return None
