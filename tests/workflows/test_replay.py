"""Every recorded history replays, whatever order sets take; a changed course does not (law 13).

After a deliberate change of the workflow, record them anew and read the difference:
`rm tests/workflows/histories/*.json; PROFMAN_RECORD_HISTORIES=1 pytest tests/journeys
tests/activities/test_letters.py tests/activities/test_register.py
tests/workflows/test_ticket_traps.py`. A change that open tickets must survive goes behind
`workflow.patched`, and their histories stay.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from typing_extensions import override

from activities.letters import Delivered
from worker import SHARED
from workflows.account_letter import AccountLetterWorkflow
from workflows.messages import LetterInput, Standing, TicketInput
from workflows.ticket import TicketWorkflow

ROOT = Path(__file__).parents[2]
HISTORIES = Path(__file__).parent / "histories"


@workflow.defn(name="Ticket")
class ChangedTicket(TicketWorkflow):
    """The ticket with a timer that its histories know nothing of."""

    @workflow.init
    def __init__(self, start: TicketInput) -> None:  # noqa: D107 - the workflow's own
        super().__init__(start)

    @workflow.run
    @override
    async def run(self, start: TicketInput) -> Standing:
        await workflow.sleep(timedelta(seconds=1))
        return await super().run(start)


@workflow.defn(name="AccountLetter")
class ChangedLetter(AccountLetterWorkflow):
    """The letter with a timer that its histories know nothing of."""

    @workflow.run
    @override
    async def run(self, letter: LetterInput) -> Delivered:
        await workflow.sleep(timedelta(seconds=1))
        return await super().run(letter)


def histories() -> Iterator[WorkflowHistory]:
    for path in sorted(HISTORIES.glob("*.json")):
        yield WorkflowHistory.from_json(path.stem, path.read_text())


def replayer() -> Replayer:
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*SHARED)
    return Replayer(
        workflows=[TicketWorkflow, AccountLetterWorkflow],
        data_converter=pydantic_data_converter,
        workflow_runner=SandboxedWorkflowRunner(restrictions=restrictions),
    )


async def replay_all() -> int:
    """Replay every history; return how many there were."""
    replayed = 0
    for history in histories():
        await asyncio.wait_for(replayer().replay_workflow(history), 10)
        replayed += 1
    return replayed


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_every_history_replays_under_any_order_of_sets(seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}

    told = subprocess.run(  # noqa: S603 - this very file
        [sys.executable, __file__],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 0, told.stderr
    assert int(told.stdout) == len(list(HISTORIES.glob("*.json"))) > 0


async def test_a_changed_course_is_found_by_the_replay() -> None:
    changed = Replayer(
        workflows=[ChangedTicket, ChangedLetter],
        data_converter=pydantic_data_converter,
        workflow_runner=UnsandboxedWorkflowRunner(),
    )

    results = [
        await changed.replay_workflow(history, raise_on_replay_failure=False)
        for history in histories()
        if history.events[-1].event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED
    ]

    failures = [type(result.replay_failure) for result in results]
    assert set(failures) == {workflow.NondeterminismError}


if __name__ == "__main__":
    sys.stdout.write(str(asyncio.run(replay_all())))
