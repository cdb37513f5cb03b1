"""A client whose support has run out is registered and confirmed; a specialist decides.

R2, R7, Q13.
"""

from deploy.local.story import BORIS, Story
from domain.commands import Answer, Close, Serve, Take
from domain.terms import Ground, Status


async def test_a_client_without_a_contract_is_confirmed_and_marked(story: Story) -> None:  # R33 Q13
    number = await story.register(story.at("mon", "10:00"), BORIS)

    ticket = story.ticket(number)
    assert ticket.status is Status.IN_QUEUE
    assert ticket.entitled is False
    assert len(story.mailbox(BORIS)) == 1


async def test_a_specialist_may_serve_with_a_reason(story: Story) -> None:  # R7 Q13
    number = await story.register(story.at("mon", "10:00"), BORIS)
    await story.order(number, Take())

    await story.order(number, Serve(story.text(number, "Договор продлевается.")))
    await story.order(number, Answer(story.text(number, "Обновите до 4.3.")))

    assert story.ticket(number).entitled
    assert "served_without_contract" in story.kinds(number)
    assert "Обновите до 4.3." in story.mailbox(BORIS)[-1].text


async def test_or_close_with_the_letter_that_says_so(story: Story) -> None:  # R7 R63 Q13
    number = await story.register(story.at("mon", "10:00"), BORIS)

    text = story.text(number, "Договор закончился 31 декабря.")
    await story.order(number, Close(text, Ground.NO_ACTIVE_SUPPORT))

    letter = story.mailbox(BORIS)[-1]
    assert story.ticket(number).status is Status.CLOSED
    assert "нет действующей поддержки" in letter.subject
    assert "Договор закончился 31 декабря." in letter.text
