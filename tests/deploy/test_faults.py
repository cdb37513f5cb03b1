"""A line carries every byte until it is told to break, and breaks at the very byte it is told."""

import socket
from collections.abc import Callable, Iterator
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest
from typing_extensions import override

from deploy.local import processes
from deploy.local.faults import Break, Cut, FaultyLine, Way
from deploy.local.processes import LOOPBACK

Lay = Callable[[str, int], FaultyLine]


class Echo(StreamRequestHandler):
    """Says each line back."""

    @override
    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(line)


@pytest.fixture
def line(faulty_line: Lay) -> Iterator[FaultyLine]:
    with ThreadingTCPServer((LOOPBACK, 0), Echo) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield faulty_line(LOOPBACK, server.server_address[1])
        server.shutdown()


def say(line: FaultyLine, words: bytes) -> bytes:
    """Say something and return what comes back until the line breaks or falls silent."""
    heard = b""
    with socket.create_connection((LOOPBACK, line.port), timeout=0.3) as connection:
        try:
            connection.sendall(words)
            while not heard.endswith(b"\n") and (more := connection.recv(100)):
                heard += more
        except TimeoutError:
            heard += b" (silence)"
        except ConnectionError:
            heard += b" (reset)"
    return heard


def test_a_line_without_a_cut_carries_every_byte(line: FaultyLine) -> None:
    heard = say(line, b"one two three\n")

    assert heard == b"one two three\n"
    assert line.passed == {Way.TO_SERVER: 14, Way.TO_CLIENT: 14}
    assert line.connections == 1


@pytest.mark.parametrize("after", [0, 1, 7, 13])
@pytest.mark.parametrize(("how", "end"), [(Break.END, b""), (Break.SILENCE, b" (silence)")])
def test_a_line_breaks_after_so_many_bytes_to_the_client(
    line: FaultyLine, how: Break, end: bytes, after: int
) -> None:
    line.cut_next(Cut(Way.TO_CLIENT, after, how))

    assert say(line, b"one two three\n") == b"one two three\n"[:after] + end


def test_a_line_that_is_reset_ends_for_both(line: FaultyLine) -> None:
    line.cut_next(Cut(Way.TO_SERVER, 3))

    heard = say(line, b"one two three\n")

    assert heard in {b"", b" (reset)"}
    assert line.passed == {Way.TO_SERVER: 3, Way.TO_CLIENT: 0}


def test_a_fault_strikes_one_connection_only(line: FaultyLine) -> None:
    line.cut_next(Cut(Way.TO_CLIENT, 1, Break.END))

    heard = [say(line, b"one\n") for _ in range(2)]

    assert heard == [b"o", b"one\n"]


def test_a_line_to_nobody_ends_at_once(faulty_line: Lay) -> None:
    line = faulty_line(LOOPBACK, processes.free_port())

    assert say(line, b"one\n") in {b"", b" (reset)"}


def test_a_line_that_is_away_carries_nothing_until_it_is_mended(line: FaultyLine) -> None:
    line.break_all()
    away = say(line, b"one\n")
    line.mend()

    assert b"one" not in away
    assert say(line, b"two\n") == b"two\n"
