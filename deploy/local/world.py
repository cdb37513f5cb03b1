"""A whole service in one process whose days pass in moments: for the demo and for the journeys.

Register, mail and doors are real and live in real time; each ticket's process has the engine's
virtual clock. The doors' clock is set to the same virtual moment, which is the bridge between
them: a letter that comes in on Saturday carries Saturday as its moment, its process begins on
Saturday, and `until` moves every open process to the next moment of the story.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from activities.correspondence import Stationery
from activities.post import Post, Server
from deploy.local import engine
from deploy.local.maildirs import StoredLetter
from deploy.local.post_office import PostOffice, PostOfficeOptions
from gateway.relay import Relay
from mail.identity import Keyring
from storage import handovers, letters
from storage.database import Database
from storage.rules import CurrentRules
from worker import Parts, workers
from workflows import SEARCH_ATTRIBUTES

KEYS = Keyring("k1", {"k1": bytes(range(32))})
STATIONERY = Stationery(KEYS, "profman.ru", "world", "http://localhost")
SERVICE = "lanskov@profman.ru"
JOURNAL = "journal@profman.ru"
PATIENCE = 30.0


def attribute_types() -> dict[str, str]:
    """Return the search attributes and their types as the engine's command line names them."""
    return {key.name: TYPES[key.indexed_value_type.name] for key in SEARCH_ATTRIBUTES}


TYPES = {"KEYWORD": "Keyword", "INT": "Int", "DATETIME": "Datetime", "BOOL": "Bool"}


@dataclass
class VirtualClock:
    """A clock that can be set ahead and runs on from there."""

    set_to: datetime = field(default_factory=lambda: datetime.now(UTC))
    set_at: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        """Return the present virtual moment."""
        return self.set_to + timedelta(seconds=time.monotonic() - self.set_at)

    def set(self, moment: datetime) -> None:
        """Go to a moment; a clock never goes back."""
        self.set_to, self.set_at = max(moment, self()), time.monotonic()


@dataclass(frozen=True)
class World:
    """Everything of one service, and the way through its time."""

    database: Database
    environment: WorkflowEnvironment
    office: PostOffice
    relay: Relay
    clock: VirtualClock
    rules: CurrentRules

    @property
    def client(self) -> Client:
        """Return the engine's client."""
        return self.environment.client

    def ticket(self, number: str) -> WorkflowHandle[object, object]:
        """Return the process of a ticket."""
        return self.client.get_workflow_handle(number)

    def letters(self, address: str) -> list[StoredLetter]:
        """Return what has arrived in a mailbox."""
        return self.office.letters(address)

    async def until(self, moment: datetime) -> None:
        """Let the time pass for every open ticket, and for the doors; what falls due happens."""
        await self.settle()
        for number in await self._running():
            await self._forward(number, moment)
        self.clock.set(moment)
        await self.settle()

    async def settle(self) -> None:
        """Wait until all that is known has been told, written and sent."""
        await wait_until(self._is_settled, "handovers and letters to settle")

    async def _running(self) -> list[str]:
        running = [
            execution.id
            async for execution in self.client.list_workflows(
                'WorkflowType = "Ticket" AND ExecutionStatus = "Running"'
            )
        ]
        return sorted(running)

    async def _forward(self, number: str, moment: datetime) -> None:
        handle = self.ticket(number)
        description = await handle.describe()
        if description.status is not WorkflowExecutionStatus.RUNNING:
            return
        ahead = moment - await self.environment.get_current_time(handle)
        if ahead > timedelta(0):
            await asyncio.wait_for(self.environment.fast_forward(handle, ahead), PATIENCE)

    async def _is_settled(self) -> bool:
        return await asyncio.to_thread(self._has_nothing_pending)

    def _has_nothing_pending(self) -> bool:
        with self.database.transaction() as connection:
            pending = handovers.count_pending(connection)
            return not pending and not letters.count_leaving(connection, self.clock())


async def wait_until(is_so: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: naming what was waited for.

    """
    for _ in range(int(PATIENCE / 0.02)):
        if await is_so():
            return
        await asyncio.sleep(0.02)
    raise TimeoutError(f"waited {PATIENCE:.0f} s for {what}")


@asynccontextmanager
async def virtual_engine() -> AsyncIterator[WorkflowEnvironment]:
    """Run an engine whose tickets' clocks can be moved."""
    async with engine.time_skipping_environment(
        attribute_types(), pydantic_data_converter
    ) as environment:
        yield environment


@asynccontextmanager
async def world(
    database: Database, environment: WorkflowEnvironment, folder: Path, door: tuple[str, int]
) -> AsyncIterator[World]:
    """Set a service up on this register and engine; letters to it go to that door."""
    clock = VirtualClock()
    rules = CurrentRules(database, clock)
    async with AsyncExitStack() as closing:
        options = PostOfficeOptions(folder, frozenset({SERVICE}), door, journal=JOURNAL)
        office = PostOffice(options).start()
        closing.callback(office.stop)
        post = Post(Server("127.0.0.1", office.port), SERVICE, JOURNAL)
        closing.callback(post.close)
        parts = Parts(database, rules, post, office.find_in_journal, STATIONERY)
        await closing.enter_async_context(workers(environment.client, parts, cached=0))
        relay = Relay(database, environment.client, clock)
        telling = asyncio.create_task(relay.run())
        closing.push_async_callback(_cancel, telling)
        yield World(database, environment, office, relay, clock, rules)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
