"""The pages themselves: the real application on the measured register, asked as a browser does.

A page that the application does not have is left out. The times hold its templates, its session
and its guard, and no network.
"""

import asyncio
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import httpx
from pydantic import SecretStr
from temporalio.client import Client

from bench import vocabulary
from bench.figures import Figure, Goal, quantile
from domain.terms import Role
from gateway.app import create_app
from gateway.pages.visitors import cookie_name
from gateway.parts import Parts
from storage import people, sessions
from storage.database import Database
from storage.files import FileStore
from storage.rules import CurrentRules
from workflows.installation import Installation

MIDDLE, TAIL = Goal("at most", 50, "ours"), Goal("at most", 200, "ours")
MILLISECONDS = 1000
NOBODY = "127.0.0.1:9"
Address = Callable[[random.Random, int], str]

PAGES: dict[str, Address] = {
    "queue": lambda *_: "/queue",
    "queue, all open": lambda *_: "/queue?list=open",
    "queue, closed": lambda *_: "/queue?list=closed",
    "search, a common word": lambda chance, _: _search(chance.choice(vocabulary.COMMON[:20])),
    "search, a rare word": lambda chance, _: _search(chance.choice(vocabulary.words()[2000:])),
    "search, a client": lambda chance, _: _search(chance.choice(vocabulary.FIRMS)),
    "ticket": lambda chance, size: f"/tickets/PS-{chance.randint(1, size):06}",
    "ticket, among the newest": lambda chance, size: (
        f"/tickets/PS-{chance.randint(size - size // 100, size):06}"
    ),
    "ticket, what is like it": lambda chance, size: (
        f"/tickets/PS-{chance.randint(1, size):06}/similar"
    ),
    "head, the day": lambda *_: "/head",
    "head, jumps of the queue": lambda *_: "/head/order",
    "head, tickets behind a figure": lambda *_: "/head/tickets?figure=arrived",
    "head, reaction of a month": lambda *_: "/head/reaction",
}


def _search(words: str) -> str:
    return "/search?" + urlencode({"q": words})


def measure(database: Database, size: int, calls: int, folder: Path) -> list[Figure]:
    """Ask for every page so many times as the head who has signed in."""
    return asyncio.run(_measure(database, size, calls, folder))


async def _measure(database: Database, size: int, calls: int, folder: Path) -> list[Figure]:
    parts = await _parts(database, folder)
    cookies = {cookie_name(parts): _session(database)}
    transport = httpx.ASGITransport(create_app(parts))
    figures = []
    async with httpx.AsyncClient(
        transport=transport, base_url="http://support.test", cookies=cookies
    ) as http:
        for name, address in PAGES.items():
            answer = await http.get(address(random.Random(0), size))  # noqa: S311 - figures
            if answer.is_success:
                ours = await _times(http, address, size, calls)
                figures += _figures(f"{size:,}: page: {name}", ours)
    return figures


def _figures(name: str, taken: list[float]) -> list[Figure]:
    """Return the figures of a page; those of the head look at a period and have no goal."""
    goals = (None, None) if ": head" in name else (MIDDLE, TAIL)
    middle, tail = quantile(taken, 0.5), quantile(taken, 0.99)
    return [
        Figure(f"{name}, p50", "ms", middle, goal=goals[0]),
        Figure(f"{name}, p99", "ms", tail, goal=goals[1]),
    ]


async def _times(http: httpx.AsyncClient, address: Address, size: int, calls: int) -> list[float]:
    chance = random.Random(size)  # noqa: S311 - figures, no secrets
    taken = []
    for _ in range(calls + calls // 10):
        begun = time.perf_counter()
        answer = await http.get(address(chance, size))
        taken.append((time.perf_counter() - begun) * MILLISECONDS)
        answer.raise_for_status()
    return taken[calls // 10 :]


async def _parts(database: Database, folder: Path) -> Parts:
    files = folder / "files"
    files.mkdir(exist_ok=True)
    settings = Installation(signing_keys={"k1": SecretStr(bytes(range(32)).hex())})
    client = await Client.connect(NOBODY, lazy=True)
    rules = CurrentRules(database, _now)
    return Parts(database, client, FileStore(files), rules, settings, _now)


def _session(database: Database) -> str:
    with database.transaction() as connection:
        member = people.put_staff(connection, "bench", "Измеритель", "", Role.HEAD)
        return sessions.begin(connection, member, _now(), "password")


def _now() -> datetime:
    return datetime.now(UTC)
