"""Nobody is dropped: an unknown sender is confirmed, identified by a person, or told why not.

R2, R32, R33, Q12.
"""

from deploy.local.story import Story
from domain.commands import Close, Identify, Take
from domain.terms import Ground, Status, Turn

STRANGER = "somebody@elsewhere.example"


async def test_an_unknown_sender_waits_for_a_person_and_has_the_confirmation_all_the_same(
    story: Story,
) -> None:  # R33 Q12
    number = await story.register(story.at("mon", "10:00"), STRANGER)

    ticket = story.ticket(number)
    [letter] = story.mailbox(STRANGER)
    assert (ticket.status, ticket.turn) == (Status.IDENTIFICATION, Turn.SUPPORT)
    assert number in letter.subject
    assert "Отчёт по договорам" not in letter.text


async def test_a_sender_identified_in_working_time_takes_the_place_of_the_arrival(
    story: Story,
) -> None:  # R49 Q12
    number = await story.register(story.at("mon", "10:00"), STRANGER)
    await story.until(story.at("mon", "15:00"))

    await story.order(number, Identify(client="1", entitled=True))
    await story.order(number, Take())

    ticket = story.ticket(number)
    assert (ticket.status, ticket.client) == (Status.IN_DIAGNOSIS, "1")
    assert ticket.received_at == ticket.accepted_at == story.at("mon", "10:00")


async def test_a_sender_identified_before_the_accepted_moment_waits_for_it(
    story: Story,
) -> None:  # R44 Q12
    number = await story.register(story.at("sat", "10:00"), STRANGER)

    await story.order(number, Identify(client="1", entitled=True))
    before = story.ticket(number).status
    await story.until(story.at("mon+1", "9:00:05"))

    assert before is Status.REGISTERED
    assert story.ticket(number).status is Status.IN_QUEUE


async def test_who_cannot_be_served_is_told_so(story: Story) -> None:  # R2 R63 Q12
    number = await story.register(story.at("mon", "10:00"), STRANGER)

    text = story.text(number, "По указанным сведениям клиент не нашёлся.")
    await story.order(number, Close(text, Ground.CANNOT_BE_SERVED))

    closed = story.ticket(number)
    letter = story.mailbox(STRANGER)[-1]
    assert (closed.status, closed.ground) == (Status.CLOSED, Ground.CANNOT_BE_SERVED)
    assert "Не удалось определить отправителя" in letter.subject
    assert "По указанным сведениям клиент не нашёлся." in letter.text
