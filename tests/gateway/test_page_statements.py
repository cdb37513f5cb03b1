"""What each page asks of the register: no more for many tickets than for few (law 12)."""

import pytest

from deploy.local.story import Story
from domain.terms import Status
from storage.database import Database
from tests.gateway.conftest import Api
from tests.gateway.statements import Asked, counted, read_whole
from tests.gateway.test_ticket_page import Browser

FEW, MANY = 3, 12
MOST = 10
PAGES = {
    "sveta": (
        *("/queue", "/queue?list=open", "/queue?list=closed", "/review", "/replies", "/account"),
        *("/search?q=отчёт", "/search?q=PS-000001", "/search?q=alla@alpha.example"),
        *("/intake/phone", "/intake/callers?q=алла", "/intake/paper"),
    ),
    "dev": ("/development",),
    "head": (
        *("/head", "/head?period=week", "/head/reaction", "/head/order"),
        *("/head/tickets?figure=arrived", "/head/export.csv"),
    ),
    "alla": ("/cabinet", "/cabinet?whose=all", "/cabinet/new"),
}


@pytest.fixture
def cached_tickets() -> int:
    """Let the worker remember the tickets: they go side by side."""
    return 100


GROWING = {
    *("tickets", "requests", "messages", "events", "letters", "attachments", "files"),
    *("raw_letters", "handovers", "review_items", "users", "clients", "sessions"),
}


async def test_no_page_asks_more_of_the_register_where_there_are_more_tickets(
    live: Api, story: Story
) -> None:
    browsers = {who: Browser(live, who) for who in PAGES}
    await _file(live, story, range(FEW))
    few = await _count(browsers)

    await _file(live, story, range(FEW, MANY))
    many = await _count(browsers)

    assert many == few
    assert {path: asked for path, asked in many.items() if asked > MOST} == {}


async def test_no_page_reads_a_table_that_grows_from_end_to_end(live: Api, story: Story) -> None:
    number = await live.file("alla", subject="Отчёт пуст")
    await story.world.settle()
    of_ticket = {
        "sveta": (f"/tickets/{number}", f"/tickets/{number}/similar"),
        "alla": (f"/cabinet/{number}",),
    }

    for who, paths in PAGES.items():
        browser = Browser(live, who)
        for path in (*paths, *of_ticket.get(who, ())):
            with counted() as asked:
                assert (await browser.get(path)).status_code == 200
            for one in asked:
                assert not read_whole(live.parts.database, one) & GROWING, f"{path}: {one.text}"


def test_a_reading_that_no_index_serves_is_seen(database: Database) -> None:
    served = Asked("SELECT 1 FROM tickets WHERE number = %(number)s", {"number": "PS-000001"})
    unserved = Asked("SELECT 1 FROM tickets WHERE release LIKE '%%5.14'", {})

    assert read_whole(database, served) == set()
    assert read_whole(database, unserved) == {"tickets"}


async def _file(live: Api, story: Story, places: range) -> None:
    """File so many requests and let their processes enter them into the queue."""
    numbers = [await live.file("alla", f"k{place}", subject="Отчёт пуст") for place in places]
    await story.world.settle()
    assert {story.ticket(number).status for number in numbers} == {Status.IN_QUEUE}


async def _count(browsers: dict[str, Browser]) -> dict[str, int]:
    """Open each page twice, for what is read once in a while, and count the second time."""
    told = {}
    for who, paths in PAGES.items():
        for path in paths:
            await browsers[who].get(path)
            with counted() as asked:
                answer = await browsers[who].get(path)
            assert answer.status_code == 200, f"{path}: {answer.text[:500]}"
            told[path] = len(asked)
    return told
