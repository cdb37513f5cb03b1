"""What the acceptance tests share: the real mail servers, letters, and what became of them."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import func, select
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.imap import Account, Bounds
from activities.mailbox import MailboxActivities, Watch
from deploy.local.faults import FaultyLine
from deploy.local.processes import LOOPBACK
from gateway.filing import FilingDesk
from gateway.incoming import House
from gateway.sorting import Sorter
from mail.identity import Keyring
from storage import mailboxes
from storage.database import Database
from storage.files import FileStore
from storage.mail_tables import raw_letters
from storage.mailboxes import Fault, Mailbox
from storage.raw_letters import count_kept
from storage.rules import CurrentRules
from storage.ticket_tables import requests
from tests.acceptance import dovecot
from tests.acceptance.dovecot import Dovecot
from tests.hosted import Hosted

ONE_SWEEP = timedelta(0)
LONG = timedelta(minutes=10)
QUICK = Bounds(answer_seconds=1.0, glance_seconds=0.1, sweep_seconds=1.0)
OWN = ("lanskov@profman.ru", "office@profman.ru")


@dataclass(frozen=True)
class Register:
    """The register behind the doors, and who files in it."""

    database: Database
    sorter: Sorter

    def kept(self) -> Counter[bytes]:
        """Count how often each letter is kept."""
        with self.database.transaction() as connection:
            return Counter(connection.execute(select(raw_letters.c.content)).scalars())

    def count(self) -> int:
        """Count the letters kept."""
        with self.database.transaction() as connection:
            return connection.execute(select(func.count()).select_from(raw_letters)).scalar_one()

    def tickets(self) -> list[str]:
        """Return the subjects of all tickets."""
        with self.database.transaction() as connection:
            return sorted(connection.execute(select(requests.c.subject)).scalars())

    async def filed(self) -> list[str]:
        """File what is kept, by whomever, and return the subjects of all tickets."""
        while await asyncio.to_thread(self._is_unfiled):
            await self.sorter.sort()
        return await asyncio.to_thread(self.tickets)

    def _is_unfiled(self) -> bool:
        with self.database.transaction() as connection:
            return count_kept(connection) > 0


@pytest.fixture
def register(database: Database, tmp_path: Path) -> Register:
    """Give an empty register."""
    house = House(Keyring("k1", {"k1": bytes(range(32))}), frozenset(OWN), "support")
    rules = CurrentRules(database, lambda: datetime.now(UTC))
    desk = FilingDesk(FileStore(tmp_path / "files"), rules, house)
    return Register(database, Sorter(database, desk))


@pytest.fixture(scope="session")
def imap_server() -> Iterator[Dovecot]:
    """Give a Dovecot, where there is one."""
    if reason := dovecot.lack():
        pytest.skip(reason)
    with open_folder() as folder:
        running = Dovecot.start(folder)
        try:
            yield running
        finally:
            running.stop()


@pytest.fixture
def hosted(imap_server: Dovecot) -> Hosted:
    """Give a mailbox that nobody else in this run has."""
    return imap_server.mailbox()


@pytest.fixture
def line(imap_server: Dovecot) -> Iterator[FaultyLine]:
    """Give a line to the IMAP server that can be broken."""
    running = FaultyLine(LOOPBACK, imap_server.port).start()
    yield running
    running.stop()


@contextmanager
def open_folder() -> Iterator[Path]:
    """Give a folder that other users may enter, as the servers' own do."""
    with TemporaryDirectory(prefix="acceptance-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def letter(name: str, size: int = 0) -> bytes:
    """Write a letter that differs from every other by its name."""
    line = b"x" * 76 + b"\r\n"
    return (
        f"From: o.belova@sever.example\r\nSubject: {name}\r\n"
        f"Message-ID: <{name}@sever.example>\r\n\r\nText\r\n"
    ).encode() + line * (size // len(line))


def sweep(database: Database, account: Account) -> int:
    """Look once into the mailbox; return how many letters were kept."""
    activities = MailboxActivities(database, {account.name: account})
    return ActivityEnvironment().run(activities.watch_mailbox, Watch(account.name, ONE_SWEEP)).kept


async def until(is_so: Callable[[], bool], seconds: float = 10) -> float:
    """Wait for something and return how many seconds it took."""
    began = time.monotonic()
    while not await asyncio.to_thread(is_so):
        if time.monotonic() - began > seconds:
            raise TimeoutError
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def ended(task: "asyncio.Task[None]") -> None:
    """Cancel a task and wait for its end."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@contextmanager
def watched(database: Database, account: Account, bounds: Bounds = QUICK) -> Iterator[None]:
    """Watch the mailbox as the workflow has it watched: again and again, whatever breaks."""
    activities = MailboxActivities(database, {account.name: account}, bounds)
    environment, is_over = ActivityEnvironment(), threading.Event()

    def watch() -> None:
        while not is_over.is_set():
            with suppress(ApplicationError):
                environment.run(activities.watch_mailbox, Watch(account.name, LONG))
            is_over.wait(0.2)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        environment.worker_shutdown()
        thread.join()


def known(database: Database, name: str) -> Mailbox:
    """Return what the register knows of the mailbox."""
    with database.transaction() as connection:
        found = mailboxes.find(connection, name)
    assert found is not None
    return found


def having(register: Register, *contents: bytes) -> Callable[[], bool]:
    """Ask whether these letters are kept."""
    return lambda: register.kept().keys() >= set(contents)


def ailing(register: Register, name: str, fault: Fault) -> Callable[[], bool]:
    """Ask whether the mailbox ails by this name."""

    def is_ailing() -> bool:
        with register.database.transaction() as connection:
            found = mailboxes.find(connection, name)
        return found is not None and found.ails and found.fault is fault

    return is_ailing
