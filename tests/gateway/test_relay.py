"""What a process can no longer be told is not told for ever. R53, R64; law 2."""

from sqlalchemy import text

from deploy.local.story import Story
from deploy.local.world import wait_until
from domain.terms import Channel
from storage import files, handovers, messages, requests, tickets
from storage.database import Connection
from storage.files import Attachment
from storage.messages import ClientMessage
from storage.requests import Registration

BOUNCE = {"letter": "1/confirmation", "is_hard": True, "key": "a bounce"}
LONG_CLOSED = text("UPDATE tickets SET status = 'closed', closed_at = now() WHERE number = :number")
STARTED = text("UPDATE handovers SET done_at = now() WHERE number = :number")
ATTEMPTS = text("SELECT attempts FROM handovers WHERE done_at IS NULL AND number = :number")


async def test_what_comes_for_a_ticket_that_the_engine_forgot_is_done_with(story: Story) -> None:
    with story.world.database.transaction() as connection:
        number = unknown_to_the_engine(connection, story)
        connection.execute(LONG_CLOSED, {"number": number})
        handovers.add(connection, number, "letter_bounced", BOUNCE)

    async def is_done() -> bool:
        return pending(story, number) is None

    await wait_until(is_done, "the bounce to be done with")


async def test_what_comes_for_an_open_ticket_is_told_again_and_again(story: Story) -> None:
    with story.world.database.transaction() as connection:
        number = unknown_to_the_engine(connection, story)
        handovers.add(connection, number, "letter_bounced", BOUNCE)

    async def is_tried_again() -> bool:
        return (pending(story, number) or 0) > 1

    await wait_until(is_tried_again, "a second try")


async def test_a_message_for_a_forgotten_ticket_opens_a_linked_one_with_its_files_once(
    story: Story,
) -> None:  # R64 Q8
    with story.world.database.transaction() as connection:
        number = unknown_to_the_engine(connection, story)
        connection.execute(LONG_CLOSED, {"number": number})
        write_with_a_file(connection, story, number)

    async def is_done() -> bool:
        return pending(story, number) is None

    await wait_until(is_done, "the message to be done with")
    assert files_of_follow_ups(story, number) == [["снимок.png"]]


def write_with_a_file(connection: Connection, story: Story, number: str) -> None:
    late = ClientMessage(
        number=number, key="late", channel=Channel.WEB, at=story.at("tue", "10:00"), text="Снова"
    )
    id_, _ = messages.add_client_message(connection, late)
    files.add(connection, id_, (Attachment("снимок.png", "image/png", "ab" * 32, 9),))


def files_of_follow_ups(story: Story, number: str) -> list[list[str]]:
    """Return the names of the files of each ticket that follows up this one."""
    with story.world.database.transaction() as connection:
        found = (requests.find(connection, row["number"]) for row in tickets.list_open(connection))
        firsts = [row["message_id"] for row in found if row and row["follow_up_of"] == number]
        return [[file.name for file in files.list_for(connection, id_)] for id_ in firsts]


def unknown_to_the_engine(connection: Connection, story: Story) -> str:
    at = story.at("mon", "10:00")
    registration = Registration(
        key="gone",
        channel=Channel.WEB,
        received_at=at,
        accepted_at=at,
        subject="Давно",
        text="Давно закрыта.",
    )
    number = requests.register(connection, registration).number
    connection.execute(STARTED, {"number": number})
    return number


def pending(story: Story, number: str) -> int | None:
    with story.world.database.transaction() as connection:
        return connection.execute(ATTEMPTS, {"number": number}).scalar_one_or_none()
