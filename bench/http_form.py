"""A client that costs next to nothing: one kept connection, one multipart form after another."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

FIELDS = {
    "subject": "Не открывается отчёт по начислениям",
    "description": "При открытии отчёта за ноябрь программа сообщает об ошибке.\n" * 15,
    "steps": "Открыть раздел отчётов, выбрать ноябрь, нажать «Сформировать».",
    "platform_version": "8.3.24.1586",
    "product_version": "4.2.1",
    "frequency": "каждый раз",
    "criticality": "normal",
    "phone": "+7 495 000-00-00",
}
BOUNDARY = "bench-boundary"
CREATED = 201
numbers = count()


def _body() -> bytes:
    parts = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in FIELDS.items()
    )
    return ("".join(parts) + f"--{BOUNDARY}--\r\n").encode()


BODY = _body()


class Sender:
    """Sends the form over one connection, each time under a key of its own."""

    def __init__(self, port: int, token: str) -> None:
        """Send to this port with this token."""
        self._port, self._token = port, token

    async def open(self) -> None:
        """Connect."""
        self._in, self._out = await asyncio.open_connection("127.0.0.1", self._port)

    def close(self) -> None:
        """Hang up."""
        self._out.close()

    async def send(self) -> float:
        """Send one form and return the seconds to its answer.

        Raises:
            RuntimeError: with what was answered instead of a number.

        """
        begun = time.monotonic()
        self._out.write(self._head() + BODY)
        status, body = await self._answer()
        if status != CREATED:
            raise RuntimeError(f"answered {status}: {body.decode()[:500]}")
        return time.monotonic() - begun

    def _head(self) -> bytes:
        return (
            "POST /api/requests HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {self._token}\r\nIdempotency-Key: bench-{next(numbers)}\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
            f"Content-Length: {len(BODY)}\r\n\r\n"
        ).encode()

    async def _answer(self) -> tuple[int, bytes]:
        head = (await self._in.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].split("\r\n")[0])
        return int(head.split()[1]), await self._in.readexactly(length)


async def flight(port: int, token: str, forms: int, lanes: int) -> list[float]:
    """Send so many forms, so many at a time; return the seconds to each answer."""
    left = iter(range(forms))
    answers = await asyncio.gather(*(_lane(Sender(port, token), left) for _ in range(lanes)))
    return [seconds for lane in answers for seconds in lane]


async def _lane(sender: Sender, left: Iterator[int]) -> list[float]:
    await sender.open()
    with _closing(sender):
        return [await sender.send() for _ in left]


@contextmanager
def _closing(sender: Sender) -> Iterator[None]:
    try:
        yield
    finally:
        sender.close()
