"""Development's own page: what was handed over, with its evidence, and the way to answer (U13).

Carries out R19, R48, R56. Whoever hands over sees the same state on the ticket.
"""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from domain.terms import Role
from gateway.pages.rendering import Page
from gateway.pages.visitors import page_for
from storage.handed_off import list_handed_off

router = APIRouter(include_in_schema=False)

DEVELOPERS = frozenset({Role.DEVELOPMENT, Role.HEAD, Role.SPECIALIST})
DevelopmentPage = Annotated[Page, Depends(page_for(DEVELOPERS))]


@router.get("/development")
def development(page: DevelopmentPage) -> HTMLResponse:
    """Show what waits for development's outcome."""
    with page.parts.database.transaction() as connection:
        handed = list_handed_off(connection)
    return page.show("console/development.html", handed=handed)
