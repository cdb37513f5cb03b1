"""What is commanded outside working time waits for nine o'clock, and the ticket says so.

R45, R46, R63; law 4.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from deploy.local.story import Story
from domain.commands import Answer, AskClient, Close, Defer, Take, TicketCommand
from domain.terms import DeferralReason, LetterState, Status
from workflows.messages import Standing

R58 = DeferralReason.OUT_OF_SCOPE
COMMANDS: dict[str, Callable[[int], TicketCommand]] = {
    "answer": Answer,
    "question": AskClient,
    "deferral_r58": lambda text: Defer(R58, text),
}


async def late(story: Story, command: Callable[[int], TicketCommand]) -> tuple[str, Standing]:
    """Return a ticket in diagnosis, to which a command was given on a Friday at 20:00."""
    number = await taken(story)
    await story.until(story.at("fri", "20:00"))
    standing = await story.order(number, command(story.text(number, "Вот что выяснилось.")))
    return number, standing


async def taken(story: Story) -> str:
    """Return a ticket that was taken on Friday in working time."""
    number = await story.register(story.at("fri", "10:00"))
    await story.order(number, Take())
    return number


@pytest.mark.parametrize("kind", COMMANDS)
async def test_a_letter_given_after_hours_leaves_at_nine_on_the_next_working_day(
    story: Story, kind: str
) -> None:  # R45 R46
    number, _ = await late(story, COMMANDS[kind])

    waiting = story.letters(number)[f"3/{kind}"]
    await story.until(story.at("mon+1", "8:59:30"))
    still = story.letters(number)[f"3/{kind}"]["state"]
    await story.until(story.at("mon+1", "9:00:05"))
    sent = story.letters(number)[f"3/{kind}"]

    assert (waiting["state"], waiting["reason"]) == (
        LetterState.WAITING,
        "вне рабочего времени (R45)",
    )
    assert waiting["leaves_at"] == story.at("mon+1", "9:00")
    assert still == LetterState.WAITING
    assert sent["state"] == LetterState.ACCEPTED
    assert timedelta(0) <= sent["accepted_at"] - story.at("mon+1", "9:00") < timedelta(seconds=3)


async def test_a_command_given_after_hours_is_carried_out_at_once_though_its_letter_waits(
    story: Story,
) -> None:  # R45
    number, standing = await late(story, AskClient)

    assert standing.status is Status.AWAITING_CLIENT
    assert story.ticket(number).status is Status.AWAITING_CLIENT
    assert len(story.mailbox()) == 1


async def test_a_closing_given_after_hours_waits_in_closing_and_is_dated_by_its_letter(
    story: Story,
) -> None:  # R45 R63
    number, standing = await late(story, Close)

    row = story.ticket(number)
    await story.until(story.at("mon+1", "9:00:05"))
    closed = story.ticket(number)
    letter = story.mailbox()[-1]

    assert standing.status is Status.CLOSING
    assert row.status is Status.CLOSING
    assert closed.status is Status.CLOSED
    assert closed.closed_at is not None
    assert closed.closed_at - story.at("mon+1", "9:00") < timedelta(seconds=3)
    assert "закрыта" in letter.text
    assert f"{story.at('mon+1').day} " in letter.text


async def test_a_letter_that_could_not_end_its_dialogue_by_six_waits_for_the_morning(
    story: Story,
) -> None:  # R45
    number = await taken(story)
    await story.until(story.at("fri", "17:59:40"))

    await story.order(number, Answer(story.text(number, "Обновите до 4.3.")))

    waiting = story.letters(number)["3/answer"]
    assert (waiting["state"], waiting["leaves_at"]) == (
        LetterState.WAITING,
        story.at("mon+1", "9:00"),
    )


async def test_a_letter_of_the_last_minute_leaves_the_same_day(story: Story) -> None:  # R45
    number = await taken(story)
    await story.until(story.at("fri", "17:59"))

    await story.order(number, Answer(story.text(number, "Обновите до 4.3.")))

    assert story.letters(number)["3/answer"]["state"] == LetterState.ACCEPTED


async def test_two_letters_that_wait_leave_in_the_order_of_their_causes(
    story: Story,
) -> None:  # R45
    number, _ = await late(story, Answer)
    await story.order(number, AskClient(story.text(number, "Какая версия?")))

    await story.until(story.at("mon+1", "9:00:05"))

    subjects = [letter.subject for letter in story.mailbox()]
    assert "Ответ:" in subjects[1]
    assert "Нужен ваш ответ:" in subjects[2]
