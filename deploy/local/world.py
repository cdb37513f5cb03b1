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
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from activities.correspondence import Stationery
from activities.post import Post
from activities.smtp import Server
from deploy.local import engine
from deploy.local.maildirs import StoredLetter
from deploy.local.post_office import PostOffice, PostOfficeOptions
from gateway.relay import Relay
from mail.identity import Keyring
from storage import account_letters, handovers, tickets
from storage.database import Database
from storage.rules import CurrentRules
from worker import Parts, workers
from workflows.connection import SHARED as SHARED_CONVERTER

KEYS = Keyring("k1", {"k1": bytes(range(32))})
STATIONERY = Stationery(KEYS, "profman.ru", "world", "http://localhost")
SERVICE = "lanskov@profman.ru"
JOURNAL = "journal@profman.ru"
PATIENCE = 30.0
RUNNING = 'WorkflowType IN ("Ticket", "AccountLetter") AND ExecutionStatus = "Running"'


@dataclass(frozen=True)
class Place:
    """Where a service lives and in whose name it writes; letters to its address go to its door.

    With no tickets `cached` each step replays the whole history. That is for tickets that go one by
    one: a process evicted amid a local activity loses its task and waits for it ten real seconds.
    """

    folder: Path
    door: tuple[str, int]
    address: str = SERVICE
    stationery: Stationery = STATIONERY
    cached: int = 100


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
        """Return the process of a ticket, or of a letter about an account by its key."""
        return self.client.get_workflow_handle(number)

    def letters(self, address: str) -> list[StoredLetter]:
        """Return what has arrived in a mailbox."""
        return self.office.letters(address)

    async def until(self, moment: datetime) -> None:
        """Let the time pass for every open ticket, and for the doors; what falls due happens."""
        await self.settle()
        for process in await self._running():
            ahead = moment - await self.environment.get_current_time(process)
            if ahead > timedelta(0):
                await asyncio.wait_for(self.environment.fast_forward(process, ahead), PATIENCE)
        self.clock.set(moment)
        await self.settle()

    async def end(self) -> None:
        """End the processes that still go on, for whoever uses the engine next."""
        for process in await self._running():
            await process.terminate("the story is over")

    async def settle(self) -> None:
        """Wait until all that is known has been told, and every process waits for time or people.

        A letter whose next try has its own moment is left to `until`.
        """
        await wait_until(self._is_settled, "handovers and processes to settle")

    async def _running(self) -> list[WorkflowHandle[object, object]]:
        """Return the processes that go on; the engine lists a new one later than the register."""
        listed = {one.id async for one in self.client.list_workflows(RUNNING)}
        known = await asyncio.to_thread(self._open)
        processes = [self.ticket(number) for number in sorted(listed | known)]
        running = [await _is_running(process) for process in processes]
        return [process for process, is_so in zip(processes, running, strict=True) if is_so]

    async def _is_settled(self) -> bool:
        if await asyncio.to_thread(self._has_untold):
            return False
        return not any([await _is_at_work(process) for process in await self._running()])

    def _has_untold(self) -> bool:
        with self.database.transaction() as connection:
            return handovers.count_pending(connection) > 0

    def _open(self) -> set[str]:
        with self.database.transaction() as connection:
            numbers = {row["number"] for row in tickets.list_open(connection)}
            return numbers | set(account_letters.list_unsent(connection))


async def _is_running(process: WorkflowHandle[object, object]) -> bool:
    try:
        description = await process.describe()
    except RPCError:  # not begun yet
        return False
    return description.status is WorkflowExecutionStatus.RUNNING


async def _is_at_work(process: WorkflowHandle[object, object]) -> bool:
    """Tell whether a task or an activity of the process is under way, and not put off."""
    now = (await process.describe()).raw_description
    is_trying = any(
        not one.HasField("next_attempt_schedule_time") for one in now.pending_activities
    )
    return is_trying or now.HasField("pending_workflow_task")


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
        engine.attribute_types(), SHARED_CONVERTER
    ) as environment:
        yield environment


@asynccontextmanager
async def world(
    database: Database, environment: WorkflowEnvironment, place: Place
) -> AsyncIterator[World]:
    """Set a service up in a place, on this register and engine."""
    clock = VirtualClock()
    rules = CurrentRules(database, clock)
    async with AsyncExitStack() as closing:
        options = PostOfficeOptions(
            place.folder, frozenset({place.address}), place.door, journal=JOURNAL
        )
        office = PostOffice(options).start()
        closing.callback(office.stop)
        post = Post(Server("127.0.0.1", office.port), place.address, JOURNAL)
        closing.callback(post.close)
        parts = Parts(database, rules, post, office.find_in_journal, place.stationery)
        await closing.enter_async_context(workers(environment.client, parts, place.cached))
        relay = Relay(database, environment.client, clock)
        telling = asyncio.create_task(relay.run())
        closing.push_async_callback(_cancel, telling)
        yield World(database, environment, office, relay, clock, rules)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
