"""News for open pages: what changes in the register is on the page within a second (U1, F53).

One ear on PostgreSQL for the whole process; each open page has a stream of numbers of tickets.
A client's list hears of tickets that the client may see, and no more than that one of them changed:
whose it is comes with the announcement, so nobody asks the register. A page that hears nothing asks
again by itself.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from gateway.auth import Visitor
from gateway.pages.rendering import Page
from gateway.pages.visitors import SignedInPage, the_visitor
from gateway.sight import visible
from storage.database import Database

router = APIRouter(include_in_schema=False)

CHANNEL = "tickets"
AGAIN_SECONDS = 1.0
BEAT_SECONDS = 20.0
GATHER_SECONDS = 0.1
LONGEST_STREAM_SECONDS = 300.0
MOST_WAITING = 1000
EVERYTHING = "*"

log = logging.getLogger(__name__)


class News:
    """What has changed since each listener last looked."""

    def __init__(self, database: Database) -> None:
        """Listen to this register once `run` is under way."""
        self._database = database
        self._listeners: set[Listener] = set()
        self.is_closing = False

    async def run(self) -> None:
        """Hear what the register tells, until cancelled; after a break everybody looks again."""
        while True:
            try:
                async for announced in self._database.notifications(CHANNEL):
                    self.tell(announced)
            except Exception as fault:  # noqa: BLE001 - whatever broke the line, it is laid again
                log.warning("the ear on the register is shut: %s", type(fault).__name__)
            await asyncio.sleep(AGAIN_SECONDS)

    def tell(self, announced: str) -> None:
        """Let every open page that may know of it know that something about a ticket is new."""
        change = Change.read(announced)
        for listener in self._listeners:
            listener.hear(change)

    def close(self) -> None:
        """End every stream: the process is about to stop, and pages will ask the next one."""
        self.is_closing = True
        self.tell(EVERYTHING)

    @contextmanager
    def listener(self, ear: "Ear") -> Iterator["Listener"]:
        """Open an ear for as long as a page is open."""
        listener = Listener(ear)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)


@dataclass(frozen=True)
class Change:
    """What was announced: the ticket, and whose it is where that was told."""

    number: str
    client_id: int | None = None
    user_id: int | None = None

    @classmethod
    def read(cls, announced: str) -> "Change":
        """Read an announcement: a number, or a number with its client and user; nothing is all."""
        number, *owner = announced.split(" ")
        whose = [int(one) or None for one in owner]
        return cls(number or EVERYTHING, *whose)


Ear = Callable[[Change], str]


def ear_for(number: str) -> Ear:
    """Return the ear of a page about one ticket."""
    return lambda change: change.number if change.number in {number, EVERYTHING} else ""


def ear_of_staff(change: Change) -> str:
    """Hear of every ticket by its number."""
    return change.number


def ear_of(visitor: Visitor) -> Ear:
    """Return the ear of a client's list: something changed that they may see, and not what."""

    def hear(change: Change) -> str:
        is_theirs = change.client_id and visitor.may_see(change.client_id, change.user_id)
        return EVERYTHING if is_theirs or change.number == EVERYTHING else ""

    return hear


class Listener:
    """The numbers that one open page has not been told of yet."""

    def __init__(self, ear: Ear) -> None:
        """Begin with nothing new; the ear says what of a change is heard, if anything."""
        self._ear = ear
        self._new: set[str] = set()
        self._came = asyncio.Event()

    def hear(self, change: Change) -> None:
        """Note that a ticket changed; too many at once mean that anything may have."""
        number = self._ear(change)
        if not number:
            return
        self._new.add(number if len(self._new) < MOST_WAITING else EVERYTHING)
        self._came.set()

    async def next(self) -> set[str]:
        """Return what is new, gathered for a moment, or nothing when it stays quiet for long."""
        try:
            async with asyncio.timeout(BEAT_SECONDS):
                await self._came.wait()
        except TimeoutError:
            return set()
        await asyncio.sleep(GATHER_SECONDS)
        self._came.clear()
        new, self._new = self._new, set()
        return new


@router.get("/events")
async def events(
    page: SignedInPage, ticket: Annotated[str, Query(max_length=20)] = ""
) -> StreamingResponse:
    """Stream changes as they come: of one ticket, to staff of all, to clients that theirs did."""
    visitor = the_visitor(page)
    if ticket:
        await run_in_threadpool(_check_visible, page, visitor, ticket)
        return stream_of(page.request, ear_for(ticket))
    return stream_of(page.request, ear_of(visitor) if visitor.is_client else ear_of_staff)


def stream_of(request: Request, ear: Ear) -> StreamingResponse:
    """Return the stream of what this ear hears, for a page that may hear it."""
    news: News = request.app.state.news
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_stream(news, ear), media_type="text/event-stream", headers=headers)


def _check_visible(page: Page, visitor: Visitor, ticket: str) -> None:
    with page.parts.database.transaction() as connection:
        visible(connection, visitor, ticket)


async def _stream(news: News, ear: Ear) -> AsyncIterator[str]:
    until = asyncio.get_running_loop().time() + LONGEST_STREAM_SECONDS
    with news.listener(ear) as listener:
        yield "retry: 2000\n\n"
        while asyncio.get_running_loop().time() < until and not news.is_closing:
            new = await listener.next()
            told = EVERYTHING if EVERYTHING in new else " ".join(sorted(new))
            yield f"event: change\ndata: {told}\n\n" if new else ": quiet\n\n"
