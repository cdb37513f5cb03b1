"""A letter that waits may be kept back or sent at once, for a reason that stands on the ticket.

R33, R45, R46, R47, R63; laws 4, 7 and 10.
"""

from datetime import timedelta
from email import message_from_bytes
from email.utils import parsedate_to_datetime

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from deploy.local.story import ANNA, SPECIALIST, Story
from domain.commands import (
    Answer,
    AskClient,
    CancelLetter,
    Defer,
    Merge,
    RequestAccess,
    SendUrgently,
    Take,
    TicketCommand,
)
from domain.terms import DeferralReason, LetterState, Status
from workflows.messages import Order

R55 = DeferralReason.INSUFFICIENT_INFORMATION


async def taken(story: Story, clock: str = "20:00") -> str:
    """Return a ticket in diagnosis, on a Friday."""
    number = await story.register(story.at("fri", "10:00"))
    await story.order(number, Take())
    await story.until(story.at("fri", clock))
    return number


async def answered(story: Story) -> tuple[str, str]:
    """Return a ticket whose answer of Friday evening waits for Monday, and the letter's key."""
    number = await taken(story)
    await story.order(number, Answer(story.text(number, "Обновите до 4.3.")))
    return number, f"{number}/3/answer"


async def refusal(story: Story, number: str, command: TicketCommand) -> tuple[str, str]:
    """Return code and rule with which the command is refused."""
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await story.order(number, command)
    cause = failed.value.cause
    assert isinstance(cause, ApplicationError)
    return str(cause.type), str(cause.details[0])


async def test_a_letter_kept_back_never_leaves_and_says_why(story: Story) -> None:  # R45 law 7
    number, letter = await answered(story)

    await story.order(number, CancelLetter(letter, story.text(number, "Не тому клиенту.")))
    await story.until(story.at("tue+1"))

    row = story.letters(number)["3/answer"]
    assert row["state"] == LetterState.WITHHELD
    assert row["reason"] == "отправку отменил сотрудник поддержки: Не тому клиенту."
    assert row["cancelled_at"] is not None
    assert len(story.mailbox()) == 1
    assert story.kinds(number)[-1] == "letter_cancelled"


async def test_a_reply_kept_back_was_none_and_the_reaction_runs_on(story: Story) -> None:  # R47
    number, letter = await answered(story)

    await story.order(number, CancelLetter(letter))

    assert story.ticket(number).replied_at is None


@pytest.mark.parametrize("kind", ["question", "deferral_r55"])
async def test_a_question_kept_back_gives_the_ticket_back_to_its_specialist(
    story: Story, kind: str
) -> None:  # R40 R54
    number = await taken(story)
    text = story.text(number, "Какая версия?")
    await story.order(number, AskClient(text) if kind == "question" else Defer(R55, text))

    standing = await story.order(number, CancelLetter(f"{number}/3/{kind}"))
    await story.until(story.at("fri+2"))

    assert standing.status is Status.IN_DIAGNOSIS
    assert story.ticket(number).deferral is None
    assert "client_reminded" not in story.kinds(number)


async def test_access_that_was_never_asked_for_needs_no_end(story: Story) -> None:  # R60 R61
    number = await taken(story)
    await story.order(number, RequestAccess(story.text(number, "Нужен доступ.")))

    await story.order(number, CancelLetter(f"{number}/3/question"))

    assert not story.ticket(number).access


async def test_an_urgent_letter_leaves_at_night_and_says_by_whom_and_why(
    story: Story,
) -> None:  # R45 law 7
    number, letter = await answered(story)
    await story.until(story.at("sat", "12:00"))

    await story.order(number, SendUrgently(letter, story.text(number, "Сервер стоит.")))
    await story.until(story.at("tue+1"))

    row = story.letters(number)["3/answer"]
    assert row["state"] == LetterState.ACCEPTED
    assert timedelta(0) <= row["accepted_at"] - story.at("sat", "12:00") < timedelta(seconds=5)
    assert (row["urged_by"], row["urged_why"]) == (str(SPECIALIST), "Сервер стоит.")
    assert len(story.mailbox()) == 2


async def test_an_urgent_letter_carries_the_date_of_its_leaving(story: Story) -> None:  # R45
    number, letter = await answered(story)
    await story.until(story.at("sat", "12:00"))

    await story.order(number, SendUrgently(letter, story.text(number, "Сервер стоит.")))

    date = message_from_bytes(story.world.letters(ANNA)[-1].raw)["Date"]
    left_after = parsedate_to_datetime(date) - story.at("sat", "12:00")
    assert timedelta(0) <= left_after < timedelta(seconds=5)


async def test_only_the_urged_letter_leaves_outside_its_window(story: Story) -> None:  # law 4
    number, letter = await answered(story)
    await story.order(number, Answer(story.text(number, "И перезапустите.")))

    await story.order(number, SendUrgently(letter, story.text(number, "Сервер стоит.")))

    states = {key: row["state"] for key, row in story.letters(number).items()}
    assert states["3/answer"] == LetterState.ACCEPTED
    assert states["4/answer"] == LetterState.WAITING


@pytest.mark.parametrize("urge", [False, True])
async def test_what_has_left_is_neither_kept_back_nor_urged(
    story: Story,
    urge: bool,  # noqa: FBT001 - a parameter of the test
) -> None:  # R45
    number, letter = await answered(story)
    await story.until(story.at("mon+1", "9:01"))
    text = story.text(number, "Поздно.")

    refused = await refusal(
        story, number, SendUrgently(letter, text) if urge else CancelLetter(letter, text)
    )

    assert refused == ("left", "R45")
    assert story.letters(number)["3/answer"]["state"] == LetterState.ACCEPTED


async def test_a_letter_is_kept_back_once(story: Story) -> None:  # R45
    number, letter = await answered(story)
    await story.order(number, CancelLetter(letter), key="the first")

    again = await refusal(story, number, CancelLetter(letter))
    await story.order(number, CancelLetter(letter), key="the first")

    assert again == ("left", "R45")
    assert story.kinds(number).count("letter_cancelled") == 1


async def test_a_confirmation_is_owed_and_never_kept_back(story: Story) -> None:  # R33
    at = story.at("mon", "10:00")
    number = await story.register(at, confirm_at=at + timedelta(minutes=10))

    refused = await refusal(story, number, CancelLetter(f"{number}/1/confirmation"))

    assert refused == ("confirmation", "R33")


async def test_a_letter_of_another_ticket_is_none_of_ours(story: Story) -> None:  # R45
    number, letter = await answered(story)
    other = await story.register(story.at("sat", "10:00"))

    refused = await refusal(story, other, CancelLetter(letter))

    assert refused == ("left", "R45")
    assert story.letters(number)["3/answer"]["state"] == LetterState.WAITING


async def test_a_joined_ticket_still_keeps_its_letter_back(story: Story) -> None:  # R6 R45
    number, letter = await answered(story)
    other = await story.register(story.at("sat", "10:00"))
    await story.order(number, Merge(other, story.text(number, "То же самое.")))

    await story.order(number, CancelLetter(letter))

    assert story.letters(number)["3/answer"]["state"] == LetterState.WITHHELD


async def test_a_command_that_comes_as_a_signal_keeps_a_letter_back_too(
    story: Story,
) -> None:  # R45 law 10
    number, letter = await answered(story)
    process = story.world.ticket(number)

    for key in ("one", "two"):
        await process.signal("command", Order(CancelLetter(letter), SPECIALIST, key))
    await story.world.settle()

    assert story.letters(number)["3/answer"]["state"] == LetterState.WITHHELD
    assert story.kinds(number)[3:] == ["letter_cancelled", "command_refused"]


async def test_a_held_answer_leaves_when_its_time_to_change_ones_mind_is_over(
    story: Story,
) -> None:  # R46 U6
    number = await taken(story, "12:00")

    await story.order(number, Answer(story.text(number, "Обновите."), hold=30))
    held = story.letters(number)["3/answer"]
    await story.until(story.at("fri", "12:00:25"))
    still = story.letters(number)["3/answer"]["state"]
    await story.until(story.at("fri", "12:01"))

    assert (held["state"], held["reason"]) == (
        LetterState.WAITING,
        "придержано: отправку ещё можно отменить",
    )
    assert still == LetterState.WAITING
    assert story.letters(number)["3/answer"]["state"] == LetterState.ACCEPTED


async def test_a_held_question_can_be_taken_back(story: Story) -> None:  # R40 U6
    number = await taken(story, "12:00")
    await story.order(number, AskClient(story.text(number, "Какая версия?"), hold=30))

    standing = await story.order(number, CancelLetter(f"{number}/3/question"))
    await story.until(story.at("fri", "13:00"))

    assert standing.status is Status.IN_DIAGNOSIS
    assert len(story.mailbox()) == 1


async def test_a_hold_that_ends_after_six_waits_for_the_morning(story: Story) -> None:  # R45 U6
    number = await taken(story, "17:59:20")

    await story.order(number, Answer(story.text(number, "Обновите."), hold=30))

    assert story.letters(number)["3/answer"]["leaves_at"] == story.at("mon+1", "9:00")


async def test_a_new_calendar_and_a_new_run_keep_a_hold(story: Story) -> None:  # R45 U6
    number = await taken(story, "12:00")
    await story.order(number, Answer(story.text(number, "Обновите."), hold=300))
    held = story.letters(number)["3/answer"]["leaves_at"]

    await story.world.ticket(number).signal("roll")
    await story.world.settle()
    await story.set_hours(story.at("wed+1").date(), None, "Переезд")
    shown = story.letters(number)["3/answer"]
    await story.until(story.at("fri", "12:06"))

    left_at = story.letters(number)["3/answer"]["accepted_at"]
    assert (shown["state"], shown["leaves_at"]) == (LetterState.WAITING, held)
    assert timedelta(0) <= left_at - held < timedelta(seconds=10)


async def test_a_hold_longer_than_five_minutes_is_refused(story: Story) -> None:  # R45 U6
    number = await taken(story, "12:00")

    refused = await refusal(story, number, Answer(story.text(number, "Обновите."), hold=301))

    assert refused == ("argument", "R45")
