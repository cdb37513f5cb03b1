"""The watch over one hosted mailbox, which never ends: one stretch of watching after another.

Carries out R28: whoever restarts whatever, the mailbox is watched again within a minute.
"""

from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from activities.mailbox import MailboxActivities, Watch
from workflows import LETTER_QUEUE, TASK_QUEUE, mailbox_id
from workflows.steps import PATIENT

PERIOD = timedelta(minutes=30)
OVERTIME = timedelta(minutes=30)  # a first sweep may find years of letters
SILENCE = timedelta(seconds=60)
PAUSE = timedelta(seconds=1)
STRETCHES = 8


@dataclass(frozen=True)
class MailboxInput:
    """Which mailbox to watch, by the name of its account."""

    name: str
    period: timedelta = PERIOD


@workflow.defn(name="Mailbox")
class MailboxWorkflow:
    """Watch, and watch again; a mailbox that cannot be read is tried at growing intervals."""

    @workflow.run
    async def run(self, mailbox: MailboxInput) -> None:
        """Watch for some hours and go on in a new run."""
        for _ in range(STRETCHES):
            watched = await workflow.execute_activity_method(
                MailboxActivities.watch_mailbox,
                Watch(mailbox.name, mailbox.period),
                task_queue=LETTER_QUEUE,
                start_to_close_timeout=mailbox.period + OVERTIME,
                heartbeat_timeout=SILENCE,
                retry_policy=PATIENT,
                summary=f"почтовый ящик {mailbox.name}",
            )
            if watched.is_broken:
                await workflow.sleep(PAUSE, summary="связь с ящиком прервалась")
        workflow.continue_as_new(mailbox)


async def ensure_watch(client: Client, name: str) -> None:
    """Have the mailbox watched, unless it is already."""
    await client.start_workflow(
        MailboxWorkflow.run,
        MailboxInput(name),
        id=mailbox_id(name),
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary=f"почтовый ящик {name}",
    )
