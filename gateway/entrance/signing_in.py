"""Signing in and out by password, and the one-time link with which a password begins.

Carries out R2. A link that is merely opened does nothing; the form behind it uses it up.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from gateway.entrance.letters import AccountPost
from gateway.entrance.limits import Guess, guess_of, mark_device
from gateway.entrance.passwords import Passwords, flaw, is_outdated
from gateway.pages.paths import local_path
from gateway.pages.rendering import Page
from gateway.pages.visitors import (
    OURS,
    AnyPage,
    cookie_name,
    give_former,
    give_session,
    take_session,
)
from gateway.parts import Parts
from storage import accounts, sessions
from storage.accounts import Owner
from storage.database import Connection
from storage.sessions import Way

router = APIRouter(include_in_schema=False)
passwords = Passwords()
Typed = Annotated[str, Form(max_length=400)]


@router.get("/signin")
async def sign_in_page(page: AnyPage, next: str = "/") -> Response:  # noqa: A002 - the address says it
    """Show the form; whoever has signed in goes on."""
    if page.visitor is not None:
        return RedirectResponse(local_path(next), 303)
    return page.show(
        "entrance/signin.html", login="", next=local_path(next), wrong=False, until=None
    )


@router.post("/signin")
async def sign_in(
    page: AnyPage,
    login: Typed = "",
    password: Typed = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002 - the form says it
) -> Response:
    """Begin a session, or show the form again: it never tells whether the login exists."""
    name = "".join(character for character in login.strip() if character.isprintable())
    guess = guess_of(page.request, page.parts, name)
    onward = local_path(next)
    until = await run_in_threadpool(_count, page.parts, guess, page.now)
    if until is not None:
        seconds = int((until - page.now).total_seconds()) + 1
        headers = {"Retry-After": str(seconds)}
        return page.show(
            "entrance/signin.html", 429, headers, wrong=False, until=until, login=name, next=onward
        )
    owner = await _owner(page, name, password)
    if owner is None:
        return page.show(
            "entrance/signin.html", 422, wrong=True, until=None, login=name, next=onward
        )
    await run_in_threadpool(_was_right, page.parts, guess)
    return await begin(page, owner, "password", onward)


@router.post("/signout", dependencies=OURS)
def sign_out(page: AnyPage) -> Response:
    """End the session of this browser."""
    response = RedirectResponse("/", 303)
    if page.visitor is not None:
        with page.parts.database.transaction() as connection:
            sessions.end(connection, page.visitor.bearer.token_id, page.now)
    take_session(response, page.parts)
    return response


@router.get("/invitation/{token}")
def invitation_page(page: AnyPage, token: str) -> Response:
    """Show the form for a first or a new password; nothing is used up by looking."""
    with page.parts.database.transaction() as connection:
        found = accounts.find_invitation(connection, token, page.now)
    if found is None:
        return page.show("entrance/invitation.html", 404, owner=None, error="")
    return page.show("entrance/invitation.html", owner=found.owner, error="")


@router.post("/invitation/{token}")
async def accept_invitation(page: AnyPage, token: str, password: Typed = "") -> Response:
    """Take the password, use the link up and begin a session."""
    found = await run_in_threadpool(_invited, page.parts, token, page.now)
    if found is None:
        return page.show("entrance/invitation.html", 404, owner=None, error="")
    if error := flaw(password, found.login):
        return page.show("entrance/invitation.html", 422, owner=found, error=error)
    hashed = await passwords.hash(password)
    owner = await run_in_threadpool(_use_up, page, token, hashed)
    if owner is None:
        return page.show("entrance/invitation.html", 404, owner=None, error="")
    return await begin(page, owner, "invitation", "/")


async def _owner(page: Page, login: str, password: str) -> Owner | None:
    owner, hashed = await run_in_threadpool(_known, page.parts, login, page.now)
    if not await passwords.is_right(password, hashed) or owner is None or hashed is None:
        return None
    if is_outdated(hashed):
        renewed = await passwords.hash(password)
        await run_in_threadpool(_renew, page.parts, owner, hashed, renewed)
    return owner


async def begin(page: Page, owner: Owner, way: Way, onward: str) -> Response:
    """Begin a session of somebody and lead them on; this browser is known from now on."""
    former = page.request.cookies.get(cookie_name(page.parts), "")
    plain, is_theirs = await run_in_threadpool(_new_session, page, owner, way, former)
    response = RedirectResponse(onward, 303)
    give_session(response, page.parts, plain, sessions.lasts(owner))
    give_former(response, page.parts, former if is_theirs else "")
    mark_device(response, page.parts, owner.login)
    return response


def _new_session(page: Page, owner: Owner, way: Way, former: str) -> tuple[str, bool]:
    """Begin a session with a new secret, end the former; tell if that one was theirs, too."""
    agent = page.request.headers.get("user-agent", "")
    with page.parts.database.transaction() as connection:
        if former and (old := sessions.find(connection, former, page.now)):
            sessions.end(connection, old.token_id, page.now)
        is_theirs = bool(former) and sessions.was_of(connection, former, owner)
        return sessions.begin(connection, owner, page.now, way, agent=agent), is_theirs


def _count(parts: Parts, guess: Guess, now: datetime) -> datetime | None:
    with parts.database.transaction() as connection:
        return guess.wait_until(connection, now)


def _was_right(parts: Parts, guess: Guess) -> None:
    with parts.database.transaction() as connection:
        guess.was_right(connection)


def _known(parts: Parts, login: str, now: datetime) -> tuple[Owner | None, str | None]:
    with parts.database.transaction() as connection:
        owner = accounts.find_owner(connection, login, now)
        return owner, accounts.find_hash(connection, owner) if owner else None


def _renew(parts: Parts, owner: Owner, old: str, new: str) -> None:
    with parts.database.transaction() as connection:
        accounts.renew_hash(connection, owner, old, new)


def _invited(parts: Parts, token: str, now: datetime) -> Owner | None:
    with parts.database.transaction() as connection:
        found = accounts.find_invitation(connection, token, now)
        return found.owner if found else None


def _use_up(page: Page, token: str, hashed: str) -> Owner | None:
    with page.parts.database.transaction() as connection:
        found = accounts.find_invitation(connection, token, page.now)
        if found is None:
            return None
        put_password(connection, page, found.owner, hashed)
        return found.owner


def put_password(connection: Connection, page: Page, owner: Owner, hashed: str) -> None:
    """Keep a new password and let its owner know by letter."""
    id_ = accounts.put_hash(connection, owner, hashed, page.now)
    post = AccountPost(page.parts.settings, page.parts.rules(), page.language)
    post.tell_of_change(connection, owner, id_, page.now)
