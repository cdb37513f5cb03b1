"""Signing in with the organisation's own account: out to its provider, back with a role or a why.

Carries out R2 for staff. Whatever goes wrong is a page that says what still works; nobody is let in
by an answer of another browser, an answer that came before, or a role that nobody was given.
"""

import logging
import secrets
from typing import Annotated, Any

from authlib.common.security import generate_token
from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from domain.terms import Role
from gateway.entrance.limits import Guess, network_of
from gateway.entrance.provider import CALLBACK, Claims, Provider, ProviderAwayError, UnprovenError
from gateway.entrance.signing_in import begin
from gateway.pages.paths import local_path
from gateway.pages.rendering import Page
from gateway.pages.visitors import AnyPage, is_secure
from storage import admission, handshakes
from storage.admission import ForeignLoginError, Vouched
from storage.handshakes import Handshake
from storage.people import Staff
from workflows.installation import Installation

router = APIRouter(include_in_schema=False)
logger = logging.getLogger(__name__)
BROWSER = "handshake"
OF_NETWORK = 60
LONGEST = 200
Told = Annotated[str, Query(max_length=4000)]


@router.get("/signin/provider")
async def go_to_provider(page: AnyPage, next: str = "/") -> Response:  # noqa: A002 - the address says it
    """Send the browser to the provider, bound to it by a secret of its own."""
    provider = _provider(page)
    browser = page.request.cookies.get(_cookie(page)) or secrets.token_urlsafe(32)
    state = generate_token(43)
    handshake = Handshake(generate_token(43), generate_token(64), local_path(next))
    try:
        address = await provider.address(state, handshake, page.now)
    except ProviderAwayError as why:
        logger.warning("the provider is away: %s", why)
        return _refuse(page, "away", 503)
    if not await run_in_threadpool(_keep, page, state, browser, handshake):
        return _refuse(page, "often", 429)
    response = RedirectResponse(address, 303)
    _bind(response, page, browser)
    return response


@router.get(CALLBACK)
async def come_back(
    page: AnyPage, state: Told = "", code: Told = "", error: Told = "", iss: Told = ""
) -> Response:
    """Let in whom the provider vouches for, or say why not and what to do."""
    provider, settings = _provider(page), page.parts.settings
    handshake = await run_in_threadpool(_take, page, state)
    if handshake is None or iss not in {"", settings.oidc_issuer}:
        return _refuse(page, "over", 400)
    if error or not code:
        return _refuse(page, "cancelled" if error == "access_denied" else "error", 400)
    try:
        claims = await provider.claims(code, handshake, page.now)
    except ProviderAwayError as why:
        logger.warning("the provider is away: %s", why)
        return _refuse(page, "away", 503)
    except UnprovenError as why:
        logger.warning("the provider's word does not hold: %s", why)
        return _refuse(page, "unproven", 400)
    return await _admit(page, claims, handshake.onward)


async def _admit(page: Page, claims: Claims, onward: str) -> Response:
    settings = page.parts.settings
    login, role = _login(claims, settings), _role(claims, settings)
    if not login:
        return _refuse(page, "nameless", 403, claim=settings.oidc_login_claim)
    if role is None:
        await run_in_threadpool(_turn_away, page, login)
        return _refuse(page, "role", 403, login=login, groups=tuple(settings.oidc_roles))
    vouched = Vouched(login, _text(claims, "name"), _text(claims, "email"), role)
    try:
        member = await run_in_threadpool(_enter, page, vouched)
    except ForeignLoginError:
        return _refuse(page, "foreign", 403, login=login)
    return await begin(page, member, "provider", onward)


def _login(claims: Claims, settings: Installation) -> str:
    """Return the login by the provider's word; an address nobody has verified is no one's login."""
    told = claims.get(settings.oidc_login_claim)
    if settings.oidc_login_claim == "email" and claims.get("email_verified") is not True:
        return ""
    # Mended it might be another's: a login with unseen characters is none.
    return told if told == _text(claims, settings.oidc_login_claim) else ""


def _role(claims: Claims, settings: Installation) -> Role | None:
    """Return the role of the claim; of several the first in the order of the settings."""
    told = claims.get(settings.oidc_role_claim)
    values = told if isinstance(told, list) else [told]
    return next((role for value, role in settings.oidc_roles.items() if value in values), None)


def _text(claims: Claims, name: str) -> str:
    told = claims.get(name)
    plain = told.strip()[:LONGEST] if isinstance(told, str) else ""
    return "".join(character for character in plain if character.isprintable())


def _refuse(page: Page, why: str, status: int, **context: Any) -> Response:  # noqa: ANN401 - for the template
    return page.show("entrance/provider.html", status, why=why, **context)


def _provider(page: Page) -> Provider:
    """Return the provider of this service; without one these addresses do not exist."""
    if not page.parts.settings.has_provider:
        raise HTTPException(404)
    provider: Provider = page.request.app.state.provider
    return provider


def _bind(response: Response, page: Page, browser: str) -> None:
    response.set_cookie(
        _cookie(page),
        browser,
        max_age=int(handshakes.HOLDS.total_seconds()),
        httponly=True,
        secure=is_secure(page.parts),
        samesite="lax",  # the provider's answer is a step from another site
    )


def _cookie(page: Page) -> str:
    """Return the cookie's name: where the site is secure, no neighbouring site can set it."""
    return f"__Host-{BROWSER}" if is_secure(page.parts) else BROWSER


def _keep(page: Page, state: str, browser: str, handshake: Handshake) -> bool:
    """Keep the sign-in that goes out, unless too many went out from this network."""
    tries = Guess(((f"provider {network_of(page.request)}", OF_NETWORK),))
    with page.parts.database.transaction() as connection:
        if tries.wait_until(connection, page.now):
            return False
        handshakes.begin(connection, state, browser, handshake, page.now)
        return True


def _take(page: Page, state: str) -> Handshake | None:
    browser = page.request.cookies.get(_cookie(page), "")
    with page.parts.database.transaction() as connection:
        return handshakes.take(connection, state, browser, page.now)


def _enter(page: Page, vouched: Vouched) -> Staff:
    with page.parts.database.transaction() as connection:
        return admission.admit(connection, vouched, page.now)


def _turn_away(page: Page, login: str) -> None:
    with page.parts.database.transaction() as connection:
        admission.turn_away(connection, login, page.now)
