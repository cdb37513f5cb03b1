"""Five traps of durable processes: each shown by a naive process, each escaped by ours.

Laws 1, 2, 10; R53. The naive processes are as the first sketch of such a service is often written.
"""
# ruff: noqa: D102, D107 - each naive process says in one line what is naive about it

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from temporalio import activity, workflow
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from deploy.local.story import SPECIALIST, Story
from deploy.local.world import wait_until
from domain.commands import AskClient, Assign, Identify, Note, Take
from domain.terms import Actor, Role, Status
from workflows import STATUS
from workflows.messages import Order

OTHER = Actor(Role.SPECIALIST, "8")
QUEUE = "naive"
SOON = timedelta(seconds=10)


class Diary:
    """What a naive process writes, slowly: each line waits until the test lets it through."""

    def __init__(self) -> None:
        """Begin empty, with the way barred."""
        self.lines: list[str] = []
        self.is_open = threading.Event()
        self.asked = threading.Event()

    @activity.defn
    def write_down(self, line: str) -> None:
        """Write a line when the way is open."""
        self.asked.set()
        self.is_open.wait(10)
        self.lines.append(line)


@workflow.defn
class NaiveCheck:
    """Checks only before it waits for the world."""

    def __init__(self) -> None:
        self.taken_by: list[str] = []

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)

    @workflow.update
    async def take(self, who: str) -> list[str]:
        await workflow.execute_activity("write_down", who, start_to_close_timeout=SOON)
        self.taken_by.append(who)
        return self.taken_by

    @take.validator
    def refuse_take(self, who: str) -> None:
        if self.taken_by:
            raise ApplicationError("it is taken", who)


@workflow.defn
class NaiveFlag:
    """Keeps the last message and a flag, and lowers the flag after the work."""

    def __init__(self) -> None:
        self.last, self.has_news = "", False

    @workflow.run
    async def run(self) -> None:
        while True:
            await workflow.wait_condition(lambda: self.has_news)
            await workflow.execute_activity("write_down", self.last, start_to_close_timeout=SOON)
            self.has_news = False

    @workflow.signal
    def message(self, words: str) -> None:
        self.last, self.has_news = words, True


@workflow.defn
class NaiveHandler:
    """Trusts what it is told."""

    def __init__(self) -> None:
        self.specialist, self.since = "", workflow.now()

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)

    @workflow.update
    def assign(self, specialist: str) -> str:
        self.specialist = {"7": "anna", "8": "boris"}[specialist]
        return self.specialist

    @workflow.signal
    def message(self, at: str) -> None:
        self.since = max(self.since, workflow.now().fromisoformat(at))


@workflow.defn
class NaiveRoll:
    """Relies on the server to know a repeated update."""

    @workflow.init
    def __init__(self, count: int) -> None:
        self.count, self.is_asked_to_roll = count, False

    @workflow.run
    async def run(self, count: int) -> None:
        del count
        await workflow.wait_condition(lambda: self.is_asked_to_roll)
        workflow.continue_as_new(self.count)

    @workflow.update
    def add(self) -> int:
        self.count += 1
        return self.count

    @workflow.signal
    def roll(self) -> None:
        self.is_asked_to_roll = True


@asynccontextmanager
async def naive(
    engine: WorkflowEnvironment, process: type, *start: object
) -> AsyncIterator[tuple[WorkflowHandle[Any, Any], Diary]]:
    diary = Diary()
    with ThreadPoolExecutor(4) as threads:
        async with Worker(
            engine.client,
            task_queue=QUEUE,
            workflows=[process],
            activities=[diary.write_down],
            activity_executor=threads,
            workflow_runner=UnsandboxedWorkflowRunner(),
        ):
            handle = await engine.client.start_workflow(
                process.__name__, args=start, id=f"naive:{process.__name__}", task_queue=QUEUE
            )
            yield handle, diary
            diary.is_open.set()
            await handle.terminate()


async def is_wedged(process: WorkflowHandle[Any, Any]) -> bool:
    pending = (await process.describe()).raw_description.pending_workflow_task
    return pending.attempt > 1


async def is_another_run(process: WorkflowHandle[Any, Any], before: str | None) -> bool:
    return (await process.describe()).run_id != before


async def in_queue(story: Story) -> str:
    return await story.register(story.at("mon", "10:00"))


# A check that is made only before the wait


async def test_a_naive_ticket_is_taken_twice(engine: WorkflowEnvironment) -> None:
    async with naive(engine, NaiveCheck) as (process, diary):
        orders = [
            asyncio.create_task(process.execute_update("take", who, id=who)) for who in ("7", "8")
        ]
        await asyncio.sleep(0.3)
        diary.is_open.set()
        await asyncio.gather(*orders)

        assert len(diary.lines) == 2


async def test_of_two_who_take_a_ticket_at_once_one_is_refused(story: Story) -> None:  # R5
    number = await in_queue(story)

    given = [story.order(number, Take(), by) for by in (SPECIALIST, OTHER)]
    outcomes = await asyncio.gather(*given, return_exceptions=True)

    [refused] = [one for one in outcomes if isinstance(one, WorkflowUpdateFailedError)]
    assert isinstance(refused.cause, ApplicationError)
    assert (refused.cause.type, refused.cause.details[0]) == ("state", "R49")
    assert story.kinds(number).count("taken") == 1


# A flag instead of an inbox


async def test_a_naive_flag_loses_what_comes_during_the_work(engine: WorkflowEnvironment) -> None:
    async with naive(engine, NaiveFlag) as (process, diary):
        await process.signal("message", "first")
        await asyncio.to_thread(diary.asked.wait, 5)
        await process.signal("message", "second")
        diary.is_open.set()
        await asyncio.sleep(0.5)

        assert diary.lines == ["first"]


async def test_no_message_is_lost_while_another_one_is_being_written(story: Story) -> None:  # R53
    number = await in_queue(story)
    with story.world.database.transaction() as connection:
        connection.execute(text("LOCK TABLE tickets IN EXCLUSIVE MODE"))
        writing = [
            asyncio.create_task(story.order(number, Note(story.text(number, str(place)))))
            for place in range(5)
        ]
        telling = [story.client_writes(number, str(place)) for place in range(10)]
        telling_all = asyncio.gather(*telling)
        await asyncio.sleep(0.5)

    await asyncio.gather(*writing, telling_all)

    kinds = story.kinds(number)
    assert (kinds.count("noted"), kinds.count("client_answered")) == (5, 10)
    assert len({event.at for event in story.journal(number)}) > 1


# A handler that trusts what it is told


async def test_a_naive_handler_wedges_its_ticket(engine: WorkflowEnvironment) -> None:
    async with naive(engine, NaiveHandler) as (process, _):
        lost = asyncio.create_task(process.execute_update("assign", "nobody"))

        await wait_until(lambda: is_wedged(process), "the naive ticket to be wedged")

        lost.cancel()


async def test_a_naive_handler_of_a_signal_wedges_its_ticket(engine: WorkflowEnvironment) -> None:
    async with naive(engine, NaiveHandler) as (process, _):
        await process.signal("message", "2027-01-11T09:00:00")

        await wait_until(lambda: is_wedged(process), "the naive ticket to be wedged")


ABSURD_SIGNALS = [
    ("client_message", "not a message"),
    ("client_message", {"message": 1, "key": "k", "at": "2027-01-11T09:00:00"}),
    ("client_message", {"message": 10**30, "key": "k", "at": "9999-12-31T23:59:59Z"}),
    ("client_message", {"message": 1, "key": "k", "at": "2027-01-11T09:00:00Z", "by": "\x00"}),
    ("calendar_changed", {"version": 10**30}),
    ("calendar_changed", {"version": -1}),
    ("calendar_changed", {"version": "many"}),
    ("calendar_changed", None),
    ("release_published", {"release": ["4.3"]}),
    ("letter_bounced", {"letter": "\x00", "is_hard": True, "key": "k"}),
    ("command", {"command": {"kind": "explode"}, "actor": {"role": "head"}, "key": "k"}),
    ("command", {"command": {"kind": "take"}, "actor": {"role": "emperor"}, "key": "k"}),
    ("no_such_signal", {"version": 1}),
]


@pytest.mark.parametrize(("name", "argument"), ABSURD_SIGNALS)
async def test_an_absurd_signal_wedges_nothing(story: Story, name: str, argument: object) -> None:
    number = await in_queue(story)

    await story.world.ticket(number).signal(name, argument)
    standing = await asyncio.wait_for(story.order(number, Take()), 8)

    assert standing.status is Status.IN_DIAGNOSIS


async def test_a_message_that_could_not_be_handled_is_on_the_ticket(story: Story) -> None:  # R53
    number = await in_queue(story)
    naive_moment = {"message": 1, "key": "k", "at": "2027-01-11T09:00:00"}

    await story.world.ticket(number).signal("client_message", naive_moment)
    await story.world.settle()

    assert story.kinds(number)[-1] == "command_refused"


ABSURD_ORDERS = [
    {"command": {"kind": "explode"}, "actor": {"role": "head"}, "key": "k"},
    {"command": {"kind": "take"}, "actor": {"role": "emperor"}, "key": "k"},
    {"command": {"kind": "note", "text": "words"}, "actor": {"role": "head"}, "key": "k"},
    "take",
    None,
]


@pytest.mark.parametrize("argument", ABSURD_ORDERS)
async def test_an_order_that_cannot_be_read_is_refused(story: Story, argument: object) -> None:
    number = await in_queue(story)

    with pytest.raises(WorkflowUpdateFailedError):
        await story.world.ticket(number).execute_update("command", argument)

    assert (await story.order(number, Take())).status is Status.IN_DIAGNOSIS


@pytest.mark.parametrize(
    "command",
    [Assign("\x00"), Assign("x" * 10_000), Identify("a client", entitled=True)],
    ids=["unprintable", "endless", "not an id"],
)
async def test_an_order_that_the_register_could_not_keep_is_refused(
    story: Story, command: Assign | Identify
) -> None:
    number = await story.register(story.at("mon", "10:00"), "somebody@elsewhere.example")

    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await asyncio.wait_for(story.order(number, command), 8)

    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == "argument"


# The same order again, in a new run


async def test_a_naive_ticket_carries_out_a_repeated_order_after_it_rolled(
    engine: WorkflowEnvironment,
) -> None:
    async with naive(engine, NaiveRoll, 0) as (process, _):
        await process.execute_update("add", id="the same")
        before = (await process.describe()).run_id
        await process.signal("roll")
        await wait_until(lambda: is_another_run(process, before), "the naive ticket to roll")
        again = await process.execute_update("add", id="the same")

        assert again == 2


async def test_the_same_order_is_carried_out_once_however_often_the_ticket_rolls(
    story: Story,
) -> None:
    number = await in_queue(story)
    await story.order(number, Take())
    note = Note(story.text(number, "Клиент звонил."))

    for _ in range(3):
        await story.order(number, note, key="the same")
        await story.world.ticket(number).signal("roll")
        await story.world.settle()

    assert story.kinds(number).count("noted") == 1


async def test_a_message_told_again_after_a_roll_happens_once(story: Story) -> None:  # R53
    number = await in_queue(story)
    told = {"message": 1, "key": "the same", "at": "2026-11-30T10:00:00Z"}
    process = story.world.ticket(number)

    await process.signal("client_message", told)
    await process.signal("roll")
    await story.world.settle()
    await process.signal("client_message", told)
    await story.world.settle()

    assert story.kinds(number).count("client_answered") == 1


async def test_a_rolled_ticket_knows_all_that_it_knew(story: Story) -> None:  # Q6
    number = await in_queue(story)
    await story.order(number, Take())
    await story.order(number, AskClient(story.text(number, "Какая версия?")))
    before = await story.world.ticket(number).query("current")

    await story.world.ticket(number).signal("roll")
    await story.world.settle()
    after = await story.world.ticket(number).query("current")
    await story.until(story.at("thu"))

    assert after == before
    assert story.kinds(number)[-1] == "client_reminded"


async def test_an_order_given_as_the_ticket_rolls_is_answered(story: Story) -> None:
    number = await in_queue(story)
    process = story.world.ticket(number)
    with story.world.database.transaction() as connection:
        connection.execute(text("LOCK TABLE tickets IN EXCLUSIVE MODE"))
        first = asyncio.create_task(story.order(number, Take()))
        await asyncio.sleep(0.3)
        await process.signal("roll")
        order = Order(Note(1), SPECIALIST, "as it rolls")
        second = asyncio.create_task(process.execute_update("command", order))
        await asyncio.sleep(0.3)

    await asyncio.wait_for(asyncio.gather(first, second), 8)

    assert story.kinds(number)[1:] == ["taken", "noted"]


async def test_what_changed_in_the_task_that_rolls_is_shown_all_the_same(story: Story) -> None:
    number = await story.register(story.at("mon", "10:00"))
    process, note = story.world.ticket(number), Note(story.text(number, "Заметка."))
    with story.world.database.transaction() as connection:
        connection.execute(text("LOCK TABLE tickets IN EXCLUSIVE MODE"))
        noting = asyncio.create_task(story.order(number, note))
        await asyncio.sleep(0.3)
        await process.signal("command", Order(Take(), SPECIALIST, "t"))
        await process.signal("roll")
        await asyncio.sleep(0.3)
    await asyncio.wait_for(noting, 10)
    await story.world.settle()

    described = await process.describe()

    assert described.typed_search_attributes.get(STATUS) == Status.IN_DIAGNOSIS
