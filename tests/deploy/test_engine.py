"""The local engine keeps its workflows over a kill; the test engine skips what nobody waits for."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from temporalio import workflow
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from deploy.local import engine
from deploy.local.engine import Engine, EngineOptions

ATTRIBUTES = {"TicketStatus": "Keyword", "NextEventAt": "Datetime", "Criticality": "Int"}
ROUNDS = 100  # past the burst after which the stock settings slow down


@workflow.defn(name="EngineTestGreeting", sandboxed=False)
class Greeting:
    """Ends at once: only the engine's own hops take time."""

    @workflow.run
    async def run(self) -> str:
        """Return a word."""
        return "готово"


@workflow.defn(name="EngineTestMonth", sandboxed=False)
class Month:
    """Waits as long as a deferral may."""

    @workflow.run
    async def run(self) -> float:
        """Return how many days went by on the workflow's clock."""
        began_at = workflow.now()
        await workflow.sleep(timedelta(days=30))
        return (workflow.now() - began_at) / timedelta(days=1)


def options_in(folder: Path) -> EngineOptions:
    return EngineOptions(folder / "engine.log", folder / "engine.db", search_attributes=ATTRIBUTES)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    started = engine.start(options_in(tmp_path_factory.mktemp("engine")))
    yield started
    started.stop()


@pytest.fixture
async def virtual() -> AsyncIterator[WorkflowEnvironment]:
    async with engine.time_skipping_environment(ATTRIBUTES) as environment:
        yield environment


async def test_a_waiting_workflow_survives_a_kill_of_the_engine(tmp_path: Path) -> None:
    first = engine.start(options_in(tmp_path))
    client = await Client.connect(first.address)
    await client.start_workflow(Month.run, id="T-1", task_queue="nobody")
    first.kill()

    again = engine.start(options_in(tmp_path))

    try:
        found = await (await Client.connect(again.address)).get_workflow_handle("T-1").describe()
        assert found.status == WorkflowExecutionStatus.RUNNING
        assert (again.address, again.ui_address) == (first.address, first.ui_address)
    finally:
        again.stop()


async def test_people_can_search_by_the_given_attributes(running: Engine) -> None:
    client = await Client.connect(running.address)

    count = await client.count_workflows('TicketStatus = "in_queue" AND Criticality = 1')

    assert count.count == 0


async def test_closed_workflows_stay_for_the_retention(running: Engine) -> None:
    client = await Client.connect(running.address)

    namespace = await client.workflow_service.describe_namespace(_described())

    assert namespace.config.workflow_execution_retention_ttl.ToTimedelta() == engine.RETENTION


async def test_the_page_for_operations_answers(running: Engine) -> None:
    async with httpx.AsyncClient() as browser:
        page = await browser.get(running.ui_address)

    assert page.status_code == 200


async def test_a_hop_does_not_wait_for_the_poll_limit(running: Engine) -> None:
    client = await Client.connect(running.address)
    async with Worker(client, task_queue="quick", workflows=[Greeting]):
        taken = [await _timed(client) for _ in range(ROUNDS)]

    median = statistics.median(taken)
    print(f"start to result, no activity: p50 {median * 1000:.1f} ms of {ROUNDS}")  # noqa: T201 - a figure to read, not a promise
    assert len(taken) == ROUNDS


async def test_thirty_days_of_waiting_are_skipped(virtual: WorkflowEnvironment) -> None:
    async with Worker(virtual.client, task_queue="month", workflows=[Month]):
        handle = await virtual.client.start_workflow(
            Month.run, id=f"month-{uuid4()}", task_queue="month"
        )
        await asyncio.wait_for(virtual.fast_forward(handle, timedelta(days=31)), timeout=2)

        assert await handle.result() == pytest.approx(30, abs=0.001)


async def test_virtual_time_stands_until_it_is_moved(virtual: WorkflowEnvironment) -> None:
    async with Worker(virtual.client, task_queue="still", workflows=[Month]):
        handle = await virtual.client.start_workflow(
            Month.run, id=f"still-{uuid4()}", task_queue="still"
        )
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(handle.result(), timeout=0.5)

        assert (await handle.describe()).status == WorkflowExecutionStatus.RUNNING


def test_the_two_servers_differ_only_in_the_clock() -> None:
    local = set(engine.dynamic_config(time_skipping=False))
    tests = set(engine.dynamic_config(time_skipping=True))

    assert local < tests
    assert {line.partition("=")[0] for line in tests - local} == {
        "frontend.WorkflowTimeSkippingEnabled",
        "history.timerProcessorMaxTimeShift",
    }


async def _timed(client: Client) -> float:
    began = time.perf_counter()
    await client.execute_workflow(Greeting.run, id=f"quick-{uuid4()}", task_queue="quick")
    return time.perf_counter() - began


def _described() -> DescribeNamespaceRequest:
    return DescribeNamespaceRequest(namespace=engine.NAMESPACE)
