"""Writing to the client and to colleagues: each in its own form, nothing typed is lost.

Carries out R40, R45, R46, R53; U5, U6, U8. A letter is stopped where the client wrote while it was
being typed; its writer sees what came and decides.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from domain.permissions import Refused
from gateway.auth import Visitor
from gateway.bodies import Spec
from gateway.console.carrying import carry
from gateway.console.conversation import Entry
from gateway.console.offers import find_spec
from gateway.console.previews import Preview, Previewer, command_of
from gateway.console.ticket import Number, show_ticket, view_in_thread
from gateway.console.ticket_view import TicketView
from gateway.pages.filled import Filled, filled
from gateway.pages.rendering import Page
from gateway.pages.translation import _
from gateway.pages.visitors import OURS, InsidePage, StaffPage, the_visitor
from gateway.problems import not_found
from gateway.refusals import reason
from gateway.sight import visible
from storage import tickets
from storage.database import Connection

router = APIRouter(include_in_schema=False)

LETTERS = ("answer", "ask_client")


@router.post("/tickets/{number}/write", dependencies=OURS)
async def write(page: StaffPage, request: Request, number: Number) -> Response:
    """Send a letter to the client, unless one of theirs came meanwhile."""
    form = await filled(request)
    kind = form.value("kind", "answer")
    spec = find_spec(kind if kind in LETTERS else "answer")
    assert spec is not None  # noqa: S101 - both commands are in the table
    view = await view_in_thread(page, number)
    if newer := _newer(view, form.value("seen", "0")):
        seen = form.with_value("seen", str(view.seen))
        return await run_in_threadpool(
            lambda: show_ticket(page, view, status=409, write=seen, newer=newer)
        )
    given = await carry(page, request, number, spec, form)
    if isinstance(given, Filled):
        fresh = await view_in_thread(page, number)
        return show_ticket(page, fresh, status=422, write=given)
    return RedirectResponse(f"/tickets/{number}?done={spec.kind}#done", 303)


@router.post("/tickets/{number}/note", dependencies=OURS)
async def note(page: InsidePage, request: Request, number: Number) -> Response:
    """Keep a note that the client never sees."""
    form, spec = await filled(request), find_spec("note")
    assert spec is not None  # noqa: S101 - the command is in the table
    given = await carry(page, request, number, spec, form)
    if isinstance(given, Filled):
        view = await view_in_thread(page, number)
        return show_ticket(page, view, status=422, note=given)
    return RedirectResponse(f"/tickets/{number}?done=note#done", 303)


@router.post("/tickets/{number}/preview", dependencies=OURS)
async def preview(
    page: InsidePage,
    request: Request,
    number: Number,
    command: Annotated[str, Query(max_length=40)] = "",
) -> HTMLResponse:
    """Show the letter that a form would send; nothing is kept."""
    form = await filled(request)
    spec = find_spec(command or form.value("kind", "answer"))
    if spec is None:
        raise not_found()
    return await run_in_threadpool(_preview, page, number, spec, form)


def _preview(page: Page, number: str, spec: Spec, form: Filled) -> HTMLResponse:
    visitor = the_visitor(page)
    with page.parts.database.transaction() as connection:
        visible(connection, visitor, number)
        letter, why_not = _letter(connection, page, visitor, number, spec, form)
    return page.show(
        "console/preview.html",
        number=number,
        spec=spec,
        form=form,
        letter=letter,
        why_not=why_not,
    )


def _letter(  # noqa: PLR0913, PLR0917 - what a letter is made of
    connection: Connection, page: Page, visitor: Visitor, number: str, spec: Spec, form: Filled
) -> tuple[Preview | None, str]:
    """Return the letter, or why there is none yet."""
    body = form.read(spec.body)
    if isinstance(body, Filled):
        return None, _("Заполните поля: тогда здесь будет письмо.")
    previewer = Previewer(number, visitor.actor, page.parts.rules(), page.now)
    values = body.model_dump()
    asked = command_of(spec.command, values)
    try:
        return previewer.letter(connection, asked, str(values.get("text") or "")), ""
    except Refused as refused:
        ticket = tickets.find(connection, number)
        return None, reason(refused.code, asked, ticket) if ticket else str(refused)


def _newer(view: TicketView, seen: str) -> tuple[Entry, ...]:
    """Return what came from outside after the message that the writer saw last."""
    known = int(seen) if seen.isascii() and seen.isdecimal() else 0
    ids = {f"m{row['id']}" for row, __ in view.read.messages if row["id"] > known}
    return tuple(one for one in view.entries if one.side == "in" and one.anchor in ids)
