"""Search of everything: a number leads to its ticket, words to what was said, names to people.

Carries out U3; closed tickets are found, too, and notes: only staff search here.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from domain.calendar import MOSCOW
from gateway import places
from gateway.pages.rendering import Page
from gateway.pages.visitors import StaffPage
from storage import people_search, search

router = APIRouter(include_in_schema=False)

Typed = Annotated[str, Query(max_length=10_000)]
SHOWN = 20
SUGGESTED = 6
SHORTEST = 2


@router.get("/search")
def find(
    page: StaffPage, q: Typed = "", after: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """Show what was found; a ticket's own number opens it at once."""
    typed = q.strip()
    with page.parts.database.transaction() as connection:
        if line := search.find_number(connection, typed):
            return RedirectResponse(f"/tickets/{line.number}", 303)
    return _show(page, "console/search.html", typed, SHOWN, after)


@router.get("/search/suggestions")
def suggest(page: StaffPage, q: Typed = "") -> HTMLResponse:
    """Show the first few that were found, for the palette."""
    return _show(page, "console/suggestions.html", q.strip(), SUGGESTED, "")


def _show(page: Page, template: str, typed: str, limit: int, after: str) -> HTMLResponse:
    place = places.read(places.NTH, after) if after else None
    is_enough = len(typed) >= SHORTEST
    asked = typed if is_enough else ""
    person = asked if place is None else ""
    on = page.now.astimezone(MOSCOW).date()
    with page.parts.database.transaction() as connection:
        number = search.find_number(connection, typed)
        found = search.find_words(connection, asked, limit, place)
        users = people_search.search_users(connection, person, on, SUGGESTED)
        clients = people_search.search_clients(connection, person, SUGGESTED)
    return page.show(
        template,
        asked=typed,
        is_enough=is_enough,
        number=number,
        found=found,
        after=places.written(places.NTH, found.after) if found.after else "",
        users=users,
        clients=clients,
    )
