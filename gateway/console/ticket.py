"""The page of one ticket, its letters as they were written, its files, and words to insert.

Carries out R5, R41, R42, R44-R48, U4, U6, U9, U12; F25. It follows the register within a second.
"""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, PlainTextResponse, StreamingResponse

from gateway import files, letter_pages
from gateway.console import kept_replies, missing
from gateway.console.carrying import place_of
from gateway.console.conversation import Entry
from gateway.console.ticket_view import TicketView, view_of
from gateway.pages.filled import Filled
from gateway.pages.rendering import Page
from gateway.pages.translation import _
from gateway.pages.visitors import InsidePage, SignedInPage, StaffPage, the_visitor
from gateway.problems import Problem
from gateway.sight import visible
from storage import mentions, similar
from storage.saved_replies import KeptReply

router = APIRouter(include_in_schema=False)

Number = Annotated[str, Path(max_length=20)]
Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
PLAIN = """<!doctype html><html><head><meta charset="utf-8"><title>{told}</title></head>
<body><p>{told}</p></body></html>"""


@router.get("/tickets/{number}")
def ticket(
    page: InsidePage,
    number: Number,
    insert: Annotated[str, Query(max_length=40)] = "",
    done: Annotated[str, Query(max_length=40)] = "",
) -> HTMLResponse:
    """Show the ticket; `insert` puts words into the letter's field for those without a script."""
    view = view_of(page, number)
    with page.parts.database.transaction() as connection:
        mentions.see(connection, the_visitor(page).bearer.id, number, page.now)
    return show_ticket(page, view, insert=insert, done=done)


def show_ticket(  # noqa: PLR0913 - one for each state of the page
    page: Page,
    view: TicketView,
    *,
    status: int = 200,
    write: Filled | None = None,
    note: Filled | None = None,
    newer: tuple[Entry, ...] = (),
    insert: str = "",
    done: str = "",
) -> HTMLResponse:
    """Draw the page, with what was typed where a form was stopped or refused."""
    written = write or _unsent(view, "answer")
    if insert:
        written = _with_inserted(page, view, written, insert)
    return page.show(
        "console/ticket.html",
        status,
        view=view,
        write=written,
        note=note or _unsent(view, "note"),
        newer=newer,
        done=done,
    )


@router.get("/tickets/{number}/similar")
def similar_solved(page: StaffPage, number: Number) -> HTMLResponse:
    """Show solved tickets that are like this one, and how each ended."""
    with page.parts.database.transaction() as connection:
        row = visible(connection, the_visitor(page), number)
        found = similar.find_similar(connection, number)
    return page.show("console/similar.html", row=row, found=found)


@router.get("/tickets/{number}/texts/{what}")
def words_to_insert(
    page: StaffPage, number: Number, what: Annotated[str, Path(max_length=40)]
) -> PlainTextResponse:
    """Give words for the letter's field, filled in with what the ticket knows."""
    return PlainTextResponse(_inserted(page, view_of(page, number), what))


@router.get("/tickets/{number}/messages/{id}/html")
async def letter_as_written(
    page: SignedInPage, number: Number, id_: Annotated[int, Path(alias="id", ge=1, lt=2**63)]
) -> HTMLResponse:
    """Show a letter as its sender laid it out, for a frame that is shut in."""
    try:
        return await letter_pages.show_letter(number, id_, the_visitor(page), page.parts)
    except Problem as problem:
        if problem.body["code"] != "no_html":
            raise
        told = _("У письма нет оформления: весь его текст на странице заявки.")
        return HTMLResponse(PLAIN.format(told=told), headers=letter_pages.HEADERS)


@router.get("/tickets/{number}/files/{digest}")
def file(page: SignedInPage, number: Number, digest: Digest) -> StreamingResponse:
    """Give a file of the ticket to download."""
    return files.download(digest, number, the_visitor(page), page.parts)


@router.get("/tickets/{number}/files/{digest}/picture")
async def picture(
    page: SignedInPage,
    number: Number,
    digest: Digest,
    known: Annotated[str, Header(alias="If-None-Match", max_length=1000)] = "",
) -> Response:
    """Show a picture of the ticket, painted anew by us."""
    return await files.picture(digest, number, the_visitor(page), page.parts, known)


async def view_in_thread(page: Page, number: str) -> TicketView:
    """Read the ticket for its page without holding up others."""
    return await run_in_threadpool(view_of, page, number)


def _unsent(view: TicketView, kind: str) -> Filled:
    """Return a form with what was typed into it before, under its own key."""
    draft = view.drafts.get(place_of(view.number, kind))
    if draft is None:
        return Filled()
    values = dict(draft.fields)
    return Filled(values, {name: (value,) for name, value in values.items()}, key=draft.key)


def _with_inserted(page: Page, view: TicketView, form: Filled, what: str) -> Filled:
    added = _inserted(page, view, what)
    words = "\n\n".join(filter(None, (form.value("text").rstrip(), added)))
    inserted = form.with_value("text", words)
    return inserted.with_value("kind", "ask_client") if what == "missing" else inserted


def _inserted(page: Page, view: TicketView, what: str) -> str:
    """Return the words that are asked for; nothing where there are none of that name."""
    if what == "missing":
        return missing.question(view.points, view.language)
    if what == "documentation":
        return page.parts.rules().settings.documentation_url
    found = _reply(view, what.removeprefix("reply-"))
    name = the_visitor(page).bearer.name
    return kept_replies.filled_for(found, view.read, name) if found else ""


def _reply(view: TicketView, id_: str) -> KeptReply | None:
    return next((reply for reply in view.replies if str(reply.id) == id_), None)
