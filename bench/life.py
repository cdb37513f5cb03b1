"""The plain life: confirm, take, ask, one reminder, the client's answer, answer, close."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from bench.bare import QUEUE, BareInput
from bench.bare_register import Appeal
from bench.figures import Figure, Goal, Sample, alternate, middle
from bench.ground import Ground
from domain import commands
from domain.commands import TicketCommand
from domain.terms import Actor, Channel, Role, Status
from storage import messages, requests, tickets
from storage.messages import ClientMessage, StaffText
from storage.requests import Registration
from workflows.messages import Order, Standing

SUBJECT = "Не открывается отчёт по начислениям"
WORDS = "При открытии отчёта за ноябрь программа сообщает об ошибке. Платформа 8.3.24.\n" * 6
QUESTION = "Какая версия конфигурации установлена?\nПовторяется ли ошибка у других?"
PAUSE = 0.5
IN_FLIGHT = 40
SPECIALIST = Actor(Role.SPECIALIST, "7")


Live = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class Ours:
    """A life through our register, relay and workflow."""

    ground: Ground

    async def __call__(self, address: str) -> None:
        """Live it."""
        number = await asyncio.to_thread(self._register, address)
        await self.ground.arrivals.nth(address, 1)
        await self._order(number, commands.Take())
        await self._order(number, commands.AskClient(await self._text(number, QUESTION)))
        await self.ground.arrivals.nth(address, 3)
        await asyncio.to_thread(self._client_message, number)
        await until(lambda: self._is_back(number))
        await self._order(number, commands.Answer(await self._text(number, WORDS)))
        await self.ground.arrivals.nth(address, 4)
        await self._order(number, commands.Close(await self._text(number, WORDS)))
        await self.ground.arrivals.nth(address, 5)
        await self.ground.client.get_workflow_handle(number).result()

    def _register(self, address: str) -> str:
        now = datetime.now(UTC)
        registration = Registration(
            key=address,
            channel=Channel.WEB,
            received_at=now,
            accepted_at=now,
            subject=SUBJECT,
            text=WORDS,
            client_id=1,
            user_id=1,
            name="Анна Сергеевна",
            address=address,
            is_verified=True,
        )
        with self.ground.database.transaction() as connection:
            return requests.register(connection, registration).number

    def _client_message(self, number: str) -> None:
        message = ClientMessage(
            number=number, key=number, channel=Channel.WEB, at=datetime.now(UTC), text=WORDS
        )
        with self.ground.database.transaction() as connection:
            messages.add_client_message(connection, message)

    def _is_back(self, number: str) -> bool:
        with self.ground.database.transaction() as connection:
            row = tickets.find_row(connection, number)
        return row is not None and row["status"] == Status.IN_DIAGNOSIS

    async def _text(self, number: str, words: str) -> int:
        return await asyncio.to_thread(self._add_text, number, words)

    def _add_text(self, number: str, words: str) -> int:
        written = StaffText(number, words, str(SPECIALIST), datetime.now(UTC))
        with self.ground.database.transaction() as connection:
            return messages.add_staff_text(connection, written)

    async def _order(self, number: str, command: TicketCommand) -> Standing:
        handle = self.ground.client.get_workflow_handle(number)
        order = Order(command, SPECIALIST, f"{number} {command.kind}")
        standing: Standing = await handle.execute_update("command", order, result_type=Standing)
        return standing


@dataclass(frozen=True)
class Bare:
    """The same life through plain statements and a bare workflow."""

    ground: Ground
    attributes: bool = False

    async def __call__(self, address: str) -> None:
        """Live it."""
        bare, arrivals = self.ground.bare, self.ground.arrivals
        appeal = Appeal(address, SUBJECT, WORDS)
        number = await asyncio.to_thread(bare.request, appeal)
        handle = await self.ground.bare_client.start_workflow(
            "BareLife", BareInput(number, self.attributes), id=number, task_queue=QUEUE
        )
        await arrivals.nth(address, 1)
        await handle.execute_update("command", "taken")
        await asyncio.to_thread(bare.text, number, QUESTION)
        await handle.execute_update("command", "asked")
        await arrivals.nth(address, 3)
        await asyncio.to_thread(bare.text, number, WORDS)
        await handle.signal("client_message", 1)
        await until(lambda: bare.status(number) == "client_answered")
        await asyncio.to_thread(bare.text, number, WORDS)
        await handle.execute_update("command", "answered")
        await arrivals.nth(address, 4)
        await asyncio.to_thread(bare.text, number, WORDS)
        await handle.execute_update("command", "closing")
        await arrivals.nth(address, 5)
        await handle.result()


async def until(is_so: Callable[[], bool]) -> None:
    """Wait as the specialist does, then look now and then until it is so."""
    await asyncio.sleep(PAUSE)
    while not await asyncio.to_thread(is_so):  # noqa: ASYNC110 - another process makes it so
        await asyncio.sleep(PAUSE / 5)


async def measure(ground: Ground, lives: int, runs: int) -> list[Figure]:
    """Live lives of each kind by turns."""
    await ground.work("worker", "bench.brisk")
    await ground.open_gateway()
    await ground.work("bare worker", "bench.bare_worker")
    ours, bare = {"worker": "worker", "gateway": "gateway"}, {"worker": "bare worker"}
    parts = {"ours": ours, "bare": bare, "shown": bare}
    ways: dict[str, Live] = {
        "ours": Ours(ground),
        "bare": Bare(ground),
        "shown": Bare(ground, attributes=True),
    }

    def side(name: str) -> Callable[[int], Awaitable[Sample]]:
        return lambda run: _sample(ground, ways[name], f"{name}{run}", lives, parts[name])

    for name, way in ways.items():  # the first of each pays for imports and connections
        await _live(way, f"warm-{name}", IN_FLIGHT // 4)
    samples = await alternate({name: side(name) for name in ways}, runs)
    ground.stop("gateway", "worker", "bare worker")
    return _figures(samples)


async def _sample(ground: Ground, way: Live, tag: str, lives: int, parts: dict[str, str]) -> Sample:
    meter = ground.meter(**parts)
    before, begun = meter.read(), time.monotonic()
    await _live(way, tag, lives)
    elapsed = time.monotonic() - begun
    used = {f"cpu {name}": ms / lives for name, ms in meter.since(before).items()}
    return {"per second": lives / elapsed, "cpu": sum(used.values())} | used


async def _live(way: Live, tag: str, lives: int) -> None:
    room = asyncio.Semaphore(IN_FLIGHT)

    async def one(number: int) -> None:
        async with room:
            await way(f"{tag}-{number}@client.example")

    await asyncio.gather(*map(one, range(lives)))


def _figures(samples: dict[str, list[Sample]]) -> list[Figure]:
    ours, bare, shown = samples["ours"], samples["bare"], samples["shown"]

    def compare(name: str, unit: str, key: str, other: list[Sample], goal: Goal | None) -> Figure:
        return Figure(f"life: {name}", unit, middle(ours, key), middle(other, key), goal)

    split = [compare(key, "ms", key, bare, None) for key in bare[0] if key.startswith("cpu ")]
    rate, cpu = Goal("at least", 0.8), Goal("at most", 1.25)
    return [
        compare("tickets a second", "/s", "per second", bare, rate),
        compare("processor time a ticket", "ms", "cpu", bare, cpu),
        compare("the same, bare with our upserts: rate", "/s", "per second", shown, None),
        compare("the same, bare with our upserts: time", "ms", "cpu", shown, None),
        *split,
        Figure("life: cpu gateway (its relay)", "ms", middle(ours, "cpu gateway")),
    ]
