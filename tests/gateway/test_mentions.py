"""A colleague called in a note sees it on the queue until the ticket is opened (U8)."""

import pytest

from deploy.local.story import A_MOMENT, Story
from storage import mentions, people
from tests.gateway.conftest import Api
from tests.gateway.statements import counted
from tests.gateway.test_ticket_page import Browser

CALL = "@stepan, у Беты то же самое? И <b>@dev</b> пусть знает, а @nobody нет."


@pytest.fixture
async def number(live: Api, story: Story) -> str:
    """Give a ticket whose note calls two of us."""
    number = await live.file("alla")
    await story.until(story.world.clock() + A_MOMENT)
    answer = await live.post("sveta", f"/api/tickets/{number}/commands/note", json={"text": CALL})
    assert answer.status_code == 200, answer.text
    return number


def called(api: Api, login: str) -> list[tuple[str, bool]]:
    """Return which tickets call somebody, and whether they saw it."""
    with api.parts.database.transaction() as connection:
        member = people.find_staff(connection, login)
        assert member is not None
        found = mentions.list_of(connection, member.id)
    return [(one.number, one.is_seen) for one in found]


async def test_who_is_called_and_nobody_else_has_it_before_them(
    live: Api, number: str
) -> None:  # U8
    assert [called(live, who) for who in ("stepan", "dev", "sveta", "head")] == [
        [(number, False)],
        [(number, False)],
        [],
        [],
    ]


async def test_the_queue_shows_it_as_new_until_the_ticket_is_opened(
    live: Api, number: str
) -> None:  # U8
    browser = Browser(live, "stepan")

    before = (await browser.get("/queue")).text
    await browser.get(f"/tickets/{number}")
    after = (await browser.get("/queue")).text

    assert "Упомянули вас: 1 новая заметка" in before
    assert f'href="/tickets/{number}#n2"' in before
    assert "Упомянули вас</b>" in after
    assert called(live, "stepan") == [(number, True)]
    assert called(live, "dev") == [(number, False)]


async def test_the_note_stands_where_the_mention_leads_with_its_calls_marked(
    live: Api, number: str
) -> None:  # U8
    page = (await Browser(live, "stepan").get(f"/tickets/{number}")).text

    assert 'id="n2"' in page
    assert '<span class="tag mention" title="Stepan">@stepan</span>' in page
    assert '&lt;b&gt;<span class="tag mention" title="Dev">@dev</span>&lt;/b&gt;' in page
    assert "@nobody" in page
    assert ">@nobody<" not in page


async def test_who_calls_themselves_is_not_told(live: Api, number: str) -> None:  # U8
    path = f"/api/tickets/{number}/commands/note"
    await live.post("sveta", path, json={"text": "@sveta: не забыть."})

    assert called(live, "sveta") == []


async def test_a_note_told_again_calls_once(live: Api, number: str) -> None:  # U8 law 2
    path = f"/api/tickets/{number}/commands/note"
    for _ in range(2):
        await live.post(
            "sveta", path, json={"text": "@head?"}, headers={"Idempotency-Key": "again"}
        )

    assert called(live, "head") == [(number, False)]


async def test_clients_see_neither_the_note_nor_whom_it_calls(
    live: Api, number: str
) -> None:  # R2 U8
    page = (await Browser(live, "alla").get(f"/cabinet/{number}")).text

    assert "stepan" not in page
    assert "то же самое" not in page


async def test_more_mentions_cost_no_more_statements(live: Api, number: str) -> None:  # U1 U8
    browser = Browser(live, "stepan")
    await browser.get("/queue")
    with counted() as for_one:
        await browser.get("/queue")
    for place in range(3):
        path = f"/api/tickets/{number}/commands/note"
        await live.post("sveta", path, json={"text": f"@stepan {place}"})

    with counted() as for_more:
        page = (await browser.get("/queue")).text

    assert "4 новые заметки" in page
    assert len(for_more) == len(for_one)
