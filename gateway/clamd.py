"""clamd asked over its own protocol: how old its signatures are, what it says of a file.

Carries out Q14; an answer that is not wholly clear is no answer.
"""

import re
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO

from storage.scans import Scan, ScanState
from workflows.installation import Installation

PIECE = 64 * 1024
LONGEST_ANSWER = 4096
CONNECT_SECONDS = 5.0
PATIENCE_SECONDS = 150.0  # clamd itself gives a file up after 120

_DATABASE = re.compile(r"ClamAV [^/]+/\d+/(.+)")
_FOUND = re.compile(r"stream: (.+) FOUND")


class ScannerAwayError(Exception):
    """Nobody answers, or signatures are too old to trust; the text says so to people."""


class UnclearAnswerError(Exception):
    """The scanner says neither clean nor infected; the text says what it says."""


@dataclass(frozen=True)
class Clamd:
    """A clamd at a TCP port, or at a socket of this machine where that is named."""

    host: str
    port: int
    socket_path: str = ""
    database_days: int = 0
    patience: float = PATIENCE_SECONDS

    @classmethod
    def of(cls, settings: Installation) -> "Clamd":
        """Return the one that the settings name."""
        address = (settings.clamd_host, settings.clamd_port, settings.clamd_socket)
        return cls(*address, settings.clamd_database_days)

    def check(self, now: datetime) -> None:
        """Check that it answers and knows what is new; no days set means any age is good.

        Raises:
            ScannerAwayError: when not.

        """
        try:
            with self._connected(min(self.patience, CONNECT_SECONDS)) as line:
                line.sendall(b"zVERSION\0")
                version = _answer(line)
        except (OSError, UnclearAnswerError) as fault:
            raise ScannerAwayError("сканер не отвечает") from fault
        if self.database_days:
            self._check_age(version, now)

    def scan(self, content: BinaryIO) -> Scan:
        """Have the bytes looked at.

        Raises:
            OSError: when the line breaks or stays silent.
            UnclearAnswerError: when the answer is neither of the two that count.

        """
        with self._connected(self.patience) as line:
            with suppress(BrokenPipeError, ConnectionResetError):  # it says why before it hangs up
                _send(line, content)
            return _judged(_answer(line))

    def _connected(self, patience: float) -> socket.socket:
        line = self._to_socket() if self.socket_path else self._to_port()
        line.settimeout(patience)
        return line

    def _to_port(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), CONNECT_SECONDS)

    def _to_socket(self) -> socket.socket:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(CONNECT_SECONDS)
        try:
            line.connect(self.socket_path)
        except OSError:
            line.close()
            raise
        return line

    def _check_age(self, version: str, now: datetime) -> None:
        built_at = built(version)
        if built_at is None:
            raise ScannerAwayError("у сканера нет официальной базы сигнатур")
        if now - built_at > timedelta(days=self.database_days):
            raise ScannerAwayError(f"база сигнатур сканера устарела: она от {built_at:%d.%m.%Y}")


def built(version: str) -> datetime | None:
    """Return when the database was made, from the answer to VERSION, None where it has none."""
    found = _DATABASE.fullmatch(version)
    if found is None:
        return None
    with suppress(ValueError):
        return datetime.strptime(f"{found[1]} +0000", "%a %b %d %H:%M:%S %Y %z")
    return None


def _send(line: socket.socket, content: BinaryIO) -> None:
    line.sendall(b"zINSTREAM\0")
    while piece := content.read(PIECE):
        line.sendall(struct.pack(">I", len(piece)) + piece)
    line.sendall(struct.pack(">I", 0))


def _answer(line: socket.socket) -> str:
    """Read up to the zero byte that ends an answer; one without it was cut."""
    came = b""
    while b"\0" not in came and len(came) < LONGEST_ANSWER:
        piece = line.recv(LONGEST_ANSWER)
        if not piece:
            break
        came += piece
    said, end, _ = came.partition(b"\0")
    if not end:
        raise UnclearAnswerError("ответ оборван")
    return said.decode("utf-8", "replace")


def _judged(answer: str) -> Scan:
    if answer == "stream: OK":
        return Scan(ScanState.CLEAN)
    if found := _FOUND.fullmatch(answer):
        return Scan(ScanState.INFECTED, found[1])
    raise UnclearAnswerError(answer)
