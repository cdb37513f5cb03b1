"""News for open pages: what changes in the register is on the page within a second (U1, F53).

One ear on PostgreSQL for the whole process; each open page has a stream of numbers of tickets.
A page that hears nothing asks again by itself.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
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
                async for number in self._database.notifications(CHANNEL):
                    self.tell(number or EVERYTHING)
            except Exception as fault:  # noqa: BLE001 - whatever broke the line, it is laid again
                log.warning("the ear on the register is shut: %s", type(fault).__name__)
            await asyncio.sleep(AGAIN_SECONDS)

    def tell(self, number: str) -> None:
        """Let every open page know that something about this ticket is new."""
        for listener in self._listeners:
            listener.hear(number)

    def close(self) -> None:
        """End every stream: the process is about to stop, and pages will ask the next one."""
        self.is_closing = True
        self.tell(EVERYTHING)

    @contextmanager
    def listener(self, only: str = "") -> Iterator["Listener"]:
        """Open an ear for as long as a page is open, for one ticket or for all."""
        listener = Listener(only)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)


class Listener:
    """The numbers that one open page has not been told of yet."""

    def __init__(self, only: str) -> None:
        """Begin with nothing new; listen for one ticket, or for all where none is named."""
        self._only = only
        self._new: set[str] = set()
        self._came = asyncio.Event()

    def hear(self, number: str) -> None:
        """Note that a ticket changed; too many at once mean that anything may have."""
        if self._only and number not in {self._only, EVERYTHING}:
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
    """Stream the numbers of tickets as they change: of one ticket, or to staff of every one."""
    visitor = the_visitor(page)
    if ticket or visitor.is_client:
        await run_in_threadpool(_check_visible, page, visitor, ticket)
    return stream_of(page.request, ticket)


def stream_of(request: Request, ticket: str = "") -> StreamingResponse:
    """Return the stream of changes for a page that may see them."""
    news: News = request.app.state.news
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_stream(news, ticket), media_type="text/event-stream", headers=headers)


def _check_visible(page: Page, visitor: Visitor, ticket: str) -> None:
    with page.parts.database.transaction() as connection:
        visible(connection, visitor, ticket)


async def _stream(news: News, ticket: str) -> AsyncIterator[str]:
    until = asyncio.get_running_loop().time() + LONGEST_STREAM_SECONDS
    with news.listener(ticket) as listener:
        yield "retry: 2000\n\n"
        while asyncio.get_running_loop().time() < until and not news.is_closing:
            new = await listener.next()
            told = EVERYTHING if EVERYTHING in new else " ".join(sorted(new))
            yield f"event: change\ndata: {told}\n\n" if new else ": quiet\n\n"
