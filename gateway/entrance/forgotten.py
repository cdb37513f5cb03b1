"""Asking for the link by which a password is chosen: whatever is typed, the answer is the same.

Carries out R2. The letter goes to the register's own address of the person, never to what was
typed; whether there is such a person is told by the letter alone, not even by the time it takes.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from time import monotonic
from typing import Any

from fastapi import APIRouter, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from gateway.entrance.letters import AccountPost
from gateway.entrance.limits import Guess, asking_of
from gateway.entrance.signing_in import Typed
from gateway.pages.rendering import Page
from gateway.pages.translation import _
from gateway.pages.visitors import AnyPage
from gateway.parts import Parts

router = APIRouter(include_in_schema=False)

ASKED = "/signin/forgot?asked=1"
ANSWERED_AFTER = 0.3  # seconds: several times what a letter takes, so that no clock tells of it


@router.get("/signin/forgot")
def forgot_page(page: AnyPage, *, asked: bool = False) -> Response:
    """Show the form, or what happens once it was sent."""
    return _show(page, asked=asked)


@router.post("/signin/forgot")
async def ask_for_link(page: AnyPage, login: Typed = "") -> Response:
    """Have the letter sent, if there is whom to send it to; the answer tells nothing of that."""
    typed = "".join(character for character in login.strip() if character.isprintable())
    if not typed:
        return _show(page, 422, error=_("Напишите логин или адрес электронной почты."))
    until = await run_in_threadpool(_count, page.parts, asking_of(page.request), page.now)
    if until is not None:
        return _wait(page, typed, until)
    async with _at_least(ANSWERED_AFTER):
        await run_in_threadpool(_answer, page, typed)
    return RedirectResponse(ASKED, 303)


@asynccontextmanager
async def _at_least(seconds: float) -> AsyncIterator[None]:
    """Take so long, however quickly it was done."""
    ends_at = monotonic() + seconds
    yield
    await asyncio.sleep(max(ends_at - monotonic(), 0))


def _show(page: Page, status: int = 200, **told: Any) -> Response:  # noqa: ANN401 - for the template
    known: dict[str, Any] = {"asked": False, "typed": "", "error": "", "until": None, **told}
    return page.show("entrance/forgot.html", status, **known)


def _wait(page: Page, typed: str, until: datetime) -> Response:
    response = _show(page, 429, typed=typed, until=until)
    response.headers["Retry-After"] = str(int((until - page.now).total_seconds()) + 1)
    return response


def _count(parts: Parts, guess: Guess, now: datetime) -> datetime | None:
    with parts.database.transaction() as connection:
        return guess.wait_until(connection, now)


def _answer(page: Page, typed: str) -> None:
    post = AccountPost(page.parts.settings, page.parts.rules(), page.language)
    with page.parts.database.transaction() as connection:
        post.answer(connection, typed, page.now)
