"""Every command on a ticket as a dialog: what it needs, what will happen, or why it cannot be.

Carries out R4, R5, R19, R49, R50, R54-R59, R63-R65, law 10; U13. Without a script a dialog is a
page.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from domain.terms import Status
from gateway.console.calls import people_like
from gateway.console.carrying import carry, place_of
from gateway.console.choices import Room
from gateway.console.dialogs import dialog_of
from gateway.console.handing_over import hand_over, with_last_diagnosis
from gateway.console.offers import find_spec, offer
from gateway.console.previews import sendable_at
from gateway.console.ticket import Number
from gateway.pages.filled import Filled, filled
from gateway.pages.rendering import Page
from gateway.pages.visitors import OURS, InsidePage, the_visitor
from gateway.problems import not_found
from gateway.sight import Row, visible
from storage import drafts, messages, people, saved_replies, tickets
from storage.database import Connection
from storage.drafts import Draft

router = APIRouter(include_in_schema=False)

Kind = Annotated[str, Path(max_length=40)]


@router.get("/tickets/{number}/do/{kind}")
def ask(
    page: InsidePage,
    number: Number,
    kind: Kind,
    letter: Annotated[str, Query(max_length=100)] = "",
    who: Annotated[str, Query(max_length=100)] = "",
) -> HTMLResponse:
    """Show what a command asks; `letter` is the letter that it is about, `who` a search."""
    known = {"letter": letter, "who": who}
    form = Filled({name: value for name, value in known.items() if value})
    form = _with_unsent(page, place_of(number, kind), form)
    if kind == "hand_off":
        form = with_last_diagnosis(page, number, form)
    return _show(page, number, kind, form)


@router.post("/tickets/{number}/do/{kind}", dependencies=OURS)
async def act(page: InsidePage, request: Request, number: Number, kind: Kind) -> Response:
    """Carry the command out and return to the ticket; a refusal stands beside what was typed."""
    form, spec = await filled(request), find_spec(kind)
    if spec is None:
        raise not_found()
    give = hand_over if kind == "hand_off" else carry
    given = await give(page, request, number, spec, form)
    if isinstance(given, Filled):
        return await run_in_threadpool(_show, page, number, kind, given, 422)
    if kind == "cancel_letter" and form.value("edit"):
        await run_in_threadpool(_put_back, page, number, form.value("edit"))
    return RedirectResponse(f"/tickets/{number}?done={kind}#done", 303)


def _show(page: Page, number: str, kind: str, form: Filled, status: int = 200) -> HTMLResponse:
    spec, dialog = find_spec(kind), dialog_of(kind)
    if spec is None:
        raise not_found()
    with page.parts.database.transaction() as connection:
        row = visible(connection, the_visitor(page), number)
        ticket = tickets.find(connection, number)
        if ticket is None:
            raise not_found()
        staff = people.list_staff(connection) if kind == "assign" else ()
        first = _first(connection, row) if kind == "take" else None
        replies = saved_replies.list_in(connection, page.language) if dialog.replies else ()
    return page.show(
        "console/ticket-do.html",
        status,
        row=row,
        kind=kind,
        offer=offer(spec, ticket, the_visitor(page).actor),
        dialog=dialog,
        room=Room(ticket, staff),
        form=form,
        replies=[reply for reply in replies if reply.command == kind],
        found=people_like(page, form.value("who")) if kind == "identify" else (),
        first=first,
        place=place_of(number, kind),
        leaves_at=sendable_at(page.parts.rules(), page.now),
    )


def _first(connection: Connection, row: Row) -> Row | None:
    """Return the ticket whose turn it is, where a waiting one is to be taken before it (R49)."""
    waiting = tickets.queue(connection, limit=1) if row["status"] == Status.IN_QUEUE else ()
    return next((one for one in waiting if one["number"] != row["number"]), None)


def _with_unsent(page: Page, place: str, form: Filled) -> Filled:
    """Return the form with what was typed into it before, under its own key."""
    with page.parts.database.transaction() as connection:
        draft = drafts.list_at(connection, the_visitor(page).bearer.id, place).get(place)
    if draft is None:
        return form
    values = {**draft.fields, **form.values}
    return Filled(values, {name: (value,) for name, value in values.items()}, key=draft.key)


def _put_back(page: Page, number: str, message: str) -> None:
    """Put the words of a letter that was kept back into the letter's field, to be changed.

    What is typed there already stays, below them.
    """
    place = place_of(number, "answer")
    form = _with_unsent(page, place, Filled())
    with page.parts.database.transaction() as connection:
        rows = messages.list_for(connection, number)
        words = next((str(row["text"]) for row in rows if str(row["id"]) == message), "")
        if words not in form.value("text"):
            text = "\n\n".join(filter(None, (words, form.value("text"))))
            draft = Draft(place, form.key, {**form.values, "text": text}, page.now)
            drafts.put(connection, the_visitor(page).bearer.id, draft)
