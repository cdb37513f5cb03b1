"""A worker that died after it wrote, before the engine knew: what stands in the journal stays.

Each test puts into the register what such a worker left behind, and lets the process come again.
Laws 1 and 2; R53.
"""

from datetime import datetime

from deploy.local.story import SPECIALIST, Story
from domain import commands, events
from domain.calendar import MOSCOW
from domain.events import TicketEvent
from domain.obligations import Due, next_due
from domain.occurrences import Closed
from domain.terms import Ground, Status
from domain.ticket import fold, fold_on
from storage import tickets
from storage.tickets import Record


def leave_behind(story: Story, number: str, *lost: TicketEvent) -> None:
    """Write what a worker wrote in its last moment, without the process ever knowing."""
    rules = story.world.rules()
    after = fold_on(story.ticket(number), lost)
    due: Due | None = next_due(after, rules.calendar, rules.settings)
    with story.world.database.transaction() as connection:
        assert tickets.record(connection, Record(after, lost, (), due, rules.calendar.version))


def now(story: Story) -> datetime:
    return story.world.clock().astimezone(MOSCOW)


async def test_a_command_that_was_written_but_not_known_is_carried_out_once(
    story: Story,
) -> None:  # R17
    number = await story.register(story.at("mon", "10:00"))
    lost = events.Taken(at=now(story), by=str(SPECIALIST), key="order-a", specialist="7")
    leave_behind(story, number, lost)

    standing = await story.order(number, commands.Take(), key="order-a")

    assert standing.status is Status.IN_DIAGNOSIS
    assert story.kinds(number) == ["registered", "taken"]


async def test_what_comes_first_in_the_second_attempt_follows_what_was_written_in_the_first(
    story: Story,
) -> None:  # R53
    number = await story.register(story.at("mon", "10:00"))
    await story.order(number, commands.Take())
    text = story.text(number, "Какая версия?")
    lost = events.ClientAsked(at=now(story), by=str(SPECIALIST), key="order-b", text=text)
    leave_behind(story, number, lost)

    await story.client_writes(number, "Добавлю: версия 5.14.")
    await story.order(number, commands.AskClient(text), key="order-b")

    assert story.kinds(number) == ["registered", "taken", "client_asked", "client_answered"]
    assert story.ticket(number) == fold(number, story.journal(number))
    assert story.ticket(number).status is Status.IN_DIAGNOSIS


async def test_the_process_keeps_the_clocks_of_what_it_did_not_know(story: Story) -> None:  # Q6
    number = await story.register(story.at("mon", "10:00"))
    await story.order(number, commands.Take())
    text = story.text(number, "Какая версия?")
    lost = events.ClientAsked(at=now(story), by=str(SPECIALIST), key="order-c", text=text)
    leave_behind(story, number, lost)
    await story.order(number, commands.Note(story.text(number, "Жду ответа.")))

    await story.until(story.at("wed", "12:00"))

    assert story.kinds(number)[-2:] == ["noted", "client_reminded"]


async def test_a_command_for_a_ticket_that_was_closed_unknown_to_its_process_is_refused(
    story: Story,
) -> None:  # R63
    number = await story.register(story.at("mon", "10:00"))
    await story.order(number, commands.Take())
    text = story.text(number, "Готово.")
    began = events.ClosingBegan(
        at=now(story), by=str(SPECIALIST), key="order-d", ground=Ground.SOLVED, text=text
    )
    leave_behind(story, number, began, Closed(at=now(story), key="close"))

    await story.order(number, commands.Note(story.text(number, "Поздно.")), key="order-e")

    assert story.kinds(number)[-2:] == ["closed", "command_refused"]
    assert story.ticket(number).status is Status.CLOSED
