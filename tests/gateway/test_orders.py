"""Orders whose end nobody knows: law 10, a time-out is never called a failure."""

import asyncio
from datetime import timedelta

from temporalio.testing import ActivityEnvironment, WorkflowEnvironment

from activities.outbox import Outbox
from activities.register import Recording, RegisterActivities
from deploy.local.story import Story
from deploy.local.world import STATIONERY
from domain.commands import Answer, CancelLetter, Note, Take
from domain.events import LetterCancelled
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


async def test_an_order_that_a_dead_worker_carried_out_is_not_called_refused(
    live: Api, story: Story
) -> None:  # R45 law 10
    number = await story.register(story.at("fri", "10:00"))
    await story.order(number, Take())
    await story.until(story.at("fri", "20:00"))
    await story.order(number, Answer(story.text(number, "Обновите до 4.3.")))
    letter, at = f"{number}/3/answer", story.world.clock()
    done = LetterCancelled(at=at, by=str(SPECIALIST), letter=letter, key="a")
    register = RegisterActivities(story.world.database, story.world.rules, STATIONERY, Outbox())
    recording = Recording(story.ticket(number), (done,), at)
    ActivityEnvironment().run(register.record_events, recording)
    await story.until(story.at("mon+1", "9:01"))

    carried = await Orders(live.parts).give(number, Order(CancelLetter(letter), SPECIALIST, "a"))

    assert carried.standing is not None
    assert carried.standing.sequence == 4
