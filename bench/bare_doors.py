"""The bare doors: a FastAPI route with one inserting statement, and an SMTP door with one more.

The SMTP door parses the letter whole, inserts one row, says 250 and starts a process that sends.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import policy
from email.parser import BytesParser
from typing import Annotated

import psycopg
import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from fastapi import FastAPI, Form
from pydantic import BaseModel
from temporalio.client import Client

from bench.bare import QUEUE
from bench.bare_register import REQUEST

LINES = 8


class Lines:
    """A few asynchronous connections, each lent to one at a time."""

    def __init__(self) -> None:
        """Begin with none."""
        self._free: asyncio.Queue[psycopg.AsyncConnection] = asyncio.Queue()

    async def open(self) -> None:
        """Open them all."""
        for _ in range(LINES):
            conninfo = os.environ["BENCH_DATABASE"]
            self._free.put_nowait(await psycopg.AsyncConnection.connect(conninfo, autocommit=True))

    async def insert(self, values: tuple[object, ...]) -> str:
        """Insert a request by one statement; return its number."""
        line = await self._free.get()
        try:
            row = await (await line.execute(REQUEST.encode(), values)).fetchone()
        finally:
            self._free.put_nowait(line)
        return str(row[0]) if row else ""


class BareForm(BaseModel):
    """The fields that the benchmark's form fills in."""

    subject: str
    description: str
    steps: str = ""
    platform_version: str = ""
    product_version: str = ""
    frequency: str = ""
    criticality: str = ""
    phone: str = ""


class BareReceipt(BaseModel):
    """A number."""

    number: str


lines = Lines()


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Open the connections."""
    await lines.open()
    yield


app = FastAPI(lifespan=lifespan)


@app.post("/api/requests", status_code=201)
async def file_by_web(
    form: Annotated[BareForm, Form(media_type="multipart/form-data")],
) -> BareReceipt:
    """Insert one row."""
    return BareReceipt(number=await lines.insert((form.phone, form.subject, form.description, b"")))


class Door:
    """Takes letters."""

    def __init__(self, client: Client) -> None:
        """Start processes by this client."""
        self._client = client
        self._starting: set[asyncio.Task[object]] = set()

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Parse, insert, accept; the process is started meanwhile."""
        raw = bytes(envelope.original_content or b"")
        letter = BytesParser(policy=policy.default).parsebytes(raw)
        body = letter.get_body(("plain",))
        words = body.get_content() if body else ""
        sender = str(envelope.mail_from)
        number = await lines.insert((sender, str(letter["Subject"]), words, raw))
        start = self._client.start_workflow("BareLetter", number, id=number, task_queue=QUEUE)
        task = asyncio.create_task(start)
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)
        return "250 2.0.0 taken"


async def take_letters(port: int) -> None:
    """Take letters until asked to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    await lines.open()
    door = Door(await Client.connect(os.environ["BENCH_TEMPORAL"]))
    server = await loop.create_server(
        lambda: SMTP(door, enable_SMTPUTF8=True, ident="bare"), "127.0.0.1", port
    )
    async with server:
        await stop.wait()


def main() -> None:
    """Run the door that the first argument names on the port that the second does."""
    kind, port = sys.argv[1], int(sys.argv[2])
    if kind == "smtp":
        asyncio.run(take_letters(port))
    else:
        uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
