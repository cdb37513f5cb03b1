"""A line to a server that breaks where it is told to: after so many bytes, one way or the other.

For tests of whatever speaks over TCP: each fault strikes one connection, at an exact byte.
"""

import asyncio
import socket
import sys
import threading
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from deploy.local.processes import LOOPBACK

PIECE_BYTES = 65_536


class Way(StrEnum):
    """The two ways over a line."""

    TO_SERVER = "to_server"
    TO_CLIENT = "to_client"


class Break(StrEnum):
    """How a line breaks: both ends are told, the receiver sees an end, or nobody hears of it."""

    RESET = "reset"
    END = "end"
    SILENCE = "silence"


@dataclass(frozen=True)
class Cut:
    """Let so many bytes pass that way, then break."""

    way: Way
    after: int
    how: Break = Break.RESET


@dataclass
class _Passage:
    """One connection through the line: both its ends, what may strike it, what has passed."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    cut: Cut | None
    passed: dict[Way, int] = field(default_factory=lambda: dict.fromkeys(Way, 0))

    async def carry(self, way: Way, source: asyncio.StreamReader) -> None:
        """Carry bytes one way until their end or the cut; a broken end breaks the other, too."""
        target = self.server if way is Way.TO_SERVER else self.client
        sender = self.client if way is Way.TO_SERVER else self.server
        try:
            await self._carry(way, source, sender, target)
        finally:
            target.close()

    async def _carry(
        self,
        way: Way,
        source: asyncio.StreamReader,
        sender: asyncio.StreamWriter,
        target: asyncio.StreamWriter,
    ) -> None:
        while data := await source.read(PIECE_BYTES):
            _acknowledge(sender)
            left = self.left(way)
            self.passed[way] += len(data[:left])
            target.write(data[:left])
            await target.drain()
            if self.cut and left is not None and left <= len(data):
                self.break_off(self.cut.how, target)
                await _swallow(source)

    def left(self, way: Way) -> int | None:
        """Return how many bytes may still pass that way, if a cut bounds them."""
        is_bounded = self.cut is not None and self.cut.way is way
        return self.cut.after - self.passed[way] if self.cut and is_bounded else None

    def break_off(self, how: Break, target: asyncio.StreamWriter) -> None:
        """Break as told; what passed before is on its way."""
        if how is Break.END:
            target.write_eof()
        elif how is Break.RESET:
            self.client.transport.abort()
            self.server.transport.abort()


def _acknowledge(sender: asyncio.StreamWriter) -> None:
    """Tell the sender at once that its bytes came; it may hold back more for 40 ms until told."""
    if sys.platform == "linux":
        sender.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


async def _swallow(source: asyncio.StreamReader) -> None:
    while await source.read(PIECE_BYTES):
        pass


class FaultyLine:
    """A line to one server, in a thread of its own; without a cut it only carries bytes."""

    def __init__(self, host: str, port: int) -> None:
        """Lead to that server; nothing is opened before `start`."""
        self._target = (host, port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._passages: list[_Passage] = []
        self._next: Cut | None = None
        self._is_broken = False

    @property
    def port(self) -> int:
        """Return the port where the line begins."""
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def passed(self) -> dict[Way, int]:
        """Return how many bytes have passed each way on the latest connection."""
        return dict(self._passages[-1].passed) if self._passages else dict.fromkeys(Way, 0)

    @property
    def connections(self) -> int:
        """Return how many connections have been made."""
        return len(self._passages)

    def start(self) -> Self:
        """Open the line."""
        self._thread.start()
        serving = asyncio.start_server(self._connect, LOOPBACK, 0)
        self._server = asyncio.run_coroutine_threadsafe(serving, self._loop).result()
        return self

    def cut_next(self, cut: Cut | None) -> None:
        """Let a fault strike the next connection, and no other."""
        self._next = cut

    def break_all(self) -> None:
        """Break every connection, and each new one until `mend`."""
        self._is_broken = True
        asyncio.run_coroutine_threadsafe(self._break_off(), self._loop).result()

    def mend(self) -> None:
        """Carry new connections again."""
        self._is_broken = False

    def stop(self) -> None:
        """Break every connection and close."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_broken:
            writer.close()
            return
        cut, self._next = self._next, None
        try:
            to_server = await asyncio.open_connection(*self._target)
        except OSError:
            writer.close()
            return
        passage = _Passage(writer, to_server[1], cut)
        self._passages.append(passage)
        ways = passage.carry(Way.TO_SERVER, reader), passage.carry(Way.TO_CLIENT, to_server[0])
        await asyncio.gather(*ways, return_exceptions=True)

    async def _break_off(self) -> None:
        for passage in self._passages:
            passage.client.transport.abort()
            passage.server.transport.abort()

    async def _end(self) -> None:
        self._server.close()
        await self._break_off()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
