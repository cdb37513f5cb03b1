"""The process of the doors: the API, the relay to the processes, the doors for mail.

Runs until asked to stop. Everything that runs beside the API begins in `beside`.
"""

import asyncio
import logging
import signal
from collections.abc import Coroutine
from types import FrameType
from typing import Any

import uvicorn
import uvloop
from typing_extensions import override

from gateway.app import create_app
from gateway.clamd import Clamd
from gateway.mailroom import Mailroom
from gateway.pages.live import News
from gateway.parts import Parts, assemble
from gateway.relay import Relay
from gateway.scanning import Scanner
from gateway.sorting import Sorter
from workflows.installation import installation

HOST = "127.0.0.1"  # the site's own server stands before it, with TLS
KEPT_ALIVE_SECONDS = 75
GRACE_SECONDS = 20


class Server(uvicorn.Server):
    """The HTTP server, which ends the streams of open pages before it waits for requests."""

    news: News

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        self.news.close()
        super().handle_exit(sig, frame)


def beside(parts: Parts) -> list[Coroutine[Any, Any, None]]:
    """Return what runs beside the API, each until it is cancelled."""
    sorter = Sorter(parts.database, parts.desk)
    relay = Relay(parts.database, parts.client, parts.clock)
    mailroom = Mailroom(parts.database, sorter, parts.settings, parts.clock)
    scanners = [Scanner(parts, Clamd.of(parts.settings))] if parts.settings.has_scanner else []
    return [relay.run(), sorter.run(), mailroom.run(), *(scanner.run() for scanner in scanners)]


async def run() -> None:
    """Open every door until asked to stop; requests in hand are answered first."""
    settings = installation()
    settings.files_folder.mkdir(parents=True, exist_ok=True)
    parts = await assemble(settings)
    parts.database.check_durability()
    parts.rules()  # the calendar is put together before anybody waits for it
    app = create_app(parts)
    server = Server(
        uvicorn.Config(
            app,
            host=HOST,
            port=settings.http_port,
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEPT_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    _outlive_the_signal()
    server.news = app.state.news
    running = [asyncio.create_task(work) for work in (*beside(parts), server.news.run())]
    try:
        await _until_any_ends(server, running)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        parts.database.dispose()


async def _until_any_ends(server: uvicorn.Server, running: list[asyncio.Task[None]]) -> None:
    """Serve until asked to stop; where something beside the API breaks, end it all by its name."""
    serving = asyncio.create_task(server.serve())
    done, _ = await asyncio.wait([serving, *running], return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    await serving
    for task in done:
        task.result()


def _outlive_the_signal() -> None:
    """Let the signal that stopped the server end nothing more.

    The server raises it once again when it has stopped; the rest must still come to rest.
    """
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, lambda: None)


def main() -> None:
    """Run the gateway."""
    logging.basicConfig(level=logging.INFO)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


if __name__ == "__main__":
    main()
