"""A ticket merged into another waits for nothing by itself, and blocks nobody. R49, Q6."""

from deploy.local.story import Story
from domain.commands import AskClient, Merge, Take, Unmerge
from storage import tickets


async def test_a_merged_ticket_reminds_nobody_until_it_is_its_own_again(story: Story) -> None:  # Q6
    number = await story.register(story.at("mon", "10:00"))
    other = await story.register(story.at("mon", "10:05"))
    await story.order(number, Take())
    await story.order(number, AskClient(story.text(number, "Какая версия?")))
    await story.order(number, Merge(other, story.text(number, "То же самое.")))

    await story.until(story.at("thu", "10:00"))
    while_merged = story.kinds(number).count("client_reminded")
    await story.order(number, Unmerge(story.text(number, "Это другое.")))
    await story.until(story.at("thu", "10:05"))

    assert while_merged == 0
    assert story.kinds(number).count("client_reminded") == 1


async def test_a_merged_ticket_at_the_head_of_the_queue_lets_the_next_one_through(
    story: Story,
) -> None:  # R49
    first = await story.register(story.at("mon", "10:00"))
    second = await story.register(story.at("mon", "10:05"))

    await story.order(first, Merge(second, story.text(first, "То же самое.")))

    with story.world.database.transaction() as connection:
        assert [row["number"] for row in tickets.queue(connection, 10, None)] == [second]
