"""Clients say whether a solution helped, and the head reads it (R8, F71)."""

import pytest

from deploy.local.story import Story
from domain.terms import Grade
from gateway import status_links
from storage import ratings
from tests.gateway.conftest import Api
from tests.gateway.test_ticket_page import Browser


@pytest.fixture
async def solved(live: Api, story: Story) -> str:
    """Give a ticket that was solved and closed."""
    number = await live.file("alla", subject="Отчёт пуст")
    await story.world.settle()
    for kind, body in (("take", {}), ("answer", {"text": "Выберите «Все»."})):
        await _give(live, number, kind, **body)
    await story.until(story.at("mon", "12:00"))
    await _give(live, number, "close", text="Отбор исправлен, отчёт строится.")
    await story.until(story.at("mon", "12:10"))
    return number


async def _give(live: Api, number: str, kind: str, **body: str) -> None:
    given = await live.post("sveta", f"/api/tickets/{number}/commands/{kind}", json=body)
    assert given.status_code == 200, given.text


def _said(live: Api, number: str) -> tuple[Grade, str] | None:
    with live.parts.database.transaction() as connection:
        found = ratings.find(connection, number)
    return (found.grade, found.words) if found else None


async def test_who_signed_in_answers_and_may_think_again(live: Api, solved: str) -> None:  # R8 F71
    client = Browser(live, "alla")
    assert "Помогло ли решение?" in (await client.get(f"/cabinet/{solved}")).text

    first = await client.post(f"/cabinet/{solved}/rating", grade="helped")
    again = await client.post(f"/cabinet/{solved}/rating", grade="partly", words=" Долго. ")
    page = await client.get(again.headers["location"])

    assert (first.status_code, again.status_code) == (303, 303)
    assert _said(live, solved) == (Grade.PARTLY, "Долго.")
    assert "Спасибо, ответ сохранён." in page.text
    assert "Ваш ответ: помогло частично" in page.text


async def test_the_link_of_a_letter_lets_answer_without_a_password(
    live: Api, solved: str
) -> None:  # R8 K4
    with live.parts.database.transaction() as connection:
        address = status_links.link(live.parts, connection, solved, live.parts.clock())
    path = address.removeprefix(live.parts.settings.site)

    answer = await live.http.post(f"{path}/rating", data={"grade": "not_helped", "words": "Нет."})

    assert answer.status_code == 303, answer.text
    assert _said(live, solved) == (Grade.NOT_HELPED, "Нет.")


async def test_an_answer_without_a_choice_keeps_the_words(live: Api, solved: str) -> None:  # R8
    client = Browser(live, "alla")

    answer = await client.post(f"/cabinet/{solved}/rating", words="Долго, но помогло.")

    assert answer.status_code == 422
    assert "Долго, но помогло." in answer.text
    assert 'id="grade-error"' in answer.text
    assert _said(live, solved) is None


async def test_nothing_is_asked_while_there_is_no_solution(live: Api) -> None:  # R8 R63
    client, number = Browser(live, "alla"), await live.file("alla")

    page = await client.get(f"/cabinet/{number}")
    answer = await client.post(f"/cabinet/{number}/rating", grade="helped")

    assert "Помогло ли решение?" not in page.text
    assert answer.status_code == 409
    assert _said(live, number) is None


async def test_nobody_answers_for_another_organisation(live: Api, solved: str) -> None:  # R2
    answer = await Browser(live, "bogdan").post(f"/cabinet/{solved}/rating", grade="not_helped")

    assert answer.status_code == 404
    assert _said(live, solved) is None


async def test_specialist_and_head_read_what_the_client_said(
    live: Api, solved: str
) -> None:  # R8 F71
    path = f"/cabinet/{solved}/rating"
    await Browser(live, "alla").post(path, grade="not_helped", words="Не <b>строится</b>.")

    ticket = await Browser(live, "sveta").get(f"/tickets/{solved}")
    head = Browser(live, "head")
    day = await head.get("/head")
    behind = await head.get("/head/tickets?figure=not_helped")
    others = await head.get("/head/tickets?figure=helped")

    assert "Клиент о решении: не помогло" in ticket.text
    assert "Не &lt;b&gt;строится&lt;/b&gt;." in ticket.text
    assert "не помогло <b>1</b>" in day.text
    assert solved in behind.text
    assert solved not in others.text


async def test_what_was_said_is_among_the_data_that_a_client_takes_away(
    live: Api, solved: str
) -> None:  # K12
    client = Browser(live, "alla")
    await client.post(f"/cabinet/{solved}/rating", grade="helped", words="Быстро.")

    data = (await client.get("/cabinet/data.json")).json()

    assert [(one["number"], one["words"]) for one in data["ratings"]] == [(solved, "Быстро.")]
