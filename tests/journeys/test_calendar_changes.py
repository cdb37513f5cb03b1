"""A day declared otherwise moves what running tickets wait for, and each ticket says so.

R44, R45, R47; laws 4, 6 and 12.
"""

from datetime import datetime, time

import pytest

from deploy.local.story import Story
from domain.calendar import Hours
from domain.commands import Answer, AskClient, Close, Take
from domain.occurrences import Rescheduled
from domain.terms import LetterState, Status

REASON = "Авария в здании"


async def asked(story: Story) -> str:
    number = await story.register(story.at("mon", "10:00"))
    await story.order(number, Take())
    await story.until(story.at("mon", "11:00"))
    await story.order(number, AskClient(story.text(number, "Какая версия?")))
    return number


def moved(story: Story, number: str) -> list[tuple[datetime, datetime]]:
    return [
        (to_the_minute(event.due_before), to_the_minute(event.due_after))
        for event in story.journal(number)
        if isinstance(event, Rescheduled)
    ]


async def test_a_day_off_moves_the_reminder_and_the_ticket_says_so(story: Story) -> None:  # R44 R47
    number = await asked(story)

    await story.set_hours(story.at("tue").date(), None, REASON)
    await story.until(story.at("wed", "11:01"))
    early = story.kinds(number).count("client_reminded")
    await story.until(story.at("thu", "11:01"))

    assert moved(story, number) == [(story.at("wed", "11:00"), story.at("thu", "11:00"))]
    assert early == 0
    assert story.kinds(number).count("client_reminded") == 1


async def test_a_day_off_moves_the_accepted_moment_of_what_waits_for_it(
    story: Story,
) -> None:  # R44
    number = await story.register(story.at("fri", "20:00"))

    await story.set_hours(story.at("mon+1").date(), None, REASON)
    await story.until(story.at("mon+1", "12:00"))
    on_monday = story.ticket(number)
    await story.until(story.at("tue+1", "9:00:05"))

    assert on_monday.status is Status.REGISTERED
    assert on_monday.accepted_at == story.at("tue+1", "9:00")
    assert story.ticket(number).status is Status.IN_QUEUE
    assert moved(story, number) == [(story.at("mon+1", "9:00"), story.at("tue+1", "9:00"))]


async def test_a_waiting_letter_moves_with_its_window_and_shows_its_new_moment(
    story: Story,
) -> None:  # R45
    number = await story.register(story.at("fri", "10:00"))
    await story.order(number, Take())
    await story.until(story.at("fri", "20:00"))
    await story.order(number, Answer(story.text(number, "Обновите до 4.3.")))

    await story.set_hours(story.at("mon+1").date(), None, REASON)
    shown = story.letters(number)["3/answer"]
    await story.until(story.at("mon+1", "12:00"))
    on_monday = story.letters(number)["3/answer"]["state"]
    await story.until(story.at("tue+1", "9:00:05"))

    assert shown["leaves_at"] == story.at("tue+1", "9:00")
    assert on_monday == LetterState.WAITING
    assert story.letters(number)["3/answer"]["state"] == LetterState.ACCEPTED


async def test_a_working_saturday_lets_a_waiting_letter_leave_earlier(story: Story) -> None:  # R45
    number = await story.register(story.at("fri", "10:00"))
    await story.order(number, Take())
    await story.until(story.at("fri", "20:00"))
    await story.order(number, Close(story.text(number, "Ошибка исправлена.")))

    await story.set_hours(story.at("sat").date(), Hours(time(10), time(14)), "Рабочая суббота")
    await story.until(story.at("sat", "10:00:05"))

    assert story.ticket(number).status is Status.CLOSED
    assert "Закрыта" in story.mailbox()[-1].subject


@pytest.mark.parametrize("cached_tickets", [100])  # they go side by side
async def test_every_open_ticket_is_told_and_a_closed_one_stays_as_it_was(
    story: Story,
) -> None:  # R47
    closed, *opened = await story.register_all(story.at("mon", "10:00"), {}, {}, {})
    for number in (closed, *opened):
        await story.order(number, Take())
        await story.order(number, AskClient(story.text(number, "Какая версия?")))
    await story.order(closed, Close(story.text(closed, "Решено по телефону.")))
    before = story.journal(closed)

    await story.set_hours(story.at("tue").date(), None, REASON)

    assert [len(moved(story, number)) for number in opened] == [1, 1]
    assert story.journal(closed) == before


async def test_a_new_calendar_that_moves_nothing_leaves_no_trace(story: Story) -> None:  # R47
    number = await asked(story)
    before = story.journal(number)

    await story.set_hours(story.at("fri+2").date(), None, REASON)

    assert story.journal(number) == before


def to_the_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
