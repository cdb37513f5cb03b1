"""The web form: requests a second and the slowest hundredth, with the engine and without it."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from bench.figures import Figure, Goal, Sample, Side, alternate, middle, quantile
from bench.ground import Ground
from bench.http_form import flight
from deploy.local import processes
from domain.calendar import MOSCOW
from storage import handovers, people, tokens

LANES = 8


async def measure(ground: Ground, forms: int, runs: int) -> list[Figure]:
    """Send forms to both routes by turns; then to ours again while the engine is stopped.

    No worker runs: what is measured is the door. The relay hands over to the engine meanwhile.
    """
    token, bare_port = _token(ground), processes.free_port()
    port, _ = await ground.open_gateway()
    await ground.serve("bare route", "bench.bare_doors", bare_port, "http", str(bare_port))

    def side(name: str, to: int) -> Side:
        async def take(_: int) -> Sample:
            await _told(ground)
            return await _sample(ground, name, (to, token), forms)

        return take

    for to in (port, bare_port):
        await flight(to, token, forms // 4, LANES)
    sides = {"ours": side("gateway", port), "bare": side("bare route", bare_port)}
    samples = await alternate(sides, runs)
    await _told(ground)
    ground.stop_engine()
    stopped = [await _sample(ground, "gateway", (port, token), forms) for _ in range(runs)]
    await ground.start_engine()
    ground.stop("gateway", "bare route")
    return _figures(samples["ours"], samples["bare"], stopped)


def _token(ground: Ground) -> str:
    now = datetime.now(UTC)
    with ground.database.transaction() as connection:
        person = people.find_user_by_login(connection, "user1", now.astimezone(MOSCOW).date())
        if person is None:
            raise LookupError("user1 was not imported")
        return tokens.create(connection, person, ["api"], "bench", now + timedelta(days=1))


async def _told(ground: Ground) -> None:
    """Wait until the relay has nothing left to hand over, which would burden the next run."""
    while await asyncio.to_thread(_pending, ground):  # noqa: ASYNC110 - another process tells
        await asyncio.sleep(0.1)


def _pending(ground: Ground) -> int:
    with ground.database.transaction() as connection:
        return handovers.count_pending(connection)


async def _sample(ground: Ground, name: str, to: tuple[int, str], forms: int) -> Sample:
    alone = await flight(*to, forms // 2, 1)
    meter = ground.meter(gateway=name)
    before, begun = meter.read(), time.monotonic()
    together = await flight(*to, forms, LANES)
    elapsed = time.monotonic() - begun
    used = {f"cpu {part}": ms / forms for part, ms in meter.since(before).items()}
    return {
        "alone": quantile(alone, 0.5) * 1000,
        "p50": quantile(together, 0.5) * 1000,
        "p99": quantile(together, 0.99) * 1000,
        "per second": forms / elapsed,
    } | used


def _figures(ours: list[Sample], bare: list[Sample], stopped: list[Sample]) -> list[Figure]:
    def compare(name: str, unit: str, key: str, goal: Goal | None = None) -> Figure:
        return Figure(f"form: {name}", unit, middle(ours, key), middle(bare, key), goal)

    def without(name: str, unit: str, key: str, goal: Goal | None) -> Figure:
        name = f"form: engine stopped (bare: running): {name}"
        return Figure(name, unit, middle(stopped, key), middle(ours, key), goal)

    return [
        compare("p50, one at a time", "ms", "alone"),
        compare("requests a second, 8 in flight", "/s", "per second", Goal("at least", 0.6)),
        compare("p50, 8 in flight", "ms", "p50"),
        compare("p99, 8 in flight", "ms", "p99", Goal("at most", 2)),
        without("a second", "/s", "per second", Goal("at least", 0.83)),
        without("p99", "ms", "p99", Goal("at most", 1.2)),
        *(compare(key, "ms", key) for key in ours[0] if key.startswith("cpu ")),
    ]
