"""What should not happen is found by its name within minutes, and is told again where it can be."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import insert, select, update
from temporalio.client import ScheduleActionExecutionStartWorkflow
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.upkeep import Report, Round, UpkeepActivities
from deploy.local import engine
from domain.terms import Channel, LetterState, Role
from storage import filing, handovers, mailboxes, people, raw_letters, requests
from storage.database import Database
from storage.mail_tables import letters
from storage.mailboxes import Mailbox
from storage.raw_letters import Arrival
from storage.requests import Registration
from storage.ticket_tables import handovers as handover_rows
from storage.ticket_tables import tickets
from worker import SHARED
from workflows import TASK_QUEUE, UPKEEP_ID
from workflows.upkeep import UpkeepWorkflow, ensure_schedule

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(minutes=20)


@pytest.fixture
def look(database: Database) -> Callable[[], Report]:
    """Give the way to look round at this moment."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, started_time=NOW)
    return lambda: environment.run(UpkeepActivities(database).look_for_findings, Round())


@pytest_asyncio.fixture(scope="module")
async def environment() -> AsyncIterator[WorkflowEnvironment]:
    async with engine.time_skipping_environment({}, pydantic_data_converter) as running:
        yield running


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as running:
        yield running


@pytest.fixture
def number(database: Database) -> str:
    """Give a ticket whose process has been told just now."""
    registration = Registration(
        key="web:1",
        channel=Channel.WEB,
        received_at=NOW,
        accepted_at=NOW,
        subject="Не открывается отчёт",
        text="Отчёт закрывается сразу.",
    )
    with database.transaction() as connection:
        number = requests.register(connection, registration).number
        connection.execute(update(handover_rows).values(done_at=NOW))
    return number


def test_where_all_is_well_nothing_is_found(look: Callable[[], Report], number: str) -> None:
    assert number

    assert look() == Report({})


def test_what_a_process_was_not_told_is_found(  # R27
    database: Database, look: Callable[[], Report], number: str
) -> None:
    with database.transaction() as connection:
        handovers.add(connection, number, "letter_bounced", {})
        connection.execute(update(handover_rows).values(created_at=LONG_AGO))

    assert look().found == {"process_not_told": 1}


def test_a_letter_that_nobody_filed_is_found(  # R28
    database: Database, look: Callable[[], Report]
) -> None:
    arrival = Arrival(content=b"s", door="smtp", received_at=LONG_AGO)
    with database.transaction() as connection:
        raw_letters.keep(connection, arrival)
        raw_letters.keep(connection, replace(arrival, received_at=NOW))

    assert look().found == {"letter_not_filed": 1}


def test_a_letter_that_missed_its_moment_is_found(  # R46
    database: Database, look: Callable[[], Report], number: str
) -> None:
    letter = {
        "number": number,
        "sequence": 1,
        "kind": "confirmation",
        "recipient": "o.belova@sever.example",
        "subject": "s",
        "text": "t",
        "mime": b"",
        "state": LetterState.WAITING,
        "prepared_at": LONG_AGO,
    }
    late = {**letter, "key": "1", "message_id": "<1>", "leaves_at": LONG_AGO}
    in_time = {**letter, "key": "2", "message_id": "<2>", "leaves_at": NOW + timedelta(hours=1)}
    with database.transaction() as connection:
        connection.execute(insert(letters).values([late, in_time]))

    assert look().found == {"letter_not_sent": 1}


def test_a_ticket_whose_process_never_began_is_told_again(  # R27
    database: Database, look: Callable[[], Report], number: str
) -> None:
    with database.transaction() as connection:
        connection.execute(update(handover_rows).values(done_at=LONG_AGO))

    assert look().found == {"ticket_without_process": 1}

    with database.transaction() as connection:
        (again,) = handovers.claim(connection, NOW, 10)
    assert (again.number, again.kind) == (number, "start")


def test_a_letter_about_an_account_that_nobody_tries_is_told_again(  # R2
    database: Database, look: Callable[[], Report]
) -> None:
    letter = {
        "sequence": 0,
        "kind": "password_changed",
        "recipient": "o.belova@sever.example",
        "subject": "s",
        "text": "t",
        "mime": b"",
        "state": LetterState.PREPARED,
        "prepared_at": LONG_AGO,
    }
    keys = ("account/1/password_changed", "account/2/password_changed")
    with database.transaction() as connection:
        member = people.put_staff(connection, "sveta", "Света", "s@x.example", Role.SPECIALIST)
        for key, attempts in zip(keys, (0, 1), strict=True):
            named = {"key": key, "message_id": f"<{key}>", "staff_id": member.id}
            connection.execute(insert(letters).values(letter | named | {"attempts": attempts}))
            handovers.add(connection, key, "account_letter", {"at": LONG_AGO})
        connection.execute(update(handover_rows).values(done_at=LONG_AGO))

    assert look().found == {"letter_not_sent": 2}

    with database.transaction() as connection:
        (again,) = handovers.claim(connection, NOW, 10)
    assert (again.number, again.kind) == (keys[0], "account_letter")


def test_a_ticket_with_a_journal_is_left_alone(
    database: Database, look: Callable[[], Report], number: str
) -> None:
    with database.transaction() as connection:
        connection.execute(update(handover_rows).values(done_at=LONG_AGO))
        connection.execute(update(tickets).values(sequence=1))

    assert look().found == {}

    with database.transaction() as connection:
        pending = select(handover_rows.c.number).where(handover_rows.c.done_at.is_(None))
        assert connection.execute(pending).all() == []
    assert number


def test_a_mailbox_that_nobody_swept_is_found(  # R28
    database: Database, look: Callable[[], Report]
) -> None:
    with database.transaction() as connection:
        mailboxes.put(connection, Mailbox("swept", 1, 1, swept_at=NOW))
        mailboxes.put(connection, Mailbox("forgotten", 1, 1, swept_at=LONG_AGO))

    assert look().found == {"mailbox_not_swept": 1}


async def test_a_round_wakes_whoever_files_letters(
    database: Database, look: Callable[[], Report]
) -> None:
    heard = database.notifications(filing.CHANNEL)
    await anext(heard)  # the ear is open

    await asyncio.to_thread(look)

    assert await asyncio.wait_for(anext(heard), timeout=5) == ""
    await heard.aclose()


async def test_rounds_are_made_on_a_schedule_that_is_made_once(
    environment: WorkflowEnvironment, database: Database, threads: ThreadPoolExecutor
) -> None:
    client = environment.client
    await ensure_schedule(client)
    await ensure_schedule(client)
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*SHARED)
    look = UpkeepActivities(database).look_for_findings

    async with Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[UpkeepWorkflow],
        activities=[look],
        activity_executor=threads,
        workflow_runner=SandboxedWorkflowRunner(restrictions=restrictions),
        max_cached_workflows=0,
    ):
        schedule = client.get_schedule_handle(UPKEEP_ID)
        await schedule.trigger()
        for _ in range(200):
            await asyncio.sleep(0.05)
            if (await schedule.describe()).info.recent_actions:
                break
        (round_, *_) = (await schedule.describe()).info.recent_actions
        assert isinstance(round_.action, ScheduleActionExecutionStartWorkflow)
        handle = client.get_workflow_handle(round_.action.workflow_id, result_type=Report)
        report = await handle.result()

    assert report == Report({})
