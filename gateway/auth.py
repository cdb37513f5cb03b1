"""Who asks: every door of the API needs a token; a client sees its own organisation alone.

Carries out R2 and the roles of the design's section 4.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from domain.calendar import MOSCOW
from domain.terms import Actor, Role
from gateway.pages.translation import _, marked
from gateway.parts import Parts
from gateway.problems import Problem
from storage import people, tokens
from storage.bearers import Bearer
from storage.people import Person

SCOPE = "api"
REMEMBERED_SECONDS = 10.0
MOST_REMEMBERED = 10_000
STAFF = frozenset({Role.SPECIALIST, Role.HEAD})
INSIDE = STAFF | {Role.DEVELOPMENT, Role.OPERATIONS}

bearer_header = HTTPBearer(auto_error=False, description="Токен доступа: `Bearer ps_…`")


@dataclass(frozen=True)
class Visitor:
    """Whoever asks; `person` is the client's user, None for one of us."""

    bearer: Bearer
    person: Person | None = None

    @property
    def actor(self) -> Actor:
        """Return the visitor as the journal names them."""
        return self.bearer.actor

    @property
    def is_client(self) -> bool:
        """Tell whether a client's user asks."""
        return self.bearer.role is Role.CLIENT

    def may_see(self, client_id: int | None, user_id: int | None) -> bool:
        """Tell whether a ticket of this client, filed by this user, may be shown.

        Colleagues see each other's tickets where their organisation wants it so (K11).
        """
        if not self.is_client:
            return True
        is_own = user_id == self.bearer.id
        return client_id == self.bearer.client_id and (is_own or self.bearer.sees_organisation)


class Visitors:
    """Finds who shows a token, and remembers it for some seconds."""

    def __init__(self, parts: Parts) -> None:
        """Look into these parts' register."""
        self._parts = parts
        self._known: dict[str, tuple[float, Visitor]] = {}

    async def find(self, plain: str) -> Visitor | None:
        """Return whose token this is; a revoked one is good for ten seconds at most."""
        known = self._known.get(plain)
        if known is not None and time.monotonic() - known[0] < REMEMBERED_SECONDS:
            return known[1]
        visitor = await run_in_threadpool(self._read, plain)
        self._remember(plain, visitor)
        return visitor

    def _read(self, plain: str) -> Visitor | None:
        now = self._parts.clock()
        with self._parts.database.transaction() as connection:
            bearer = tokens.find(connection, plain, now)
            if bearer is None or bearer.role is not Role.CLIENT:
                return Visitor(bearer) if bearer else None
            on = now.astimezone(MOSCOW).date()
            return Visitor(bearer, people.find_user_by_login(connection, bearer.login, on))

    def _remember(self, plain: str, visitor: Visitor | None) -> None:
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known.pop(plain, None)
        if visitor is not None:
            self._known[plain] = (time.monotonic(), visitor)


async def parts_of(request: Request) -> Parts:
    """Return the parts of the application that is asked."""
    parts: Parts = request.app.state.parts
    return parts


async def visitor_of(
    request: Request,
    shown: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer_header)],
) -> Visitor:
    """Return who asks.

    Raises:
        Problem: without a good token for the API.

    """
    visitors: Visitors = request.app.state.visitors
    visitor = await visitors.find(shown.credentials) if shown else None
    if visitor is None:
        detail = _("Токен доступа не показан, отозван или истёк.")
        way_out = _("Передайте заголовок Authorization: Bearer с действующим токеном.")
        headers = {"WWW-Authenticate": "Bearer"}
        raise Problem(401, "unauthorized", detail, way_out, headers=headers)
    if SCOPE not in visitor.bearer.scopes:
        detail = _("Этот токен выдан не для API.")
        way_out = _("Запросите токен с областью «{scope}».").format(scope=SCOPE)
        raise Problem(403, "scope", detail, way_out)
    return visitor


def only(roles: frozenset[Role]) -> Callable[[Visitor], Awaitable[Visitor]]:
    """Return the dependency that lets only these roles in."""

    async def allowed(visitor: Annotated[Visitor, Depends(visitor_of)]) -> Visitor:
        require(visitor, roles)
        return visitor

    return allowed


def require(visitor: Visitor, roles: frozenset[Role]) -> None:
    """Check that the visitor has one of the roles.

    Raises:
        Problem: when not, naming those who may.

    """
    if visitor.bearer.role not in roles:
        names = ", ".join(_(ROLE_NAMES[role]) for role in Role if role in roles)
        detail = _("Вашей роли это действие недоступно.")
        way_out = _("Обратитесь к тем, кто может: {names}.").format(names=names)
        raise Problem(403, "role", detail, way_out)


ROLE_NAMES = {
    Role.CLIENT: marked("клиент"),
    Role.SPECIALIST: marked("специалист поддержки"),
    Role.HEAD: marked("руководитель поддержки"),
    Role.DEVELOPMENT: marked("отдел разработки"),
    Role.OPERATIONS: marked("эксплуатация"),
    Role.SYSTEM: marked("сама служба"),
}

TheParts = Annotated[Parts, Depends(parts_of)]
AnyVisitor = Annotated[Visitor, Depends(visitor_of)]
ClientVisitor = Annotated[Visitor, Depends(only(frozenset({Role.CLIENT})))]
StaffVisitor = Annotated[Visitor, Depends(only(STAFF))]
InsideVisitor = Annotated[Visitor, Depends(only(INSIDE))]
