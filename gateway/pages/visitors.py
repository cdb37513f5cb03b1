"""Who looks at a page: whoever holds the session, in the language they chose.

Carries out R2. Without a session a page that needs one leads to the sign-in and back.
"""

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool

from domain.calendar import MOSCOW
from domain.letters import Language
from domain.terms import Role
from gateway.auth import INSIDE, STAFF, TheParts, Visitor, require
from gateway.pages.moments import readers_clock
from gateway.pages.rendering import Page
from gateway.pages.translation import _, present
from gateway.parts import Parts
from gateway.problems import Problem
from storage import people, sessions
from storage.database import AWAY

LANGUAGE = "language"
KEPT_SECONDS = 365 * 24 * 3600
FORMER_SECONDS = 24 * 3600


class SignInNeededError(Exception):
    """The page is for people who have signed in, and nobody has, or the session is over."""


def cookie_name(parts: Parts) -> str:
    """Return the name of the session's cookie: bound to the host where the site is secure."""
    return "__Host-session" if is_secure(parts) else "session"


def is_secure(parts: Parts) -> bool:
    """Tell whether the site is reached by HTTPS."""
    return parts.settings.site.startswith("https:")


def give_session(
    response: Response, parts: Parts, plain: str, lasts: timedelta = sessions.LASTS
) -> None:
    """Let the browser keep the secret of its session until it ends."""
    response.set_cookie(
        cookie_name(parts),
        plain,
        max_age=int(lasts.total_seconds()),
        httponly=True,
        secure=is_secure(parts),
        samesite="lax",
    )


def take_session(response: Response, parts: Parts) -> None:
    """Have the browser forget its session."""
    for name in (cookie_name(parts), former_name(parts)):
        response.delete_cookie(name, httponly=True, secure=is_secure(parts), samesite="lax")


def former_name(parts: Parts) -> str:
    """Return the name of the cookie that remembers the session before this one."""
    return f"{cookie_name(parts)}-former"


def give_former(response: Response, parts: Parts, plain: str) -> None:
    """Let forms of the session before be sent from this one; with no secret, of none."""
    response.set_cookie(
        former_name(parts),
        plain,
        max_age=FORMER_SECONDS if plain else 0,
        httponly=True,
        secure=is_secure(parts),
        samesite="strict",
    )


def csrf_of(plain: str) -> str:
    """Return what a form of this session must carry: derived from its secret, known to nobody."""
    return hmac.new(plain.encode(), b"csrf", sha256).hexdigest()


async def page_of(request: Request, parts: TheParts) -> AsyncIterator[Page]:
    """Give the page for whoever asks, signed in or not; the files of a form are let go after it."""
    plain = request.cookies.get(cookie_name(parts), "")
    visitor = await run_in_threadpool(_find, parts, plain) if plain else None
    if not parts.rules.is_fresh:
        await run_in_threadpool(_renew_rules, parts)
    language = chosen_language(request, visitor)
    present.set(language)
    readers_clock.set(parts.clock)
    page = Page(request, parts, language, visitor, csrf_of(plain) if plain else "")
    request.state.page = page
    try:
        yield page
    finally:
        await request.close()


def chosen_language(request: Request, visitor: Visitor | None = None) -> Language:
    """Return the language that was chosen, else the visitor's own, else the browser's."""
    if (chosen := request.cookies.get(LANGUAGE, "")) in set(Language):
        return Language(chosen)
    if visitor and visitor.person:
        return Language(visitor.person.language)
    accepted = request.headers.get("accept-language", "").lower()
    return Language.EN if accepted.startswith("en") and "ru" not in accepted else Language.RU


def _find(parts: Parts, plain: str) -> Visitor | None:
    now = parts.clock()
    with parts.database.transaction() as connection:
        bearer = sessions.find(connection, plain, now)
        if bearer is None or bearer.role is not Role.CLIENT:
            return Visitor(bearer) if bearer else None
        on = now.astimezone(MOSCOW).date()
        return Visitor(bearer, people.find_user_by_login(connection, bearer.login, on))


def _renew_rules(parts: Parts) -> None:
    """Read the rules that each page tells; while the register is away those read before do."""
    with suppress(*AWAY):
        parts.rules()


def page_for(roles: frozenset[Role]) -> Callable[[Page], Awaitable[Page]]:
    """Return the dependency that gives the page to these roles alone."""

    async def allowed(page: Annotated[Page, Depends(page_of)]) -> Page:
        if page.visitor is None:
            raise SignInNeededError
        require(page.visitor, roles)
        return page

    return allowed


async def checked_form(request: Request, page: Annotated[Page, Depends(page_of)]) -> None:
    """Check that the form was ours: its token is that of this session, or of theirs before it.

    Raises:
        Problem: when it is not; what was typed is shown again.

    """
    if page.visitor is None:
        return
    form = await request.form()
    given = str(form.get("csrf", "")).encode(errors="replace")
    former = request.cookies.get(former_name(page.parts), "")
    ours = (page.csrf, csrf_of(former)) if former else (page.csrf,)
    if not any(hmac.compare_digest(given, one.encode()) for one in ours):
        detail = _("Форма открыта в другом сеансе.")
        raise Problem(403, "csrf", detail, _("Отправьте её ещё раз с этой страницы."))


def the_visitor(page: Page) -> Visitor:
    """Return who looks at a page that needs somebody.

    Raises:
        SignInNeededError: when nobody has signed in.

    """
    if page.visitor is None:
        raise SignInNeededError
    return page.visitor


AnyPage = Annotated[Page, Depends(page_of)]
SignedInPage = Annotated[Page, Depends(page_for(frozenset(Role)))]
ClientPage = Annotated[Page, Depends(page_for(frozenset({Role.CLIENT})))]
StaffPage = Annotated[Page, Depends(page_for(STAFF))]
InsidePage = Annotated[Page, Depends(page_for(INSIDE))]
HeadPage = Annotated[Page, Depends(page_for(frozenset({Role.HEAD})))]
OURS = [Depends(checked_form)]
