"""One's own account: sessions that can be ended, a new password, the language.

Carries out R2. A new password is taken for the present one alone; it ends every other session and
gives this one a new secret.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Path, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from domain.letters import Language
from gateway.entrance import browsers, signing_in
from gateway.entrance.limits import OF_LOGIN, Guess
from gateway.entrance.passwords import flaw
from gateway.entrance.signing_in import Typed, passwords
from gateway.pages import moments
from gateway.pages.rendering import Page
from gateway.pages.translation import _
from gateway.pages.visitors import (
    KEPT_SECONDS,
    LANGUAGE,
    OURS,
    SignedInPage,
    is_secure,
    the_visitor,
)
from storage import accounts, people, sessions
from storage.accounts import Owner

router = APIRouter(include_in_schema=False)

Done = Literal["", "ended", "password", "language"]


@router.get("/account")
def account(page: SignedInPage, done: Annotated[Done, Query()] = "") -> Response:
    """Show one's sessions and what can be changed."""
    return _show(page, done=done)


@router.post("/account/sessions/{id}/end", dependencies=OURS)
def end_session(
    page: SignedInPage, id_: Annotated[int, Path(alias="id", ge=1, lt=2**63)]
) -> Response:
    """End one of one's own sessions; another person's stays as it is."""
    with page.parts.database.transaction() as connection:
        sessions.end_own(connection, the_visitor(page).bearer, id_, page.now)
    return RedirectResponse("/account?done=ended", 303)


@router.post("/account/sessions/end-others", dependencies=OURS)
def end_others(page: SignedInPage) -> Response:
    """End every session but the one of this browser."""
    with page.parts.database.transaction() as connection:
        sessions.end_others(connection, the_visitor(page).bearer, page.now)
    return RedirectResponse("/account?done=ended", 303)


@router.post("/account/language", dependencies=OURS)
def choose_language(page: SignedInPage, language: Annotated[Language, Form()]) -> Response:
    """Keep the language of the pages, and for a client of our letters as well."""
    visitor = the_visitor(page)
    if visitor.is_client:
        with page.parts.database.transaction() as connection:
            people.put_language(connection, visitor.bearer.id, language)
    response = RedirectResponse("/account?done=language", 303)
    response.set_cookie(
        LANGUAGE, language, max_age=KEPT_SECONDS, samesite="lax", secure=is_secure(page.parts)
    )
    return response


@router.post("/account/password", dependencies=OURS)
async def change_password(
    page: SignedInPage, password: Typed = "", password_new: Typed = ""
) -> Response:
    """Take a new password from whoever knows the present one."""
    bearer = the_visitor(page).bearer
    guess = Guess(((f"account {bearer.actor}", OF_LOGIN),))
    if wait := await run_in_threadpool(_wait, page, guess):
        return await run_in_threadpool(_show, page, 429, error_old=wait)
    if error := flaw(password_new, bearer.login):
        return await run_in_threadpool(_show, page, 422, error_new=error)
    owner, hashed = await run_in_threadpool(_read, page)
    if owner is None or not await passwords.is_right(password, hashed):
        error = _("Это не ваш нынешний пароль. Проверьте раскладку и Caps Lock.")
        return await run_in_threadpool(_show, page, 422, error_old=error)
    await run_in_threadpool(_put, page, owner, await passwords.hash(password_new), guess)
    return await signing_in.begin(page, owner, "password", "/account?done=password")


def _show(
    page: Page, status: int = 200, *, done: Done = "", error_old: str = "", error_new: str = ""
) -> Response:
    bearer = the_visitor(page).bearer
    with page.parts.database.transaction() as connection:
        mine = sessions.list_open(connection, bearer, page.now)
        owner = accounts.find_owner(connection, bearer.login, page.now)
        has_password = owner is not None and accounts.find_hash(connection, owner) is not None
    told = [(one, browsers.told(one.agent), one.id == bearer.token_id) for one in mine]
    return page.show(
        "entrance/account.html",
        status,
        mine=told,
        done=done,
        has_password=has_password,
        error_old=error_old,
        error_new=error_new,
    )


def _wait(page: Page, guess: Guess) -> str:
    with page.parts.database.transaction() as connection:
        until = guess.wait_until(connection, page.now)
    told = _("Слишком много попыток. Попробуйте снова после {moment}.")
    return told.format(moment=moments.moment_long(until).striptags()) if until else ""


def _read(page: Page) -> tuple[Owner | None, str | None]:
    with page.parts.database.transaction() as connection:
        owner = accounts.find_owner(connection, the_visitor(page).bearer.login, page.now)
        return owner, accounts.find_hash(connection, owner) if owner else None


def _put(page: Page, owner: Owner, hashed: str, guess: Guess) -> None:
    with page.parts.database.transaction() as connection:
        guess.was_right(connection)
        signing_in.put_password(connection, page, owner, hashed)
