"""Who wrote: a sender whom nobody knows is joined to a client, or told that we cannot serve them.

Carries out R2, R32, Q12; F14. The requisites that are lacking stand beside the search.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from domain.intake import Requisite
from domain.terms import Ground, Status
from gateway.commands import Given
from gateway.console.calls import LONGEST_SEARCH, people_like
from gateway.console.carrying import carry
from gateway.console.offers import find_spec
from gateway.console.previews import sendable_at
from gateway.console.registered import REQUISITES
from gateway.console.review_desk import to_list
from gateway.console.ticket import Number
from gateway.pages.filled import Filled, filled
from gateway.pages.rendering import Page
from gateway.pages.translation import _
from gateway.pages.visitors import OURS, StaffPage, the_visitor
from gateway.problems import not_found
from gateway.sight import Row, visible
from storage import requests
from storage.people import Person

router = APIRouter(include_in_schema=False)

KNOWN_OF_SENDER = ("login", "address", "phone", "name")


@router.get("/review/tickets/{number}")
def stranger(
    page: StaffPage,
    number: Number,
    who: Annotated[str | None, Query(max_length=LONGEST_SEARCH)] = None,
) -> HTMLResponse:
    """Show what came and the people who may have sent it; `who` is what staff searched for."""
    return _show(page, number, Filled({} if who is None else {"who": who}))


@router.post("/review/tickets/{number}/identify", dependencies=OURS)
async def identify(page: StaffPage, request: Request, number: Number) -> Response:
    """Join the request to a client."""
    return await _carry(page, request, number, await filled(request), "identify")


@router.post("/review/tickets/{number}/refuse", dependencies=OURS)
async def refuse(page: StaffPage, request: Request, number: Number) -> Response:
    """Answer that the request cannot be served, and close it."""
    form = (await filled(request)).with_value("ground", Ground.CANNOT_BE_SERVED)
    return await _carry(page, request, number, form, "close")


async def _carry(page: Page, request: Request, number: str, form: Filled, kind: str) -> Response:
    spec = find_spec(kind)
    given = await carry(page, request, number, spec, form) if spec else form
    if not isinstance(given, Given):
        return await run_in_threadpool(_show, page, number, given, 422)
    done = "identified" if kind == "identify" else "answered"
    return to_list(done if given.is_confirmed else "kept")


def _show(page: Page, number: str, form: Filled, status: int = 200) -> HTMLResponse:
    with page.parts.database.transaction() as connection:
        row = visible(connection, the_visitor(page), number)
        request = requests.find(connection, number)
    if request is None:
        raise not_found()
    form, found = _searched(page, form, request)
    return page.show(
        "console/stranger.html",
        status,
        row=row,
        request=request,
        is_waiting=row["status"] == Status.IDENTIFICATION,
        unmet=[_(REQUISITES[Requisite(name)][0]) for name in request["requisites"]],
        form=form,
        found=found,
        leaves_at=sendable_at(page.parts.rules(), page.now),
    )


def _searched(page: Page, form: Filled, request: Row) -> tuple[Filled, tuple[Person, ...]]:
    """Return the people of the search; before anybody searched, those whom the letter points at."""
    if "who" in form.values:
        return form, people_like(page, form.value("who"))
    for field in KNOWN_OF_SENDER:
        if found := people_like(page, request[field][:LONGEST_SEARCH]):
            return form.with_value("who", request[field]), found
    return form, ()
