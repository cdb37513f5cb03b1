"""A client without e-mail gets each letter by post, and a person is asked to post it.

R30, R31, R46, Q9, Q10.
"""

from datetime import timedelta

from deploy.local.story import Story
from domain.commands import Answer, Take
from domain.terms import Channel, LetterState
from storage import review_items


async def called(story: Story) -> str:
    at = story.at("mon", "10:00")
    return await story.register(
        at,
        "",
        channel=Channel.PHONE,
        client_id=1,
        name="Вера Ильинична",
        phone="100-20-30",
        called_at=at - timedelta(minutes=20),
    )


async def test_a_call_counts_from_its_registration(story: Story) -> None:  # R30 Q10
    number = await called(story)

    confirmation = story.letters(number)["1/confirmation"]
    assert story.ticket(number).accepted_at == story.at("mon", "10:00")
    assert "9:40" in confirmation["text"]


async def test_each_letter_waits_for_posting_and_somebody_is_asked_to_post_it(
    story: Story,
) -> None:  # R31 R46 Q9
    number = await called(story)
    await story.order(number, Take())
    await story.order(number, Answer(story.text(number, "Обновите до 4.3.")))

    letters = story.letters(number)
    with story.world.database.transaction() as connection:
        tasks = review_items.list_open(connection)
    assert {letter["state"] for letter in letters.values()} == {LetterState.TO_POST}
    assert [(task.kind, task.number, task.reason) for task in tasks] == [
        ("to_post", number, f"{number}/1/confirmation"),
        ("to_post", number, f"{number}/3/answer"),
    ]
    assert "Обновите до 4.3." in letters["3/answer"]["text"]
    assert story.world.office.all_letters() == []
