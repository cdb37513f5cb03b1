"""Every five minutes: a round that looks for what should not happen (law 12)."""

from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
)

from activities.upkeep import Report, Round, UpkeepActivities
from workflows import TASK_QUEUE, UPKEEP_ID
from workflows.steps import PATIENT

EVERY = timedelta(minutes=5)


@workflow.defn(name="Upkeep")
class UpkeepWorkflow:
    """One round; its result is what was found."""

    @workflow.run
    async def run(self, round_: Round) -> Report:
        """Look once and report."""
        return await workflow.execute_activity_method(
            UpkeepActivities.look_for_findings,
            round_,
            start_to_close_timeout=timedelta(seconds=60),
            schedule_to_close_timeout=EVERY,  # a late round is useless: the next one is due
            retry_policy=PATIENT,
            summary="искать то, чего не должно быть",
        )


async def ensure_schedule(client: Client) -> None:
    """Have a round made every five minutes, unless it is already."""
    action = ScheduleActionStartWorkflow(
        UpkeepWorkflow.run, Round(), id=UPKEEP_ID, task_queue=TASK_QUEUE
    )
    schedule = Schedule(
        action=action,
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=EVERY)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=EVERY),
    )
    with suppress(ScheduleAlreadyRunningError):
        await client.create_schedule(UPKEEP_ID, schedule)
