"""What lies with development is listed with its evidence until its outcome has come."""

from deploy.local.story import DEVELOPMENT, Story
from domain.commands import HandOff, ReturnFromDevelopment, Take
from domain.terms import Outcome
from storage.handed_off import list_handed_off


async def test_a_ticket_is_listed_while_it_lies_with_development(story: Story) -> None:
    # R19 R48 U13
    number = await story.register(story.at("mon", "10:00"))
    await story.order(number, Take())
    await story.order(number, HandOff(story.text(number, "Пустой отбор значит «ни одного».")))

    with story.world.database.transaction() as connection:
        (handed,) = list_handed_off(connection)
    text = story.text(number, "Выберите «Все».", DEVELOPMENT)
    await story.order(number, ReturnFromDevelopment(Outcome.WORKAROUND, text), DEVELOPMENT)
    with story.world.database.transaction() as connection:
        after = list_handed_off(connection)

    assert (handed.number, handed.evidence) == (number, "Пустой отбор значит «ни одного».")
    assert handed.client_name == "ООО «Дом»"
    assert after == ()
