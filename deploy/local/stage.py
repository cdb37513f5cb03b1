"""A whole service set up for a performance: world, doors and API in virtual time, and its people.

Letters come in by SMTP through the world's mail server; staff act through the API with their own
tokens. Nothing here reaches behind a door, but to count what stands in the register.
"""

import asyncio
import smtplib
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from deploy.local import people, postgres, processes
from deploy.local.world import (
    KEYS,
    SERVICE,
    STATIONERY,
    Place,
    World,
    virtual_engine,
    wait_until,
    world,
)
from domain.calendar import MOSCOW
from gateway.app import create_app
from gateway.mailroom import Mailroom
from gateway.parts import Parts
from gateway.sorting import Sorter
from storage import raw_letters
from storage.database import Database
from storage.files import FileStore
from workflows.installation import Installation

OWN = (SERVICE, "office@profman.ru")


class RefusedError(Exception):
    """The service refused what the story asked for."""

    def __init__(self, path: str, reason: str) -> None:
        """Say what was asked and why it was refused."""
        super().__init__(f"{path}: {reason}")


@dataclass
class Stage:
    """The service, the tokens of its people, and how many letters were put in."""

    world: World
    api: httpx.AsyncClient
    tokens: Mapping[str, str]
    letters_in: int = 0
    scenes: list[tuple[datetime, str]] = field(default_factory=list)

    async def at(self, moment: datetime) -> None:
        """Let the time pass until the moment."""
        await self.world.until(moment)

    async def mail(self, sender: str, letter: EmailMessage | bytes) -> None:
        """Put a letter into the mail and wait until it is filed."""
        raw = letter if isinstance(letter, bytes) else letter.as_bytes()
        await asyncio.to_thread(_post, self.world.office.port, sender, raw)
        self.letters_in += 1
        await wait_until(self._is_sorted, "letters to be filed")
        await self.world.settle()

    async def command(
        self, login: str, number: str, kind: str, body: Mapping[str, object]
    ) -> dict[str, Any]:
        """Give a command through the API.

        Raises:
            RefusedError: with the service's own reason.

        """
        path = f"/api/tickets/{number}/commands/{kind}"
        given = await self.post(login, path, body)
        await self.world.settle()
        return given

    async def post(self, login: str, path: str, body: object) -> dict[str, Any]:
        """Post to the API in somebody's name."""
        answer = await self.api.post(path, json=body, headers=self._bearer(login))
        if answer.is_error:
            raise RefusedError(path, answer.text)
        told: dict[str, Any] = answer.json()
        return told

    async def get(self, login: str, path: str) -> Any:  # noqa: ANN401 - whatever the door answers
        """Read from the API in somebody's name."""
        answer = await self.api.get(path, headers=self._bearer(login))
        answer.raise_for_status()
        return answer.json()

    def _bearer(self, login: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[login]}"}

    async def _is_sorted(self) -> bool:
        return await asyncio.to_thread(self._has_no_kept)

    def _has_no_kept(self) -> bool:
        with self.world.database.transaction() as connection:
            return raw_letters.count_kept(connection) == 0


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Set everything up in a folder that is gone afterwards."""
    async with AsyncExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="demo-")))
        cluster = postgres.start(folder / "postgres")
        closing.callback(cluster.stop)
        cluster.create_database("demo")
        database = Database(cluster.url("demo"))
        closing.callback(database.dispose)
        database.upgrade()
        environment = await closing.enter_async_context(virtual_engine())
        door = processes.free_port()
        running = world(database, environment, Place(folder / "mail", (processes.LOOPBACK, door)))
        service = await closing.enter_async_context(running)
        parts = _parts(service, folder, door)
        await closing.enter_async_context(doors(parts))
        transport = httpx.ASGITransport(create_app(parts))
        api = httpx.AsyncClient(transport=transport, base_url="http://demo", timeout=30)
        await closing.enter_async_context(api)
        signed_in = people.settle(database, folder / "tokens", service.clock())
        yield Stage(service, api, {one.login: one.token for one in signed_in})


def _parts(service: World, folder: Path, door: int) -> Parts:
    keys = {name: SecretStr(key.hex()) for name, key in KEYS.keys.items()}
    settings = Installation(
        files_folder=folder / "files",
        door_port=door,
        lmtp_port=0,
        own_addresses=OWN,
        signing_key_id=KEYS.current,
        signing_keys=keys,
        instance=STATIONERY.instance,
    )
    files = FileStore(settings.files_folder)
    return Parts(service.database, service.client, files, service.rules, settings, service.clock)


@asynccontextmanager
async def doors(parts: Parts) -> AsyncIterator[None]:
    """Keep the mail door open and the sorter at work."""
    sorter = Sorter(parts.database, parts.desk)
    mailroom = Mailroom(parts.database, sorter, parts.settings, parts.clock)
    tasks = [asyncio.create_task(sorter.run()), asyncio.create_task(mailroom.run())]
    port = parts.settings.door_port
    await asyncio.to_thread(
        processes.wait_for, lambda: processes.is_answering(port), processes.READY_WITHIN
    )
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _post(port: int, sender: str, raw: bytes) -> None:
    with smtplib.SMTP(processes.LOOPBACK, port, timeout=30) as smtp:
        smtp.sendmail(sender, [SERVICE], raw)


def moscow(day: datetime, clock: str) -> datetime:
    """Return a moment of that day by the clock of Moscow, such as `17:59:30`."""
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    at = day.astimezone(MOSCOW).replace(hour=hours, minute=minutes, microsecond=0)
    return at.replace(second=seconds[0] if seconds else 0)
