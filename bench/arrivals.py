"""The driver's ear at the sink: when each recipient's letters arrived."""

import asyncio
import socket
from collections import defaultdict
from pathlib import Path
from typing import Self

PATIENCE = 60.0


class Arrivals:
    """Moments of arrival by recipient, as `time.monotonic` counts them in every process."""

    def __init__(self, path: Path) -> None:
        """Listen on this path."""
        self._moments: dict[str, list[float]] = defaultdict(list)
        self._heard: dict[str, asyncio.Event] = {}
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.setblocking(False)  # noqa: FBT003 - the socket's own way
        self._line.bind(str(path))

    def start(self) -> Self:
        """Begin to hear in the running loop."""
        asyncio.get_running_loop().add_reader(self._line, self._hear)
        return self

    async def nth(self, recipient: str, number: int) -> float:
        """Wait for a recipient's letter of that number, counted from 1; return when it came.

        Raises:
            TimeoutError: naming the letter that did not come.

        """
        while len(self._moments[recipient]) < number:
            heard = self._heard.setdefault(recipient, asyncio.Event())
            heard.clear()
            try:
                await asyncio.wait_for(heard.wait(), PATIENCE)
            except TimeoutError:
                raise TimeoutError(f"letter {number} to {recipient} did not come") from None
        return self._moments[recipient][number - 1]

    def count(self) -> int:
        """Return how many letters arrived."""
        return sum(map(len, self._moments.values()))

    def _hear(self) -> None:
        while True:
            try:
                told = self._line.recv(4096)
            except BlockingIOError:
                return
            moment, _, recipient = told.decode().partition(" ")
            self._moments[recipient].append(float(moment))
            if heard := self._heard.get(recipient):
                heard.set()
