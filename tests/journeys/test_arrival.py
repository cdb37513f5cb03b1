"""When an appeal counts as accepted, and what its sender is told at once.

R16, R33, R44, Q2, Q3: registered and confirmed at any hour, accepted in working time.
"""

from datetime import UTC, datetime, timedelta

import pytest

from deploy.local.story import Story, begin
from deploy.local.world import World
from domain.calendar import MOSCOW
from domain.editions import Settings
from domain.letters import ConfirmationTiming
from domain.terms import LetterState, Status
from storage import editions

NAMED_DAYS = [
    (datetime(2026, 12, 31, 12, 0, tzinfo=MOSCOW), datetime(2027, 1, 11, 9, 0, tzinfo=MOSCOW)),
    (datetime(2027, 2, 20, 12, 0, tzinfo=MOSCOW), datetime(2027, 2, 20, 12, 0, tzinfo=MOSCOW)),
    (datetime(2027, 2, 20, 18, 0, tzinfo=MOSCOW), datetime(2027, 2, 24, 9, 0, tzinfo=MOSCOW)),
]


@pytest.mark.parametrize(
    ("received", "accepted"),
    [
        (("fri", "17:59:30"), ("fri", "17:59:30")),
        (("fri", "18:00"), ("mon+1", "9:00")),
        (("fri", "20:14"), ("mon+1", "9:00")),
        (("sat", "12:00"), ("mon+1", "9:00")),
        (("tue", "3:00"), ("tue", "9:00")),
        (("tue", "8:59:59"), ("tue", "9:00")),
        (("tue", "9:00"), ("tue", "9:00")),
    ],
)
async def test_an_appeal_is_accepted_at_its_working_moment_and_confirmed_at_once(
    story: Story, received: tuple[str, str], accepted: tuple[str, str]
) -> None:  # R33 R44 Q2 Q3
    received_at, accepted_at = story.at(*received), story.at(*accepted)

    number = await story.register(received_at)

    confirmation = story.letters(number)["1/confirmation"]
    assert confirmation["state"] == LetterState.ACCEPTED
    assert confirmation["accepted_at"] - received_at < timedelta(seconds=2)
    assert story.ticket(number).accepted_at == accepted_at
    await story.until(accepted_at + timedelta(seconds=3))
    assert story.ticket(number).status is Status.IN_QUEUE


@pytest.mark.parametrize(("received_at", "accepted_at"), NAMED_DAYS)
async def test_the_official_calendar_decides_on_its_own_days(
    story: Story, received_at: datetime, accepted_at: datetime
) -> None:  # R44 R33 Q2
    if received_at < datetime.now(UTC):
        pytest.skip("this day has passed, and a virtual clock cannot go back")

    number = await story.register(received_at)
    [confirmation] = story.mailbox()
    await story.until(accepted_at + timedelta(seconds=3))

    assert number in confirmation.subject
    assert f"{accepted_at.hour}:{accepted_at:%M}" in confirmation.text
    assert story.ticket(number).accepted_at == accepted_at
    assert story.ticket(number).status is Status.IN_QUEUE


async def test_the_confirmation_names_when_the_appeal_came_and_when_work_begins(
    story: Story,
) -> None:  # R33 Q2 Q3 R51
    number = await story.register(story.at("fri", "20:14"), missing=("steps", "frequency"))

    [letter] = story.mailbox()
    came, begins = story.at("fri"), story.at("mon+1")
    received = line_of(letter.text, "Заявка получена")
    starts = line_of(letter.text, "Работа начнётся")
    assert f"[{number}]" in letter.subject
    assert "пятница" in received
    assert f"{came.day} " in received
    assert "20:14" in received
    assert "понедельник" in starts
    assert f"{begins.day} " in starts
    assert "9:00" in starts
    assert "Заявка пришла в нерабочее время" in letter.text


async def test_a_confirmation_may_be_set_to_wait_for_working_time(world: World) -> None:  # Q3 R45
    with world.database.transaction() as connection:
        settings = Settings(confirmation=ConfirmationTiming.IN_WORKING_TIME)
        editions.put(connection, settings, datetime.now(UTC), "Подтверждения в рабочее время", "1")
    story = begin(world)
    number = await story.register(story.at("sat", "12:00"))

    waiting = story.letters(number)["1/confirmation"]
    before = story.mailbox()
    await story.until(story.at("mon+1", "9:00:02"))
    sent = story.letters(number)["1/confirmation"]

    assert waiting["state"] == LetterState.WAITING
    assert waiting["leaves_at"] == story.at("mon+1", "9:00")
    assert before == []
    assert sent["state"] == LetterState.ACCEPTED
    assert sent["accepted_at"] - story.at("mon+1", "9:00") < timedelta(seconds=2)
    assert len(story.mailbox()) == 1


async def test_the_same_appeal_twice_is_one_ticket_and_one_confirmation(
    story: Story,
) -> None:  # R16 R33
    at = story.at("mon", "10:00")

    first, again = await story.register_all(at, {"key": "the same"}, {"key": "the same"})

    assert first == again
    assert len(story.mailbox()) == 1


def line_of(text: str, heading: str) -> str:
    return next(line for line in text.splitlines() if heading in line)
