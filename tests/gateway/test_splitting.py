"""One message made a ticket of its own: once, in its place, linked both ways, confirmed (U11)."""

import asyncio

import pytest
from sqlalchemy import select, update

from deploy.local.story import A_MOMENT, Story
from domain.events import Noted
from storage import messages, requests, splits, tickets
from storage.ticket_tables import messages as table
from tests.gateway.conftest import Api
from tests.gateway.test_ticket_page import Browser

OTHER = "И ещё: не печатается акт осмотра.\nПечать прерывается на второй странице."
PNG = b"\x89PNG\r\n\x1a\n"
OWN = {"subject": "Не печатается акт", "kind": "problem", "key": "k1"}


@pytest.fixture
async def number(live: Api, story: Story) -> str:
    """Give a ticket whose client wrote of something else, too, a while later."""
    number = await live.file("alla")
    await story.until(story.at("mon", "12:00"))
    answer = await live.post(
        "alla",
        f"/api/tickets/{number}/messages",
        data={"text": OTHER},
        files={"files": ("akt.png", PNG, "image/png")},
        headers={"Idempotency-Key": "other"},
    )
    assert answer.status_code == 201, answer.text
    await story.until(story.at("mon", "15:00"))
    return number


def said(api: Api, number: str) -> int:
    """Return the id of the message about something else."""
    with api.parts.database.transaction() as connection:
        rows = messages.list_for(connection, number)
    return next(int(row["id"]) for row in rows if row["text"] == OTHER)


def opened(api: Api, number: str) -> list[str]:
    """Return what was split off a ticket."""
    with api.parts.database.transaction() as connection:
        return list(splits.read(connection, number).opened.values())


async def split(api: Api, number: str, who: str = "sveta", **changed: str) -> int:
    """Send the form and return the status of the answer."""
    path = f"/tickets/{number}/messages/{said(api, number)}/split"
    answer = await Browser(api, who).post(path, **{**OWN, **changed})
    return answer.status_code


async def test_the_new_ticket_has_the_message_its_files_its_people_and_its_moment(
    live: Api, number: str
) -> None:  # R6 R49 U11
    assert await split(live, number) == 303

    (own,) = opened(live, number)
    shown = (await live.get("sveta", f"/api/tickets/{own}")).json()
    with live.parts.database.transaction() as connection:
        request = requests.find(connection, own)
        (first, *_) = messages.list_for(connection, own)
        before = next(row for row in messages.list_for(connection, number) if row["text"] == OTHER)
    assert request is not None
    assert (request["subject"], request["login"]) == ("Не печатается акт", "alla")
    assert first["text"] == OTHER
    assert request["received_at"] == before["at"]
    assert [file["name"] for file in shown["messages"][0]["files"]] == ["akt.png"]


async def test_the_client_is_sent_its_number_and_told_where_it_came_from(
    live: Api, story: Story, number: str
) -> None:  # R33 U11
    await split(live, number)
    await story.until(story.world.clock() + A_MOMENT)

    (own,) = opened(live, number)
    (letter,) = [one for one in story.mailbox("alla@alpha.example") if own in one.subject]
    assert f"Вы написали об этом в заявке {number}." in letter.text


async def test_both_tickets_name_each_other_and_the_first_has_a_note(
    live: Api, story: Story, number: str
) -> None:  # R5 U11
    browser = Browser(live, "sveta")
    await split(live, number)
    await story.until(story.world.clock() + A_MOMENT)

    (own,) = opened(live, number)
    assert f'выделено в <a href="/tickets/{own}">' in (await browser.get(f"/tickets/{number}")).text
    assert f'href="/tickets/{number}">{number}</a>' in (await browser.get(f"/tickets/{own}")).text
    with live.parts.database.transaction() as connection:
        journal = tickets.journal(connection, number)
        (note,) = [one for one in journal if isinstance(one, Noted)]
        words = messages.find_text(connection, number, note.text)
    said = f"пн {story.at('mon'):%d.%m}, 12:00"
    assert words == f"Сообщение от {said} выделено в отдельную заявку {own}."


async def test_sent_twice_or_by_two_at_once_it_is_one_ticket_with_one_note(
    live: Api, story: Story, number: str
) -> None:  # R49 law 2
    answers = await asyncio.gather(
        split(live, number), split(live, number), split(live, number, "stepan", key="k2")
    )
    await split(live, number, subject="Другая тема", key="k3")
    await story.until(story.world.clock() + A_MOMENT)

    assert set(answers) == {303}
    assert len(opened(live, number)) == 1
    with live.parts.database.transaction() as connection:
        journal = tickets.journal(connection, number)
    assert sum(isinstance(one, Noted) for one in journal) == 1


async def test_the_dialog_shows_what_the_new_ticket_will_have(
    live: Api, number: str
) -> None:  # R33 U11
    browser = Browser(live, "sveta")

    page = await browser.get(f"/tickets/{number}/messages/{said(live, number)}/split")

    assert 'value="И ещё: не печатается акт осмотра."' in page.text
    assert "на второй странице" in page.text
    assert "akt.png" in page.text
    assert "уйдёт на alla@alpha.example" in page.text


async def test_without_a_subject_nothing_is_opened_and_it_is_said(
    live: Api, number: str
) -> None:  # law 10
    assert await split(live, number, subject=" ") == 422

    assert not opened(live, number)


async def test_the_first_message_is_the_ticket_itself_and_is_not_split_off(
    live: Api, number: str
) -> None:  # R6 law 10
    browser = Browser(live, "sveta")
    with live.parts.database.transaction() as connection:
        request = requests.find(connection, number)
    assert request is not None
    path = f"/tickets/{number}/messages/{request['message_id']}/split"

    answer = await browser.post(path, **OWN)

    assert answer.status_code == 409
    assert not opened(live, number)


async def test_a_message_of_another_ticket_is_not_there(live: Api, number: str) -> None:  # R2
    other = await live.file("bogdan", "other")
    path = f"/tickets/{other}/messages/{said(live, number)}/split"

    answer = await Browser(live, "sveta").post(path, **OWN)

    assert answer.status_code == 404


async def test_what_is_answered_to_the_message_goes_on_in_the_first_ticket(
    live: Api, number: str
) -> None:  # R53 U11
    by_letter = update(table).where(table.c.id == said(live, number))
    with live.parts.database.transaction() as connection:
        connection.execute(by_letter.values(header_id="<akt@alpha.example>"))
    await split(live, number)

    assert opened(live, number)
    with live.parts.database.transaction() as connection:
        known = connection.execute(
            select(table.c.number).where(table.c.header_id == "<akt@alpha.example>")
        )
        assert known.scalars().all() == [number]
