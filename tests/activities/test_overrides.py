"""The register has the last word on a letter that staff keep back or urge (R45, laws 2, 7, 10)."""

from datetime import datetime
from typing import NamedTuple

import pytest
from temporalio.testing import ActivityEnvironment

from activities.letters import Delivery, Gate, LetterActivities
from activities.outbox import Outbox
from activities.post import Post
from activities.register import Recorded, Recording, RegisterActivities
from activities.smtp import Server
from deploy.local.story import SPECIALIST, Story
from deploy.local.world import STATIONERY
from domain.commands import Answer, CancelLetter, SendUrgently, Take
from domain.events import LetterCancelled, LetterUrged
from domain.terms import LetterState
from domain.ticket import Ticket
from storage import letters
from workflows.messages import Order


class Waiting(NamedTuple):
    """A ticket whose answer waits for Monday, as its process knows it."""

    number: str
    letter: str
    ticket: Ticket
    at: datetime


async def waiting(story: Story) -> Waiting:
    number = await story.register(story.at("fri", "10:00"))
    await story.order(number, Take())
    await story.until(story.at("fri", "20:00"))
    await story.order(number, Answer(story.text(number, "Обновите до 4.3.")))
    return Waiting(number, f"{number}/3/answer", story.ticket(number), story.at("fri", "20:01"))


def record(story: Story, known: Waiting, *happened: LetterCancelled | LetterUrged) -> Recorded:
    """Record events as a process would; what it does not know is what a dead worker wrote."""
    register = RegisterActivities(story.world.database, story.world.rules, STATIONERY, Outbox())
    recording = Recording(known.ticket, happened, known.at)
    recorded: Recorded = ActivityEnvironment().run(register.record_events, recording)
    return recorded


def cancelled(known: Waiting, key: str = "a") -> LetterCancelled:
    return LetterCancelled(at=known.at, by=str(SPECIALIST), letter=known.letter, key=key)


async def test_a_worker_that_dies_after_keeping_a_letter_back_did_it_once(
    story: Story,
) -> None:  # R45 law 2
    known = await waiting(story)

    record(story, known, cancelled(known))
    again = record(story, known, cancelled(known))

    assert [event.kind for event in again.journal] == ["letter_cancelled"]
    assert again.letters == ()
    assert story.kinds(known.number)[3:] == ["letter_cancelled"]


async def test_what_a_dead_worker_kept_back_does_not_leave_when_the_window_opens(
    story: Story,
) -> None:  # R45
    known = await waiting(story)
    record(story, known, cancelled(known))

    await story.until(story.at("mon+1", "9:01"))

    assert story.letters(known.number)["3/answer"]["state"] == LetterState.WITHHELD
    assert len(story.mailbox()) == 1


async def test_the_command_told_again_when_its_letter_is_past_leaves_no_refusal(
    story: Story,
) -> None:  # law 10
    known = await waiting(story)
    record(story, known, cancelled(known))
    await story.until(story.at("mon+1", "9:01"))

    order = Order(CancelLetter(known.letter), SPECIALIST, "a")
    await story.world.ticket(known.number).signal("command", order)
    await story.world.settle()

    assert story.kinds(known.number)[3:] == ["letter_cancelled"]
    assert story.ticket(known.number).replied_at is None


async def test_a_letter_that_left_unknown_to_its_process_is_not_called_kept_back(
    story: Story,
) -> None:  # R45 law 10
    known = await waiting(story)
    with story.world.database.transaction() as connection:
        letters.settle(connection, known.letter, LetterState.ACCEPTED, known.at, "250 Ok")

    recorded = record(story, known, cancelled(known))

    assert [event.kind for event in recorded.journal] == ["command_refused"]
    assert story.kinds(known.number)[-1] == "command_refused"
    assert story.letters(known.number)["3/answer"]["state"] == LetterState.ACCEPTED
    assert story.ticket(known.number).replied_at is not None


async def test_of_two_orders_about_one_letter_the_second_is_refused(story: Story) -> None:  # R45
    known = await waiting(story)
    text = story.text(known.number, "Сервер стоит.")
    urged = LetterUrged(at=known.at, by=str(SPECIALIST), letter=known.letter, text=text, key="b")
    record(story, known, cancelled(known))

    recorded = record(story, known, urged)

    assert [event.kind for event in recorded.journal] == ["letter_cancelled", "command_refused"]
    assert story.letters(known.number)["3/answer"]["urged_at"] is None


@pytest.mark.parametrize("is_urged", [False, True])
async def test_the_gate_opens_outside_the_window_only_to_what_is_urged(
    story: Story,
    is_urged: bool,  # noqa: FBT001 - a parameter of the test
) -> None:  # R45 law 4
    known = await waiting(story)
    await story.until(story.at("sat", "12:00"))
    if is_urged:
        text = story.text(known.number, "Сервер стоит.")
        await story.order(known.number, SendUrgently(known.letter, text))
    world = story.world
    gate = Gate(Post(Server("127.0.0.1", world.office.port), "a@b.example", "j@b.example"), None)
    activities = LetterActivities(world.database, world.rules, gate, Outbox())

    delivered = ActivityEnvironment().run(
        activities.deliver_letter, Delivery(known.letter, story.at("sat", "12:01"))
    )

    assert delivered.state == (LetterState.ACCEPTED if is_urged else LetterState.WAITING)
