"""What a process writes: once, in order, and only what still holds when it is written.

R44, R53, Q6; laws 1, 5, 12.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from temporalio.testing import ActivityEnvironment

from activities.outbox import Outbox
from activities.register import Recording, RegisterActivities
from deploy.local.story import Story
from deploy.local.world import STATIONERY
from domain.commands import Answer, AskClient, Take
from domain.correspondence import SPACED
from domain.events import Noted
from domain.terms import LetterState, Status
from domain.ticket import Ticket
from storage import letters
from storage.tickets import JournalGapError


def activities(story: Story) -> RegisterActivities:
    return RegisterActivities(story.world.database, story.world.rules, STATIONERY, Outbox())


async def recorded(story: Story) -> tuple[str, Ticket]:
    number = await story.register(story.at("mon", "10:00"))
    return number, story.ticket(number)


async def test_a_repeated_record_writes_nothing_twice(story: Story) -> None:
    number, ticket = await recorded(story)
    at = story.at("mon", "10:30")
    recording = Recording(ticket, (Noted(at=at, text=1),), at)

    for _ in range(2):
        ActivityEnvironment().run(activities(story).record_events, recording)

    assert story.kinds(number) == ["registered", "noted"]


async def test_a_record_that_would_leave_a_gap_is_refused(story: Story) -> None:
    number, ticket = await recorded(story)
    at = story.at("mon", "10:30")
    ahead = replace(ticket, sequence=ticket.sequence + 3)

    with pytest.raises(JournalGapError):
        ActivityEnvironment().run(
            activities(story).record_events, Recording(ahead, (Noted(at=at, text=1),), at)
        )

    assert story.kinds(number) == ["registered"]


async def test_a_register_that_is_away_for_a_while_loses_nothing(story: Story) -> None:  # R53
    number, _ = await recorded(story)
    rename(story, "tickets", "away")
    ordering = asyncio.create_task(story.world.ticket(number).execute_update("command", take()))
    await asyncio.sleep(1.5)
    rename(story, "away", "tickets")

    await story.until(story.at("mon", "10:10"))
    await ordering

    assert story.kinds(number) == ["registered", "taken"]


async def test_a_reminder_is_not_sent_when_the_answer_came_while_the_calendar_was_asked(
    story: Story,
) -> None:  # R53 Q6
    number, _ = await recorded(story)
    await story.order(number, Take())
    await story.order(number, AskClient(story.text(number, "Какая версия?")))
    await story.until(story.at("wed", "9:59:30"))
    rename(story, "calendar_versions", "away")
    await asyncio.sleep(1.1)  # until the rules of the moment are read again
    await forward(story, number, timedelta(minutes=1))

    told = {"message": 1, "key": "an answer", "at": story.world.clock().isoformat()}
    await story.world.ticket(number).signal("client_message", told)
    rename(story, "away", "calendar_versions")
    await story.until(story.at("wed", "10:30"))

    assert story.kinds(number)[3:] == ["client_answered"]
    assert story.ticket(number).status is Status.IN_DIAGNOSIS


async def test_a_letter_withheld_at_registration_never_leaves_and_says_why(
    story: Story,
) -> None:  # R33
    number = await story.register(story.at("mon", "10:00"), withheld="automatic letter")

    await story.until(story.at("fri"))

    row = story.letters(number)["1/confirmation"]
    assert (row["state"], row["reason"]) == (LetterState.WITHHELD, "automatic letter")
    assert story.mailbox() == []
    with story.world.database.transaction() as connection:
        assert letters.count_leaving(connection, story.world.clock()) == 0


async def test_what_staff_write_reaches_a_client_whose_confirmation_was_withheld(
    story: Story,
) -> None:  # R33 R46
    number = await story.register(story.at("mon", "10:00"), withheld="machine")
    await story.until(story.at("mon", "10:10"))

    await story.order(number, Take())
    await story.order(number, Answer(story.text(number, "Обновите продукт.")))
    await story.until(story.at("mon", "10:20"))

    assert len(story.mailbox()) == 1
    assert story.letters(number)["1/confirmation"]["state"] == LetterState.WITHHELD


async def test_a_confirmation_that_keeps_its_distance_leaves_at_its_moment(
    story: Story,
) -> None:  # R33
    confirm_at = story.at("mon", "10:10")
    number = await story.register(story.at("mon", "10:00"), confirm_at=confirm_at)
    await story.until(story.at("mon", "10:05"))
    waiting = story.letters(number)["1/confirmation"]

    await story.until(story.at("mon", "10:15"))

    assert (waiting["state"], waiting["reason"]) == (LetterState.WAITING, SPACED)
    left_at = story.letters(number)["1/confirmation"]["accepted_at"]
    assert confirm_at <= left_at < confirm_at + timedelta(seconds=30)


async def test_a_confirmation_that_keeps_its_distance_is_moved_by_nothing_else(
    story: Story,
) -> None:  # R33 R44
    at = story.at("sat", "12:00")
    number = await story.register(at, confirm_at=at + timedelta(minutes=9))

    await story.set_hours(story.at("wed+1").date(), None, "Переезд")
    await story.until(story.at("sat", "12:15"))

    left_at = story.letters(number)["1/confirmation"]["accepted_at"]
    assert timedelta(minutes=9) <= left_at - at < timedelta(minutes=10)


def take() -> dict[str, object]:
    actor = {"role": "specialist", "id": "7"}
    return {"command": {"kind": "take"}, "actor": actor, "key": "take it"}


def rename(story: Story, table: str, name: str) -> None:
    with story.world.database.transaction() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO {name}"))


async def forward(story: Story, number: str, ahead: timedelta) -> None:
    process = story.world.ticket(number)
    await asyncio.wait_for(story.world.environment.fast_forward(process, ahead), 20)
