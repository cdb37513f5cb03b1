"""A hosted mailbox is read whole, each letter once, whatever else reads it or breaks."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.imap import Account
from activities.mailbox import MailboxActivities, Watch, Watched
from deploy.local import engine, processes
from deploy.local.processes import LOOPBACK, Child, Program
from storage import mailboxes
from storage.database import Database
from storage.mailboxes import Fault
from storage.raw_letters import RawLetter, list_kept
from tests.hosted import Hosted
from worker import SHARED
from workflows import LETTER_QUEUE, TASK_QUEUE, mailbox_id
from workflows.mailbox import MailboxInput, MailboxWorkflow, ensure_watch

ONE_SWEEP = timedelta(0)
LONG = timedelta(minutes=20)
SERVER = "import sys; from pymap.main import main; sys.exit(main())"
LETTER = b"From: o.belova@sever.example\r\nSubject: s\r\n\r\nText\r\n"
OTHER = LETTER.replace(b"Text", b"Another text")


@dataclass(frozen=True)
class Served(Hosted):
    """A mailbox in memory, in a process of its own."""

    child: Child


def host(log_file: Path, port: int) -> Served:
    options = ("--host", LOOPBACK, "--port", str(port), "--no-tls", "dict", "--demo-data")
    child = processes.start(Program((sys.executable, "-c", SERVER, *options), log_file))
    child.wait_until(lambda: processes.is_answering(port))
    account = Account("support", LOOPBACK, port, "demouser", "demopass", tls=False)
    hosted = Served(replace(account, folder="Support"), child)
    with hosted.client() as imap:
        imap.create_folder("Support")
    return hosted


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[Served]:
    running = host(tmp_path / "imap.log", processes.free_port())
    yield running
    running.child.stop()


@pytest.fixture
def watch(database: Database, hosted: Served) -> Callable[..., Watched]:
    """Give the way to watch the mailbox for a while, its account changed as said."""

    def watch(period: timedelta = ONE_SWEEP, **changes: object) -> Watched:
        account = replace(hosted.account, **changes)  # type: ignore[arg-type] # the names are those of Account
        activities = MailboxActivities(database, {account.name: account})
        return ActivityEnvironment().run(activities.watch_mailbox, Watch(account.name, period))

    return watch


@pytest_asyncio.fixture(scope="module")
async def environment() -> AsyncIterator[WorkflowEnvironment]:
    async with engine.time_skipping_environment({}, pydantic_data_converter) as running:
        yield running


@asynccontextmanager
async def working(client: Client, database: Database, hosted: Served) -> AsyncIterator[None]:
    activities = MailboxActivities(database, {hosted.account.name: hosted.account})
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*SHARED)
    with ThreadPoolExecutor(4) as threads:
        carrying = Worker(
            client,
            task_queue=TASK_QUEUE,
            workflows=[MailboxWorkflow],
            workflow_runner=SandboxedWorkflowRunner(restrictions=restrictions),
            max_cached_workflows=0,
        )
        watching = Worker(
            client,
            task_queue=LETTER_QUEUE,
            activities=[activities.watch_mailbox],
            activity_executor=threads,
            graceful_shutdown_timeout=timedelta(seconds=20),
        )
        async with carrying, watching:
            yield


def kept(database: Database) -> tuple[RawLetter, ...]:
    with database.transaction() as connection:
        return list_kept(connection, 100)


async def until_kept(database: Database, count: int, seconds: float = 10) -> None:
    for _ in range(int(seconds / 0.05)):
        if len(await asyncio.to_thread(kept, database)) == count:
            return
        await asyncio.sleep(0.05)
    raise TimeoutError


async def begin(client: Client, period: timedelta) -> WorkflowHandle[MailboxWorkflow, None]:
    return await client.start_workflow(
        MailboxWorkflow.run,
        MailboxInput("support", period),
        id=mailbox_id(str(uuid4())),
        task_queue=TASK_QUEUE,
    )


def test_every_letter_is_kept_as_it_lay_and_moved_aside(  # R28
    database: Database, hosted: Served, watch: Callable[..., Watched]
) -> None:
    hosted.put(LETTER, OTHER)

    assert watch() == Watched(kept=2)

    assert [letter.content for letter in kept(database)] == [LETTER, OTHER]
    assert {letter.door for letter in kept(database)} == {"imap"}
    assert hosted.contents("Support") == []
    assert hosted.contents("Processed") == [LETTER, OTHER]


def test_a_letter_that_somebody_has_opened_is_kept_too(  # R28
    database: Database, hosted: Served, watch: Callable[..., Watched]
) -> None:
    hosted.put(LETTER)
    with hosted.client() as imap:
        imap.select_folder("Support")
        imap.add_flags(imap.search("ALL"), [b"\\Seen"])

    watch()

    assert len(kept(database)) == 1


def test_watching_marks_nothing_as_seen(hosted: Served, watch: Callable[..., Watched]) -> None:
    hosted.put(LETTER)

    watch()

    with hosted.client() as imap:
        imap.select_folder("Processed", readonly=True)
        assert imap.search("SEEN") == []
        assert len(imap.search("ALL")) == 1


def test_a_letter_that_cannot_be_moved_is_kept_once_and_moved_later(  # R28
    database: Database, hosted: Served, watch: Callable[..., Watched]
) -> None:
    hosted.put(LETTER)

    counts = [watch(processed="").kept, watch(processed="").kept, watch().kept]

    assert counts == [1, 0, 0]
    assert len(kept(database)) == 1
    assert (hosted.contents("Support"), hosted.contents("Processed")) == ([], [LETTER])


def test_a_mailbox_made_anew_is_read_anew(  # R28
    database: Database, hosted: Served, watch: Callable[..., Watched]
) -> None:
    hosted.put(LETTER)
    watch(processed="")
    with hosted.client() as imap:
        imap.delete_folder("Support")
        imap.create_folder("Support")
    hosted.put(LETTER, OTHER)

    watch(processed="")

    first, again, other = kept(database)
    assert first.digest == again.digest  # by which the sorter knows it
    assert other.content == OTHER


def test_a_sweep_leaves_its_moment_and_cursor(
    database: Database, hosted: Served, watch: Callable[..., Watched]
) -> None:
    hosted.put(LETTER, OTHER)
    began_at = datetime.now(UTC)

    watch()
    watch()

    with database.transaction() as connection:
        cursor = mailboxes.find(connection, "support")
    assert cursor is not None
    assert (cursor.counted, cursor.swept_at and cursor.swept_at > began_at) == (2, True)


def test_a_mailbox_that_cannot_be_read_is_an_error_without_words(
    hosted: Served, watch: Callable[..., Watched]
) -> None:
    with pytest.raises(ApplicationError) as failed:
        watch(password="wrong")  # noqa: S106 - no secret

    assert (failed.value.message, failed.value.type) == ("unreadable mailbox", "login")
    assert failed.value.next_retry_delay == timedelta(seconds=2)
    assert hosted.child.is_running


def test_whoever_is_not_let_in_knocks_ever_less_often(  # R28
    database: Database, hosted: Served
) -> None:
    account = replace(hosted.account, password="wrong")  # noqa: S106 - no secret
    activities = MailboxActivities(database, {account.name: account})
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=100)

    with pytest.raises(ApplicationError) as failed:
        environment.run(activities.watch_mailbox, Watch(account.name, ONE_SWEEP))

    assert failed.value.next_retry_delay == timedelta(minutes=5)


def test_a_server_that_is_away_is_told_by_name(database: Database, hosted: Served) -> None:  # R28
    hosted.child.kill()
    activities = MailboxActivities(database, {hosted.account.name: hosted.account})

    with pytest.raises(ApplicationError) as failed:
        ActivityEnvironment().run(activities.watch_mailbox, Watch("support", ONE_SWEEP))

    with database.transaction() as connection:
        known = mailboxes.find(connection, "support")
    assert (failed.value.type, known and known.fault) == (Fault.CONNECTION, Fault.CONNECTION)


def test_while_the_register_is_away_letters_stay_where_they_are(  # R28
    hosted: Served,
) -> None:
    hosted.put(LETTER)
    away = Database(f"postgresql+psycopg://nobody@{LOOPBACK}:{processes.free_port()}/nothing")
    activities = MailboxActivities(away, {hosted.account.name: hosted.account})

    with pytest.raises(ApplicationError) as failed:
        ActivityEnvironment().run(activities.watch_mailbox, Watch("support", ONE_SWEEP))

    away.dispose()
    assert failed.value.type == "OperationalError"
    assert hosted.contents("Support") == [LETTER]


def test_another_folder_of_the_same_numbers_is_read_whole(  # R28
    database: Database, hosted: Served, watch: Callable[..., Watched]
) -> None:
    with hosted.client() as imap:
        imap.create_folder("Other")
    hosted.put(LETTER)
    replace(hosted, account=replace(hosted.account, folder="Other")).put(OTHER)

    counts = [watch(processed="").kept, watch(processed="", folder="Other").kept]

    assert counts == [1, 1]
    assert {letter.content for letter in kept(database)} == {LETTER, OTHER}


async def test_a_new_letter_is_kept_without_waiting_for_a_sweep(  # R28
    environment: WorkflowEnvironment, database: Database, hosted: Served
) -> None:
    async with working(environment.client, database, hosted):
        handle = await begin(environment.client, LONG)
        await asyncio.to_thread(hosted.put, LETTER)
        await until_kept(database, 1)

        await asyncio.to_thread(hosted.put, OTHER)

        await until_kept(database, 2)
        await handle.terminate()


async def test_a_broken_connection_is_made_anew(  # R28
    environment: WorkflowEnvironment, database: Database, hosted: Served, tmp_path: Path
) -> None:
    async with working(environment.client, database, hosted):
        handle = await begin(environment.client, LONG)
        await asyncio.to_thread(hosted.put, LETTER)
        await until_kept(database, 1)

        hosted.child.kill()
        again = host(tmp_path / "again.log", hosted.account.port)
        await asyncio.to_thread(again.put, OTHER)

        await until_kept(database, 2, seconds=30)
        await handle.terminate()
    again.child.stop()


async def test_a_worker_that_stops_leaves_the_watch_at_once(
    environment: WorkflowEnvironment, database: Database, hosted: Served
) -> None:
    async with working(environment.client, database, hosted):
        handle = await begin(environment.client, LONG)
        await asyncio.to_thread(hosted.put, LETTER)
        await until_kept(database, 1)
        asked_at = time.monotonic()

    assert time.monotonic() - asked_at < 5
    await handle.terminate()


async def test_the_watch_goes_on_in_new_runs(
    environment: WorkflowEnvironment, database: Database, hosted: Served
) -> None:
    async with working(environment.client, database, hosted):
        handle = await begin(environment.client, ONE_SWEEP)
        newest = environment.client.get_workflow_handle(handle.id)
        for _ in range(600):
            await asyncio.sleep(0.05)
            if (await newest.describe()).run_id != handle.first_execution_run_id:
                break
        is_new = (await newest.describe()).run_id != handle.first_execution_run_id
        await newest.terminate()

    assert is_new


async def test_a_mailbox_is_watched_once_however_often_that_is_asked(
    environment: WorkflowEnvironment,
) -> None:
    await ensure_watch(environment.client, "once")

    await ensure_watch(environment.client, "once")

    handle = environment.client.get_workflow_handle(mailbox_id("once"))
    assert (await handle.describe()).workflow_type == "Mailbox"
    await handle.terminate()
