"""Who is at a ticket: pages say so while they are open, and show who else is there (F53, U5)."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Response
from fastapi.responses import HTMLResponse

from gateway.pages.rendering import Page
from gateway.pages.visitors import OURS, StaffPage, the_visitor
from gateway.sight import visible
from storage import presence

router = APIRouter(include_in_schema=False)

Number = Annotated[str, Path(max_length=20)]


@router.get("/tickets/{number}/presence")
def present(page: StaffPage, number: Number) -> HTMLResponse:
    """Show who else is at the ticket."""
    return _show(page, number)


@router.post("/tickets/{number}/presence", dependencies=OURS)
def see(page: StaffPage, number: Number, state: Annotated[str, Form(max_length=10)]) -> Response:
    """Note that the visitor reads or writes here, or has gone; show who else is here."""
    me = the_visitor(page)
    with page.parts.database.transaction() as connection:
        visible(connection, me, number)
        if state == "gone":
            presence.leave(connection, me.bearer.id, number)
        else:
            is_writing = state == "writing"
            presence.see(connection, me.bearer.id, number, page.now, is_writing=is_writing)
    return _show(page, number)


def _show(page: Page, number: str) -> HTMLResponse:
    me = the_visitor(page)
    with page.parts.database.transaction() as connection:
        visible(connection, me, number)
        there = presence.list_at(connection, [number], page.now, me.bearer.id)
    return page.show("console/present.html", number=number, there=there.get(number, ()))
