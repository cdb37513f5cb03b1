"""Open tickets, ours and bare: opened by the hundred, then asked something one at a time."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Protocol

from bench.bare import QUEUE
from bench.figures import Sample, quantile
from bench.ground import Ground
from bench.life import SPECIALIST, SUBJECT, WORDS
from domain.commands import Assign, Note
from domain.terms import Channel
from storage import requests
from storage.requests import Registration
from workflows.messages import Order, Standing

DOORS = 8
GLANCE_SECONDS = 0.05
BETWEEN_SECONDS = 0.2


class Population(Protocol):
    """Open tickets of one side."""

    names: list[str]
    worker: str

    async def grow(self, by: int) -> Sample:
        """Open so many more; return how fast they were accepted and drained."""
        ...

    async def ask(self, number: int, *, more: bool = False) -> float:
        """Give one of them a command that leaves it open; return the seconds to the answer.

        With `more` ours moves what operators are shown, and bare writes a line.
        """
        ...

    async def touch(self, number: int) -> None:
        """Bring one of them into its worker's cache."""
        ...


@dataclass
class Ours:
    """Tickets of the service, opened through its register and relay."""

    ground: Ground
    names: list[str] = field(default_factory=list)
    worker: str = "worker"
    _keys: "count[int]" = field(default_factory=count)

    async def grow(self, by: int) -> Sample:
        """Enter a burst of requests, then wait until every one of them is confirmed."""
        before, begun = self.ground.arrivals.count(), time.monotonic()
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(DOORS) as doors:
            entered = (loop.run_in_executor(doors, self._register) for _ in range(by))
            self.names += await asyncio.gather(*entered)
        accepted = time.monotonic() - begun
        while self.ground.arrivals.count() < before + by:  # noqa: ASYNC110 - another process sends
            await asyncio.sleep(GLANCE_SECONDS)
        return {"accepted": by / accepted, "drained": by / (time.monotonic() - begun)}

    async def ask(self, number: int, *, more: bool = False) -> float:
        """Note something, or give it to another specialist."""
        name, key = self.names[number], next(self._keys)
        command = Assign(str(key)) if more else Note(1)
        order = Order(command, SPECIALIST, f"{name} {key}")
        handle = self.ground.client.get_workflow_handle(name)
        begun = time.monotonic()
        await handle.execute_update("command", order, result_type=Standing)
        return time.monotonic() - begun

    async def touch(self, number: int) -> None:
        """Look at it."""
        await self.ground.client.get_workflow_handle(self.names[number]).query("current")

    def _register(self) -> str:
        now = datetime.now(UTC)
        key = f"open-{next(self._keys)}"
        registration = Registration(
            key=key,
            channel=Channel.WEB,
            received_at=now,
            accepted_at=now,
            subject=SUBJECT,
            text=WORDS,
            client_id=1,
            user_id=1,
            name="Анна Сергеевна",
            address="open@client.example",
            is_verified=True,
        )
        with self.ground.database.transaction() as connection:
            return requests.register(connection, registration).number


@dataclass
class Bare:
    """Processes that wait and answer an update at once."""

    ground: Ground
    names: list[str] = field(default_factory=list)
    worker: str = "bare worker"

    async def grow(self, by: int) -> Sample:
        """Start them, a few at a time, and wait until each has taken its first step."""
        begun, first = time.monotonic(), len(self.names)
        self.names += [f"waiter-{first + number}" for number in range(by)]
        left = iter(self.names[first:])
        await asyncio.gather(*(self._start(left) for _ in range(DOORS)))
        accepted = time.monotonic() - begun
        await self.touch(len(self.names) - 1)
        return {"accepted": by / accepted, "drained": by / (time.monotonic() - begun)}

    async def ask(self, number: int, *, more: bool = False) -> float:
        """Update it."""
        handle = self.ground.bare_client.get_workflow_handle(self.names[number])
        begun = time.monotonic()
        await handle.execute_update("write" if more else "command", "noted")
        return time.monotonic() - begun

    async def touch(self, number: int) -> None:
        """Look at it."""
        await self.ground.bare_client.get_workflow_handle(self.names[number]).query("current")

    async def _start(self, names: Iterator[str]) -> None:
        for name in names:
            await self.ground.bare_client.start_workflow("BareWaiter", id=name, task_queue=QUEUE)


async def ask_some(population: Population, some: range, *, more: bool = False) -> list[float]:
    """Ask these, one after another."""
    return [await population.ask(number, more=more) for number in some]


async def ask_while(population: Population, busy: "asyncio.Task[Sample]") -> list[float]:
    """Ask one after another, a little apart, for as long as the task goes on."""
    waits: list[float] = []
    while not busy.done():
        waits.append(await population.ask(len(waits) % 50))
        await asyncio.sleep(BETWEEN_SECONDS)
    return waits


async def touch_all(population: Population) -> None:
    """Bring all of them into the cache, a few at a time."""
    left = iter(range(len(population.names)))

    async def lane() -> None:
        for number in left:
            await population.touch(number)

    await asyncio.gather(*(lane() for _ in range(DOORS)))


def spread(population: Population, some: int) -> range:
    """Choose so many of them, spread evenly."""
    step = max(len(population.names) // some, 1)
    return range(0, step * some, step)


def middle_ms(seconds: list[float], share: float = 0.5) -> float:
    """Return a quantile in milliseconds."""
    return quantile(seconds, share) * 1000
