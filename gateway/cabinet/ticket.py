"""A client's ticket on a page: read, add to, answer, withdraw, rate, disagree, turn to the head.

Carries out R2, R8, R41, R53, R63-R65; K4-K7, F71. The same pages stand behind both doors; without
a script each action is a page of its own.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse

from gateway import files
from gateway.cabinet.acts import Show, order, say
from gateway.cabinet.doors import Door, TheDoor, by_link, by_session
from gateway.cabinet.rating import Answer, keep
from gateway.cabinet.view import ClientView, view_of
from gateway.pages.filled import Filled, filled
from gateway.pages.live import ear_for, stream_of
from gateway.pages.rendering import Page
from gateway.pages.translation import _, marked
from gateway.pages.visitors import OURS, AnyPage
from gateway.sight import visible

rooms = APIRouter()
router = APIRouter(include_in_schema=False)

Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
Done = Annotated[str, Query(max_length=20)]
CANNOT = marked("Не могу дать эти сведения.")
WITHDRAWN = marked("Заявка отозвана на её странице.")


@rooms.get("")
def ticket(page: AnyPage, door: TheDoor, done: Done = "") -> HTMLResponse:
    """Show the ticket."""
    return _show(page, door, done=done)


@rooms.post("/write", dependencies=OURS)
async def write(page: AnyPage, door: TheDoor, request: Request) -> Response:
    """Add words and files to the ticket; what waited for them goes on at once (R53)."""
    form = await filled(request)
    text = form.value("text").strip()
    if form.value("cannot"):
        text = f"{_(CANNOT)}\n\n{text}".strip()
    elif not text and form.files:
        text = _("Файлы: {names}").format(names=", ".join(one.filename or "" for one in form.files))
    if not text:
        return await run_in_threadpool(_again, page, door, form.wrong(text=_("Напишите ответ.")))
    return await say(page, door, form, text, lambda flawed: _again(page, door, flawed))


@rooms.get("/withdraw")
def ask_to_withdraw(page: AnyPage, door: TheDoor) -> HTMLResponse:
    """Ask once whether the ticket is to be taken back."""
    return _ask(page, door, "withdraw", Filled())


@rooms.post("/withdraw", dependencies=OURS)
async def withdraw(page: AnyPage, door: TheDoor, request: Request) -> Response:
    """Take the ticket back; the letter that says so leaves in its window."""
    form = await filled(request)
    text = form.value("text").strip() or _(WITHDRAWN)
    return await order(page, door, "withdraw", form, text, _asking(page, door, "withdraw"))


@rooms.get("/again")
def ask_again(page: AnyPage, door: TheDoor) -> HTMLResponse:
    """Ask what was left unsolved."""
    return _ask(page, door, "again", Filled())


@rooms.post("/again", dependencies=OURS)
async def submit_again(page: AnyPage, door: TheDoor, request: Request) -> Response:
    """Open a new ticket, linked to the closed one (R64, Q8)."""
    form, show = await filled(request), _asking(page, door, "again")
    if text := form.value("text").strip():
        return await say(page, door, form, text, show)
    wrong = form.wrong(text=_("Напишите, что осталось нерешённым."))
    return await run_in_threadpool(show, wrong)


@rooms.get("/head")
def ask_the_head(page: AnyPage, door: TheDoor) -> HTMLResponse:
    """Show the form of a letter to the head of support."""
    return _ask(page, door, "head", Filled())


@rooms.post("/head", dependencies=OURS)
async def write_to_the_head(page: AnyPage, door: TheDoor, request: Request) -> Response:
    """Put the words before the head of support (R65)."""
    form, show = await filled(request), _asking(page, door, "head")
    if text := form.value("text").strip():
        return await order(page, door, "escalate", form, text, show)
    wrong = form.wrong(text=_("Напишите, о чём просите руководителя."))
    return await run_in_threadpool(show, wrong)


@rooms.post("/rating", dependencies=OURS)
async def rate(page: AnyPage, door: TheDoor, request: Request) -> Response:
    """Keep how much the solution helped; a later answer takes the place of this one (R8)."""
    form = await filled(request)
    answer = form.read(Answer)
    if isinstance(answer, Filled):
        return await run_in_threadpool(_again, page, door, answer)
    await run_in_threadpool(keep, page, door, answer)
    return RedirectResponse(f"{door.base}?done=rated#done", 303)


@rooms.get("/events")
def events(page: AnyPage, door: TheDoor) -> StreamingResponse:
    """Stream news of this one ticket."""
    with page.parts.database.transaction() as connection:
        visible(connection, door.visitor, door.number)
    return stream_of(page.request, ear_for(door.number))


@rooms.get("/files/{digest}")
def file(page: AnyPage, door: TheDoor, digest: Digest) -> StreamingResponse:
    """Give a file of the ticket to download."""
    return files.download(digest, door.number, door.visitor, page.parts)


@rooms.get("/files/{digest}/picture")
async def picture(
    page: AnyPage,
    door: TheDoor,
    digest: Digest,
    known: Annotated[str, Header(alias="If-None-Match", max_length=1000)] = "",
) -> Response:
    """Show a picture of the ticket, painted anew by us."""
    return await files.picture(digest, door.number, door.visitor, page.parts, known)


def _show(
    page: Page, door: Door, status: int = 200, form: Filled | None = None, done: str = ""
) -> HTMLResponse:
    view = view_of(page, door)
    return page.show(
        "cabinet/ticket.html", status, door.headers, view=view, form=form or Filled(), done=done
    )


def _again(page: Page, door: Door, form: Filled) -> HTMLResponse:
    return _show(page, door, 422, form)


def _asking(page: Page, door: Door, what: str) -> Show:
    """Return how the form of an act is shown again as it was typed."""
    return lambda flawed: _ask(page, door, what, flawed)


def _ask(page: Page, door: Door, what: str, form: Filled) -> HTMLResponse:
    view: ClientView = view_of(page, door)
    status = 422 if form.errors else 200
    return page.show(f"cabinet/{what}.html", status, door.headers, view=view, form=form)


router.include_router(rooms, prefix="/cabinet/{number}", dependencies=[Depends(by_session)])
router.include_router(rooms, prefix="/s/{number}/{token}", dependencies=[Depends(by_link)])
