"""Only a whole and clear answer of the scanner counts, whatever the line does: Q14."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import BytesIO
from socket import SO_LINGER, SOL_SOCKET, create_server, socket
from struct import pack

import pytest

from gateway.clamd import Clamd, ScannerAwayError, UnclearAnswerError, built
from storage.scans import Scan, ScanState

NOW = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
OLD = b"ClamAV 1.4.6/27000/Mon Aug 24 08:00:00 2026\0"
FRESH = b"ClamAV 1.4.6/27500/Sun Sep  6 08:00:00 2026\0"
CONTENT = bytes(200_000)

Conduct = Callable[[socket], None]


@contextmanager
def faulty(conduct: Conduct) -> Iterator[Clamd]:
    """Serve whoever connects in this way, and give the clamd that it passes for."""
    with create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, args=(server, conduct), daemon=True).start()
        host, port = server.getsockname()
        yield Clamd(host, port, database_days=7, patience=0.5)


def serve(server: socket, conduct: Conduct) -> None:
    while True:
        try:
            line, _ = server.accept()
        except OSError:
            return
        with line, suppress(OSError):
            conduct(line)


def answering(said: bytes) -> Conduct:
    """Return the conduct of one that hears all and says this."""

    def conduct(line: socket) -> None:
        heard = line.recv(65536)
        while heard.startswith(b"zINSTREAM") and not heard.endswith(bytes(4)):
            heard += line.recv(65536)
        line.sendall(said)

    return conduct


def hanging(line: socket) -> None:
    while line.recv(65536):
        pass


def resetting(line: socket) -> None:
    line.recv(100)
    line.setsockopt(SOL_SOCKET, SO_LINGER, pack("ii", 1, 0))


def refusing_half_way(line: socket) -> None:
    line.recv(100)
    line.sendall(b"INSTREAM size limit exceeded. ERROR\0")


@pytest.mark.parametrize(
    ("said", "scan"),
    [
        (b"stream: OK\0", Scan(ScanState.CLEAN)),
        (b"stream: Win.Test FOUND\0", Scan(ScanState.INFECTED, "Win.Test")),
    ],
)
def test_two_answers_count(said: bytes, scan: Scan) -> None:
    with faulty(answering(said)) as clamd:
        assert clamd.scan(BytesIO(CONTENT)) == scan


@pytest.mark.parametrize(
    "said",
    [
        b"stream: OK",  # the end is missing: it may have been cut
        b"stream: O",
        b"",
        b"OK\0",
        b"stream: OK FOUND?\0",
        b"stream: Can't allocate memory ERROR\0",
        b"UNKNOWN COMMAND\0",
        b"stream: \xff\0",
        b"x" * 10_000,
    ],
)
def test_any_other_answer_is_unclear(said: bytes) -> None:
    with faulty(answering(said)) as clamd, pytest.raises((UnclearAnswerError, OSError)):
        clamd.scan(BytesIO(CONTENT))


@pytest.mark.parametrize("conduct", [hanging, resetting])
def test_a_broken_or_silent_line_says_nothing(conduct: Conduct) -> None:
    with faulty(conduct) as clamd:
        with pytest.raises((OSError, UnclearAnswerError), match=r"timed out|reset|оборван"):
            clamd.scan(BytesIO(CONTENT))
        with pytest.raises(ScannerAwayError, match="не отвечает"):
            clamd.check(NOW)


def test_a_refusal_in_the_middle_of_a_file_is_never_taken_for_a_verdict() -> None:
    with (
        faulty(refusing_half_way) as clamd,
        pytest.raises((UnclearAnswerError, OSError), match=r"size limit|reset"),
    ):
        clamd.scan(BytesIO(bytes(5_000_000)))


def test_fresh_signatures_are_trusted() -> None:
    with faulty(answering(FRESH)) as clamd:
        clamd.check(NOW)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (OLD, "устарела: она от 24.08.2026"),
        (b"ClamAV 1.4.6\0", "нет официальной базы"),
        (b"ClamAV 1.4.6/1/soon\0", "нет официальной базы"),
        (b"ClamAV", "не отвечает"),
    ],
)
def test_signatures_too_old_or_of_no_age_are_not_trusted(said: bytes, reason: str) -> None:
    with faulty(answering(said)) as clamd, pytest.raises(ScannerAwayError, match=reason):
        clamd.check(NOW)


def test_nobody_there_is_away() -> None:
    with create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()

    with pytest.raises(ScannerAwayError, match="не отвечает"):
        Clamd(host, port).check(NOW)
    with pytest.raises(ScannerAwayError, match="не отвечает"):
        Clamd("", 0, "/nowhere/clamd.sock").check(NOW)


def test_the_age_is_read_from_the_answer() -> None:
    assert built(FRESH.decode()[:-1]) == datetime(2026, 9, 6, 8, 0, tzinfo=UTC)
