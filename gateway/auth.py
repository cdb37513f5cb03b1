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
from gateway.parts import Parts
from gateway.problems import Problem
from storage import people, tokens
from storage.people import Person
from storage.bearers import Bearer

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

    def may_see(self, client_id: int | None) -> bool:
        """Tell whether a ticket of this client may be shown."""
        return not self.is_client or client_id == self.bearer.client_id


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
        detail = "Токен доступа не показан, отозван или истёк."
        way_out = "Передайте заголовок Authorization: Bearer с действующим токеном."
        headers = {"WWW-Authenticate": "Bearer"}
        raise Problem(401, "unauthorized", detail, way_out, headers=headers)
    if SCOPE not in visitor.bearer.scopes:
        detail = "Этот токен выдан не для API."
        raise Problem(403, "scope", detail, f"Запросите токен с областью «{SCOPE}».")
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
        names = ", ".join(ROLE_NAMES[role] for role in Role if role in roles)
        detail = "Вашей роли это действие недоступно."
        raise Problem(403, "role", detail, f"Обратитесь к тем, кто может: {names}.")


ROLE_NAMES = {
    Role.CLIENT: "клиент",
    Role.SPECIALIST: "специалист поддержки",
    Role.HEAD: "руководитель поддержки",
    Role.DEVELOPMENT: "отдел разработки",
    Role.OPERATIONS: "эксплуатация",
    Role.SYSTEM: "сама служба",
}

TheParts = Annotated[Parts, Depends(parts_of)]
AnyVisitor = Annotated[Visitor, Depends(visitor_of)]
ClientVisitor = Annotated[Visitor, Depends(only(frozenset({Role.CLIENT})))]
StaffVisitor = Annotated[Visitor, Depends(only(STAFF))]
InsideVisitor = Annotated[Visitor, Depends(only(INSIDE))]
