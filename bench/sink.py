"""Where every letter of a benchmark ends: takes it, forgets it, and tells the driver at once.

One process for ours and for bare, so that neither pays for the other's way of keeping mail.
"""

import asyncio
import signal
import socket
import sys
import time

from aiosmtpd.smtp import SMTP, Envelope, Session

TAKEN = "250 2.0.0 taken"


class Listener:
    """Sends the moment and the first recipient of each letter to the driver's socket."""

    def __init__(self, driver: str) -> None:
        """Tell the driver that listens on this path."""
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.connect(driver)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Take a letter."""
        self._line.send(f"{time.monotonic()} {envelope.rcpt_tos[0]}".encode())
        return TAKEN


async def run(port: int, driver: str) -> None:
    """Take letters until asked to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    listener = Listener(driver)
    server = await loop.create_server(
        lambda: SMTP(listener, enable_SMTPUTF8=True, ident="sink"), "127.0.0.1", port
    )
    async with server:
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]), sys.argv[2]))
