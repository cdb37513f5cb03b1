"""The two ways to a client's ticket: signed in, or by the signed link that stands in every letter.

Carries out R2, K4: a link opens one ticket and nothing beside it; a foreign one is not there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from typing_extensions import override

from domain.terms import Actor, Role
from gateway import status_links
from gateway.auth import Visitor
from gateway.pages.faults import page_at
from gateway.pages.rendering import Page
from gateway.pages.visitors import AnyPage, ClientPage, the_visitor
from gateway.sight import Row
from mail.status_links import Opening
from storage import requests, tickets
from storage.bearers import Bearer

# No length is refused here: whoever asks for what cannot be reads that it is not there.
Number = Annotated[str, Path()]
Token = Annotated[str, Path()]
UNLISTED = {"X-Robots-Tag": "noindex, nofollow"}
GONE, UNKNOWN = 410, 404


class LinkOverError(Exception):
    """A link opens nothing any more, or nothing at all."""

    def __init__(self, opening: Opening) -> None:
        """Say which of the two it is."""
        super().__init__(opening)
        self.is_expired = opening is Opening.EXPIRED


@dataclass(frozen=True)
class LinkVisitor(Visitor):
    """Whoever holds the link to one ticket: speaks as its client, sees nothing of another's."""

    user_id: int | None = None

    @property
    @override
    def actor(self) -> Actor:
        return Actor(Role.CLIENT, str(self.user_id or ""))

    @override
    def may_see(self, client_id: int | None, user_id: int | None) -> bool:
        return (client_id, user_id) == (self.bearer.client_id, self.user_id)


@dataclass(frozen=True)
class Door:
    """The way by which somebody came to a ticket; every address of it begins with `base`."""

    number: str
    base: str
    visitor: Visitor
    is_link: bool = False

    @property
    def headers(self) -> Mapping[str, str]:
        """Return what keeps a page behind a secret address out of others' indexes."""
        return UNLISTED if self.is_link else {}


async def by_session(page: ClientPage, request: Request, number: Number) -> None:
    """Open the ticket to a client who has signed in."""
    request.state.door = Door(number, f"/cabinet/{number}", the_visitor(page))


async def by_link(page: AnyPage, request: Request, number: Number, token: Token) -> None:
    """Open the ticket to whoever holds its link.

    Raises:
        LinkOverError: when the link opens nothing.

    """
    visitor = await run_in_threadpool(_holder, page, number, token)
    request.state.door = Door(number, f"/s/{number}/{token}", visitor, is_link=True)


async def door_of(request: Request) -> Door:
    """Return the way by which this request came."""
    door: Door = request.state.door
    return door


async def link_over(request: Request, raised: Exception) -> Response:
    """Tell that a link opens nothing, and the ways on."""
    is_expired = isinstance(raised, LinkOverError) and raised.is_expired
    status = GONE if is_expired else UNKNOWN
    page = page_at(request)
    return page.show("cabinet/link-over.html", status, UNLISTED, is_expired=is_expired)


TheDoor = Annotated[Door, Depends(door_of)]


def _holder(page: Page, number: str, token: str) -> LinkVisitor:
    with page.parts.database.transaction() as connection:
        told = status_links.opened(page.parts, connection, number, token)
        row = tickets.find_row(connection, number)
        request = requests.find(connection, number)
    if told is not Opening.OPEN or row is None or request is None:
        raise LinkOverError(told)
    return LinkVisitor(_bearer(row, request["name"]), None, row["user_id"])


def _bearer(row: Row, name: str) -> Bearer:
    """Return who holds the link: of the ticket's present client, identified later or not (Q12)."""
    return Bearer(
        token_id=0,
        role=Role.CLIENT,
        id=row["user_id"] or 0,
        client_id=row["client_id"],
        login="",
        name=name,
        scopes=frozenset(),
        is_supported=True,
        sees_organisation=False,
    )
