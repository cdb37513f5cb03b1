"""Orders whose end nobody knows: law 10, a time-out is never called a failure."""

import asyncio
from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from domain.commands import Note
from domain.terms import Actor, Role
from gateway.orders import KEPT, NOT_CONFIRMED, Orders
from storage import handovers
from tests.gateway.conftest import Api, Build, Clock
from workflows.messages import Order, TicketInput

SPECIALIST = Actor(Role.SPECIALIST, "1")


def note(key: str) -> Order:
    return Order(Note(1), SPECIALIST, key)


async def test_no_answer_in_time_is_not_called_a_failure(
    build: Build, engine: WorkflowEnvironment, clock: Clock
) -> None:
    api = await build(engine.client, clock)
    process = await engine.client.start_workflow(
        "Ticket", TicketInput("nobody-works"), id="nobody-works", task_queue="nobody-works"
    )

    carried = await Orders(api.parts, timedelta(seconds=1)).give("nobody-works", note("1"))

    assert carried == NOT_CONFIRMED
    await process.terminate("the test is over")


async def test_orders_for_one_ticket_go_one_after_another(api: Api) -> None:
    orders = Orders(api.parts)
    keys = [str(number) for number in range(8)]

    carried = await asyncio.gather(*(orders.give("PS-000001", note(key)) for key in keys))

    assert carried == [KEPT] * 8
    with api.parts.database.transaction() as connection:
        told = handovers.claim(connection, api.clock() + timedelta(days=1), 10)
    assert [handover.payload["key"] for handover in told] == keys
