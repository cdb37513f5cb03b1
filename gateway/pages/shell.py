"""The pages that stand around all others: the front, the files of ours, the choice of language."""

from typing import Annotated

from fastapi import APIRouter, FastAPI, Form, Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from starlette.exceptions import HTTPException

from domain.letters import Language
from gateway import regulation
from gateway.cabinet import pages as cabinet
from gateway.console import (
    actions,
    attendance,
    bulk,
    calls,
    development,
    drafts,
    finding,
    kept_views,
    paper,
    queue,
    registered,
    replies,
    review_desk,
    splitting,
    strangers,
    taking,
    ticket,
    writing,
)
from gateway.entrance import account, by_provider, forgotten, signing_in
from gateway.head import export, lists, order, reaction, today
from gateway.pages import live
from gateway.pages.paths import local_path
from gateway.pages.rendering import STATIC
from gateway.pages.visitors import KEPT_SECONDS, LANGUAGE, AnyPage, is_secure

router = APIRouter(include_in_schema=False)

OURS = frozenset(file.name for file in STATIC.iterdir() if file.is_file())
KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}


def install(app: FastAPI) -> None:
    """Open every page of the application."""
    pages = (
        router,
        live.router,
        signing_in.router,
        forgotten.router,
        account.router,
        by_provider.router,
        regulation.router,
        queue.router,
        taking.router,
        kept_views.router,
        finding.router,
        attendance.router,
        calls.router,
        paper.router,
        registered.router,
        ticket.router,
        splitting.router,
        writing.router,
        actions.router,
        drafts.router,
        replies.router,
        development.router,
        bulk.router,
        strangers.router,
        review_desk.router,
        today.router,
        reaction.router,
        order.router,
        lists.router,
        export.router,
    )
    for each in pages:
        app.include_router(each)
    cabinet.install(app)


@router.get("/")
async def front(page: AnyPage) -> Response:
    """Show newcomers the ways to support; who has signed in goes to their own pages."""
    if page.visitor is not None:
        return RedirectResponse("/cabinet" if page.visitor.is_client else "/queue", 303)
    return page.show("front.html")


@router.get("/static/{name}")
async def static_file(name: str) -> FileResponse:
    """Give a file of ours; its address changes with its content."""
    if name not in OURS:
        raise HTTPException(404)
    return FileResponse(STATIC / name, headers=KEPT)


@router.post("/language")
async def choose_language(
    page: AnyPage, language: Annotated[Language, Form()], back: Annotated[str, Form()] = "/"
) -> Response:
    """Keep the language that was chosen and go on where the reader was."""
    response = RedirectResponse(local_path(back), 303)
    response.set_cookie(
        LANGUAGE, language, max_age=KEPT_SECONDS, samesite="lax", secure=is_secure(page.parts)
    )
    return response


def here(request: Request) -> str:
    """Return the path and question of the page that is shown, to come back to it."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
