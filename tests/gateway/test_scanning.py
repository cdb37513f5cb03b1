"""Files wait for a real clamd, letters wait for nothing: Q14 and law 1."""

import asyncio
import getpass
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from socket import create_server
from zipfile import ZipFile

import pytest

from domain.terms import Channel
from gateway.__main__ import beside
from gateway.clamd import Clamd, ScannerAwayError
from gateway.scanning import GLANCE_SECONDS, Scanner
from storage import files, messages, review_items, scans
from storage.files import Attachment
from storage.messages import ClientMessage
from storage.scans import Scan, ScanState
from tests.gateway.conftest import MONDAY, Api
from tests.gateway.test_files import with_scanner

MARK = b"PROFMAN-TEST-INFECTION"
INFECTED = Scan(ScanState.INFECTED, "Profman.Test.UNOFFICIAL")
CLEAN = Scan(ScanState.CLEAN)
STREAM_LIMIT = 1024 * 1024
CONFIG = """
DatabaseDirectory {folder}
LocalSocket {folder}/clamd.sock
TCPSocket {port}
TCPAddr 127.0.0.1
Foreground yes
User {user}
StreamMaxLength {limit}
"""
SECONDS_TO_START = 60


@dataclass(frozen=True)
class Daemon:
    """A clamd that runs, by both of its doors."""

    by_port: Clamd
    by_socket: Clamd


@pytest.fixture(scope="session")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Give a clamd of our own, which knows one signature."""
    program = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin")
    if program is None:
        pytest.skip("clamd is not installed: apt-get install clamav-daemon")
    folder = tmp_path_factory.mktemp("clamd")
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "own.ndb").write_text(f"Profman.Test:0:*:{MARK.hex()}\n")
    values = {"folder": folder, "port": port, "user": getpass.getuser(), "limit": STREAM_LIMIT}
    (folder / "clamd.conf").write_text(CONFIG.format(**values))
    with running(program, folder):
        by_port = Clamd("127.0.0.1", port, patience=20)
        wait_for(by_port)
        yield Daemon(by_port, Clamd("", 0, str(folder / "clamd.sock"), patience=20))


@contextmanager
def running(program: str, folder: Path) -> Iterator[None]:
    """Run clamd as that folder configures it."""
    command = [program, "-c", str(folder / "clamd.conf")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as clamd:  # noqa: S603 - the scanner
        try:
            yield
        finally:
            clamd.terminate()


def wait_for(clamd: Clamd) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            return clamd.check(MONDAY)
        except ScannerAwayError:
            assert time.monotonic() < until, "clamd does not start"
            time.sleep(0.1)


async def carry(api: Api, *contents: bytes) -> tuple[str, int]:
    """Enter a ticket's message with these files; return the ticket and the message."""
    number = await api.file(key=f"{contents!r:.50}")
    message = ClientMessage(
        number=number, key=f"{number}:files", channel=Channel.EMAIL, at=MONDAY, text="Вот"
    )
    store = api.parts.files
    carried = [
        Attachment(f"file{place}", "x/y", store.put(content), len(content))
        for place, content in enumerate(contents)
    ]
    with api.parts.database.transaction() as connection:
        id_, _ = messages.add_client_message(connection, message)
        files.add(connection, id_, carried)
    return number, id_


def said(api: Api, message: int) -> list[Scan]:
    with api.parts.database.transaction() as connection:
        return [file.scan for file in files.list_for(connection, message)]


def items(api: Api) -> list[tuple[str, str | None, int | None, str]]:
    with api.parts.database.transaction() as connection:
        found = review_items.list_open(connection)
    return [(item.kind, item.number, item.message_id, item.reason) for item in found]


def zipped(content: bytes) -> bytes:
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr("inside.bin", content)
    return packed.getvalue()


@asynccontextmanager
async def at_work(scanner: Scanner) -> AsyncIterator[None]:
    task = asyncio.create_task(scanner.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until_clear(api: Api, message: int, seconds: float) -> list[Scan]:
    until = time.monotonic() + seconds
    while any(scan.state is ScanState.HELD for scan in said(api, message)):
        assert time.monotonic() < until, said(api, message)
        await asyncio.sleep(0.05)
    return said(api, message)


@pytest.mark.parametrize("door", ["by_port", "by_socket"])
async def test_files_are_cleared_or_put_before_people(api: Api, daemon: Daemon, door: str) -> None:
    clamd: Clamd = getattr(daemon, door)
    number, message = await carry(api, b"clean", b"a" + MARK, zipped(MARK), b"")

    await Scanner(api.parts, clamd).scan()

    assert said(api, message) == [CLEAN, INFECTED, INFECTED, CLEAN]
    assert sorted(items(api)) == [
        ("infected", number, message, f"file1: {INFECTED.reason}"),
        ("infected", number, message, f"file2: {INFECTED.reason}"),
    ]


async def test_a_file_of_which_it_says_nothing_clear_is_held_and_delays_no_other(
    api: Api, daemon: Daemon
) -> None:
    _, message = await carry(api, bytes(STREAM_LIMIT * 3), b"clean")

    await Scanner(api.parts, daemon.by_port).scan()

    large, small = said(api, message)
    assert large.state is ScanState.HELD
    assert "ясного ответа" in large.reason or "прервалась" in large.reason
    assert small == CLEAN


async def test_while_it_is_away_files_wait_with_the_reason_and_mail_does_not(
    api: Api, daemon: Daemon
) -> None:  # law 1
    nobody = replace(daemon.by_port, port=1)
    _, message = await carry(api, b"one", MARK)

    await Scanner(api.parts, nobody).scan()
    waiting = said(api, message)
    await Scanner(api.parts, daemon.by_port).scan()

    assert {scan.state for scan in waiting} == {ScanState.HELD}
    assert all("не отвечает" in scan.reason for scan in waiting)
    assert said(api, message) == [CLEAN, INFECTED]


async def test_signatures_without_age_are_not_trusted_where_days_are_set(
    api: Api, daemon: Daemon
) -> None:
    _, message = await carry(api, b"one")

    await Scanner(api.parts, replace(daemon.by_port, database_days=7)).scan()

    assert said(api, message) == [Scan(reason="у сканера нет официальной базы сигнатур")]


async def test_a_damaged_file_is_held(api: Api, daemon: Daemon) -> None:
    _, message = await carry(api, b"one")
    (kept,) = (path for path in api.parts.files.folder.rglob("*") if path.is_file())
    kept.write_bytes(b"other")

    await Scanner(api.parts, daemon.by_port).scan()

    assert said(api, message) == [Scan(reason="файл повреждён в хранилище")]


async def test_a_file_is_scanned_as_soon_as_it_is_entered(api: Api, daemon: Daemon) -> None:
    async with at_work(Scanner(api.parts, daemon.by_port)):
        await asyncio.sleep(0.5)
        _, message = await carry(api, b"one")

        assert await until_clear(api, message, GLANCE_SECONDS / 2) == [CLEAN]


async def test_a_line_that_breaks_does_not_end_the_work(api: Api, daemon: Daemon) -> None:
    _, message = await carry(api, b"one")
    with api.parts.database.transaction() as connection:
        scans.explain_held(connection, "before")

    async with at_work(Scanner(api.parts, replace(daemon.by_port, port=1))):
        await asyncio.sleep(0.5)
        assert "не отвечает" in said(api, message)[0].reason
    async with at_work(Scanner(api.parts, daemon.by_port)):
        assert await until_clear(api, message, 3 * GLANCE_SECONDS) == [CLEAN]


async def test_several_gateways_share_the_work(api: Api, daemon: Daemon) -> None:
    _, message = await carry(api, *(MARK + b"%d" % place for place in range(30)))
    scanners = [Scanner(api.parts, daemon.by_port) for _ in range(3)]

    await asyncio.gather(*(scanner.scan() for scanner in scanners))

    assert said(api, message) == [INFECTED] * 30
    assert len(items(api)) == 30


async def test_a_gateway_scans_where_the_house_has_a_scanner(api: Api) -> None:
    counts = []
    for house in (api, with_scanner(api)):
        works = beside(house.parts)
        counts.append(len(works))
        for work in works:
            work.close()

    assert counts[1] - counts[0] == 1
