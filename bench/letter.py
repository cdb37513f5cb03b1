"""A letter: from the sender's first word by SMTP to its row, and to its confirmation."""

import asyncio
import smtplib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from itertools import chain, count

from bench.figures import Figure, Goal, Sample, alternate, middle, quantile
from bench.ground import SERVICE, Ground, address
from deploy.local import processes

WORDS = "При открытии отчёта за ноябрь программа сообщает об ошибке и закрывается.\n" * 12
LANES = 4
RT_FASTEST = 7.6  # letters a second, Request Tracker 5 on the same two cores


@dataclass
class RowBell:
    """Rings at each commit of a handover: a listener on a connection of its own."""

    ground: Ground
    _rung: asyncio.Queue[float] = field(default_factory=asyncio.Queue)

    async def listen(self) -> None:
        """Listen until cancelled."""
        async for _ in self.ground.database.notifications("handovers"):
            self._rung.put_nowait(time.monotonic())

    def forget(self) -> None:
        """Forget what rang before."""
        while not self._rung.empty():
            self._rung.get_nowait()

    async def next(self) -> float:
        """Wait for the next row."""
        return await asyncio.wait_for(self._rung.get(), 60)


@dataclass(frozen=True)
class Door:
    """One side's door; without a bell its row stands when it says 250."""

    ground: Ground
    port: int
    senders: Callable[[], int]
    bell: RowBell | None = None

    async def deliver(self) -> tuple[float, float, float]:
        """Hand one letter in; return seconds to 250, to the row and to the confirmation."""
        sender = address(self.senders())
        raw = compose(sender)
        if self.bell:
            self.bell.forget()
        begun = time.monotonic()
        accepted = await asyncio.to_thread(_hand_in, self.port, sender, raw)
        row = await self.bell.next() if self.bell else accepted
        confirmed = await self.ground.arrivals.nth(sender, 1)
        return accepted - begun, row - begun, confirmed - begun


def compose(sender: str) -> bytes:
    """Write a client's letter of 1.8 kB, unlike any before."""
    letter = EmailMessage(policy=SMTP)
    letter["From"] = f"Анна Сергеевна <{sender}>"
    letter["To"], letter["Subject"] = SERVICE, "Не открывается отчёт по начислениям"
    letter["Date"], letter["Message-ID"] = formatdate(), make_msgid(domain="client.example")
    letter.set_content(f"{WORDS}\n{sender}\n", cte="base64")
    return letter.as_bytes()


def _hand_in(port: int, sender: str, raw: bytes) -> float:
    """Speak SMTP as a mail server does, a connection for each letter."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="mx.client.example") as smtp:
        smtp.sendmail(sender, [SERVICE], raw)
        return time.monotonic()


async def measure(ground: Ground, letters: int, runs: int) -> list[Figure]:
    """Send letters to both doors by turns, one at a time and four in flight."""
    async with _doors(ground) as doors:
        parts = {
            "ours": {"worker": "worker", "gateway": "gateway"},
            "bare": {"worker": "bare worker", "gateway": "bare door"},
        }
        for door in doors.values():
            await _in_flight(door, LANES * 4)

        def side(name: str) -> Callable[[int], asyncio.Future[Sample]]:
            return lambda _: asyncio.ensure_future(
                _sample(ground, doors[name], letters, parts[name])
            )

        samples = await alternate({name: side(name) for name in doors}, runs)
    return _figures(samples["ours"], samples["bare"])


@asynccontextmanager
async def _doors(ground: Ground) -> AsyncIterator[dict[str, Door]]:
    bare = processes.free_port()
    await ground.work("worker", "bench.brisk")
    await ground.work("bare worker", "bench.bare_worker")
    _, ours = await ground.open_gateway()
    await ground.serve("bare door", "bench.bare_doors", bare, "smtp", str(bare))
    bell = RowBell(ground)
    listening = asyncio.create_task(bell.listen())
    strangers = count(1_000_000).__next__
    yield {
        "ours": Door(ground, ours, count().__next__, bell),
        "bare": Door(ground, bare, strangers),
    }
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening
    ground.stop("gateway", "bare door", "worker", "bare worker")


async def _sample(ground: Ground, door: Door, letters: int, parts: dict[str, str]) -> Sample:
    alone = [await door.deliver() for _ in range(letters)]
    meter = ground.meter(**parts)
    before, begun = meter.read(), time.monotonic()
    together = await _in_flight(door, 2 * letters)
    elapsed = time.monotonic() - begun
    used = {f"cpu {name}": ms / (2 * letters) for name, ms in meter.since(before).items()}
    accepted, row, confirmed = (quantile([one[at] for one in alone], 0.5) for at in range(3))
    return {
        "accepted": accepted * 1000,
        "row": row * 1000,
        "confirmed": confirmed * 1000,
        "confirmed of four": quantile(together, 0.5) * 1000,
        "p95 of four": quantile(together, 0.95) * 1000,
        "per second": 2 * letters / elapsed,
        "cpu": sum(used.values()),
    } | used


async def _in_flight(door: Door, letters: int) -> list[float]:
    """Send letters four at a time; return the seconds to each confirmation."""
    alone = Door(door.ground, door.port, door.senders)

    async def lane() -> list[float]:
        return [(await alone.deliver())[2] for _ in range(letters // LANES)]

    lanes = await asyncio.gather(*(lane() for _ in range(LANES)))
    return list(chain.from_iterable(lanes))


def _figures(ours: list[Sample], bare: list[Sample]) -> list[Figure]:
    def compare(name: str, unit: str, key: str, goal: Goal | None = None) -> Figure:
        return Figure(f"letter: {name}", unit, middle(ours, key), middle(bare, key), goal)

    return [
        compare("to 250", "ms", "accepted"),
        compare("to the row", "ms", "row", Goal("at most", 2)),
        compare("to its confirmation", "ms", "confirmed", Goal("at most", 1.5)),
        compare(
            "to its confirmation, 4 in flight", "ms", "confirmed of four", Goal("at most", 1.5)
        ),
        compare("confirmed, 4 in flight", "/s", "per second", Goal("at least", 30, "ours")),
        compare("p95, 4 in flight", "ms", "p95 of four", Goal("at most", 1000, "ours")),
        compare("processor time, 4 in flight", "ms", "cpu"),
        *(compare(key, "ms", key) for key in ours[0] if key.startswith("cpu ")),
    ]
