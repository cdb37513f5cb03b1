"""How a process reaches the world: at once in its own task, or by a task that never gives up."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError, FailureError

from activities.letters import Delivered, Delivery, LetterActivities
from domain.events import TicketEvent
from domain.permissions import Refused
from workflows import LETTER_QUEUE

QUICK = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_attempts=3)
ONCE = RetryPolicy(maximum_attempts=1)
PATIENT = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
LETTER_PATIENCE = RetryPolicy(
    initial_interval=timedelta(seconds=15), maximum_interval=timedelta(hours=4)
)


async def at_once(step: Callable[..., Any], argument: object, summary: str) -> Any:  # noqa: ANN401 - the step's own result
    """Take a step at the register in this very task; where that fails, by one that waits it out."""
    try:
        return await workflow.execute_local_activity_method(
            step,
            argument,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=QUICK,
            summary=summary,
        )
    except FailureError:
        return await workflow.execute_activity_method(
            step,
            argument,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=PATIENT,
            summary=summary,
        )


async def once(delivery: Delivery) -> Delivered:
    """Make the first try for a letter in this very task.

    Raises:
        FailureError: when the letter has not left; `keep_trying` goes on.

    """
    return await workflow.execute_local_activity_method(
        LetterActivities.deliver_letter,
        delivery,
        start_to_close_timeout=timedelta(seconds=60),
        retry_policy=ONCE,
        summary=f"письмо {delivery.key}",
    )


def keep_trying(key: str) -> workflow.ActivityHandle[Delivered]:
    """Begin the tries that go on until the letter has left or never will (R46)."""
    return workflow.start_activity_method(
        LetterActivities.deliver_letter,
        Delivery(key),
        task_queue=LETTER_QUEUE,
        start_to_close_timeout=timedelta(seconds=90),
        retry_policy=LETTER_PATIENCE,
        summary=f"письмо {key}",
    )


def summary_of(batch: Sequence[TicketEvent]) -> str:
    """Return what a record writes, for people who read the history."""
    return "записать: " + ", ".join(event.kind for event in batch)


def refusal(refused: Refused) -> ApplicationError:
    """Return a refusal as the engine carries it: code as its type, rule and reason as details."""
    return ApplicationError(
        refused.reason, refused.rule, refused.reason, type=refused.code, non_retryable=True
    )


@contextmanager
def refusals() -> Iterator[None]:
    """Turn a refusal into the engine's word for it, and any fault into one that wedges nothing."""
    with faults():
        try:
            yield
        except Refused as refused:
            raise refusal(refused) from None


@contextmanager
def faults() -> Iterator[None]:
    """Turn an unexpected fault into a failure of this message alone.

    Any other exception would fail the whole task again and again, and wedge the ticket.
    """
    try:
        yield
    except ApplicationError:
        raise
    except Exception as fault:  # noqa: BLE001 - any other kind would wedge the ticket
        workflow.logger.exception("a message could not be handled")
        raise ApplicationError(type(fault).__name__, type="Internal", non_retryable=True) from None
