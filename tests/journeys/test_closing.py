"""Closing tells the result; until its letter leaves it can be called back, afterwards followed up.

R27, R63, R64, Q8.
"""

from deploy.local.story import ANNA, Story
from domain.commands import Close, Reopen, Take, Withdraw
from domain.terms import Actor, Ground, Role, Status
from storage import requests, tickets

CLIENT = Actor(Role.CLIENT, "1")


async def taken(story: Story) -> str:
    number = await story.register(story.at("fri", "10:00"))
    await story.order(number, Take())
    return number


async def closing(story: Story) -> str:
    """Return a ticket that was closed on Friday evening, its letter waiting for Monday."""
    number = await taken(story)
    await story.until(story.at("fri", "20:00"))
    await story.order(number, Close(story.text(number, "Ошибка исправлена.")))
    return number


async def test_a_ticket_is_closed_with_its_result_in_the_letter(story: Story) -> None:  # R63
    number = await taken(story)

    standing = await story.order(number, Close(story.text(number, "Ошибка исправлена.")))

    letter = story.mailbox()[-1]
    assert standing.status is Status.CLOSED
    assert story.ticket(number).ground is Ground.SOLVED
    assert "Закрыта" in letter.subject
    assert "Ошибка исправлена." in letter.text


async def test_a_message_calls_a_closing_back_and_its_letter_never_leaves(
    story: Story,
) -> None:  # R53 R64 Q8
    number = await closing(story)
    await story.until(story.at("sat", "12:00"))

    await story.client_writes(number, "Ошибка вернулась")
    await story.until(story.at("tue+1"))

    assert story.ticket(number).status is Status.IN_DIAGNOSIS
    assert "closed" not in story.kinds(number)
    assert [letter for letter in story.mailbox() if "Закрыта" in letter.subject] == []


async def test_staff_call_a_closing_back_with_a_reason(story: Story) -> None:  # Q8
    number = await closing(story)

    await story.order(number, Reopen(story.text(number, "Закрыта по ошибке.")))
    await story.until(story.at("tue+1"))

    assert story.ticket(number).status is Status.IN_DIAGNOSIS
    assert len(story.mailbox()) == 1


async def test_a_message_to_a_ticket_just_closed_becomes_a_linked_ticket(
    story: Story,
) -> None:  # R64
    number = await taken(story)
    await story.order(number, Close(story.text(number, "Ошибка исправлена.")))
    closed = story.ticket(number)
    await story.until(story.at("fri", "18:30"))

    await story.client_writes(number, "Ошибка вернулась")

    following = follow_up_of(story, number)
    await story.until(story.at("mon+1", "9:01"))
    fresh = story.ticket(following)
    assert story.ticket(number) == closed
    assert (fresh.follow_up_of, fresh.status) == (number, Status.IN_QUEUE)
    assert fresh.accepted_at == story.at("mon+1", "9:00")
    assert following in story.mailbox(ANNA)[-1].subject
    assert number in story.mailbox(ANNA)[-1].text


async def test_an_automatic_reply_to_a_closing_letter_opens_nothing(story: Story) -> None:  # R64 Q8
    number = await taken(story)
    await story.order(number, Close(story.text(number, "Ошибка исправлена.")))

    await story.client_writes(number, "Я в отпуске", standing="automatic")

    assert tickets_of(story) == [number]


async def test_a_client_withdraws_a_request_and_is_told(story: Story) -> None:  # R27 R63
    number = await taken(story)

    text = story.text(number, "Больше не нужно.", CLIENT)
    standing = await story.order(number, Withdraw(text), CLIENT)

    assert standing.status is Status.CLOSED
    assert story.ticket(number).ground is Ground.WITHDRAWN
    (told,) = [row["text"] for key, row in story.letters(number).items() if "closing" in key]
    assert "Вы отозвали заявку, работа по ней прекращена." in told
    assert "Ваши слова:\n> Больше не нужно." in told
    assert "ЧТО СДЕЛАНО" not in told


def tickets_of(story: Story) -> list[str]:
    client = int(story.ticket(first(story)).client)
    with story.world.database.transaction() as connection:
        rows = tickets.list_open(connection, client_id=client)
    return sorted({first(story), *(row["number"] for row in rows)})


def first(story: Story) -> str:
    letter = story.mailbox()[0]
    return letter.subject.split("]")[0].removeprefix("[")


def follow_up_of(story: Story, number: str) -> str:
    with story.world.database.transaction() as connection:
        opened = [row["number"] for row in tickets.list_open(connection)]
        return next(
            str(one)
            for one in opened
            if (request := requests.find(connection, one)) and request["follow_up_of"] == number
        )
