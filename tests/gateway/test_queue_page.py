"""The queue's page as the server draws it: bounded reads, its order, its limits, kept commands.

R49, R50, U1, U2; laws 2 and 10.
"""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, update

from domain.terms import Channel, Status
from storage import handovers, requests
from storage.requests import Registration
from storage.ticket_tables import tickets
from tests.gateway.conftest import Api
from tests.gateway.statements import counted
from tests.gateway.test_ticket_page import Browser

FEW, MANY = 5, 150


@pytest.fixture
def desk(api: Api) -> Browser:
    """Give a specialist's browser."""
    return Browser(api, "sveta")


@pytest.fixture
def enter(api: Api) -> Callable[..., list[str]]:
    """Give the way to enter tickets that wait to be taken."""

    def enter(count: int, **columns: object) -> list[str]:
        with api.parts.database.transaction() as connection:
            numbers = [
                requests.register(connection, registration(api, f"{columns}-{place}", place)).number
                for place in range(count)
            ]
            mine = tickets.c.number.in_(numbers)
            values = {"status": Status.IN_QUEUE, **columns}
            connection.execute(update(tickets).where(mine).values(values))
        return numbers

    return enter


def registration(api: Api, key: str, place: int) -> Registration:
    at = api.parts.clock() - timedelta(hours=2) + place * timedelta(seconds=10)
    return Registration(
        key=key,
        channel=Channel.WEB,
        received_at=at,
        accepted_at=at,
        subject=f"Отчёт {place}",
        text="Не открывается.",
    )


@pytest.mark.parametrize("path", ["/queue", "/queue?list=open", "/queue?list=open&channel=web"])
async def test_a_longer_queue_asks_the_register_no_more_often(
    desk: Browser, enter: Callable[..., list[str]], path: str
) -> None:  # U1
    enter(FEW)
    await desk.get(path)
    with counted() as for_few:
        await desk.get(path)
    enter(MANY - FEW, is_routine=False)

    with counted() as for_many:
        answer = await desk.get(path)

    assert answer.status_code == 200
    assert 0 < len(for_many) <= len(for_few)


async def test_a_page_leads_on_to_the_rest_of_the_queue(
    desk: Browser, enter: Callable[..., list[str]]
) -> None:  # R49 U1
    numbers = enter(MANY)
    seen: list[str] = []
    path = "/queue"

    while path:
        drawn = (await desk.get(path)).text
        seen += [number for number in numbers if f">{number}</th>" in drawn]
        path = next_page(drawn)

    assert seen == numbers


def next_page(drawn: str) -> str:
    before, is_there, _ = drawn.rpartition('">Дальше</a>')
    return before.rpartition('href="')[2].replace("&amp;", "&") if is_there else ""


async def test_a_search_needs_two_letters_and_says_what_was_looked_through(
    desk: Browser, enter: Callable[..., list[str]]
) -> None:  # U3
    enter(1)

    short = await desk.get("/search?q=о")
    nothing = await desk.get("/search?q=бегемот")

    assert short.status_code == nothing.status_code == 200
    assert "бегемот" in nothing.text


async def test_what_is_found_is_shown_as_it_was_written(api: Api, desk: Browser) -> None:  # U3
    await api.file(subject="<script>alert(1)</script>", description="Отчёт <b>пуст</b> опять")

    drawn = (await desk.get("/search?q=отчёты")).text

    assert "<script>alert" not in drawn
    assert "<b>пуст" not in drawn
    assert "<mark>" in drawn


async def test_taking_while_the_engine_is_away_is_kept_as_one_order_for_one_press(
    api: Api, desk: Browser, enter: Callable[..., list[str]]
) -> None:  # R49; laws 2 and 10
    (first, *_) = enter(2)

    answers = [await desk.post("/queue/take-next", key="one-press") for _ in range(2)]

    with api.parts.database.transaction() as connection:
        kept = handovers.list_orders(connection, first)
    assert [answer.status_code for answer in answers] == [303, 303]
    assert all(first in answer.headers["location"] for answer in answers)
    assert len({order.payload["key"] for order in kept}) == 1


@pytest.mark.parametrize("path", ["/queue", "/search?q=отчёт", "/queue?list=nonsense"])
async def test_nobody_but_staff_sees_the_lists(api: Api, path: str) -> None:  # R2
    for login in ("dev", "ops"):
        answer = await Browser(api, login).get(path)

        assert answer.status_code in {403, 422}


async def test_deferred_tickets_are_told_apart_by_their_reasons(
    api: Api, desk: Browser, enter: Callable[..., list[str]]
) -> None:  # R54-R59 U15
    told, asked = enter(2, status=Status.DEFERRED)
    (other,) = enter(1, status=Status.DEFERRED, review_due=True)
    for number, reason in ((told, "R55"), (asked, "R55"), (other, "R59")):
        of_it = update(tickets).where(tickets.c.number == number)
        snapshot = tickets.c.snapshot.op("||")(func.jsonb_build_object("deferral", reason))
        with api.parts.database.transaction() as connection:
            connection.execute(of_it.values(snapshot=snapshot))

    everything = (await desk.get("/queue?list=deferred")).text
    narrowed = (await desk.get("/queue?list=deferred&reason=R59")).text

    assert re.search(r'list=deferred&amp;reason=R55"[^>]*>[^<]* <b>2</b>', everything)
    assert re.search(r'list=deferred&amp;reason=R59"[^>]*>[^<]* <b>1</b>', everything)
    assert told in everything
    assert told not in narrowed
    assert other in narrowed


async def test_the_queue_tells_who_is_on_shift_and_narrows_by_client_and_matter(
    desk: Browser,
) -> None:  # R5 U1 U15
    page = (
        await desk.get("/queue?who=%D0%90%D0%BB%D1%8C%D1%84%D0%B0&category=product_functions")
    ).text

    assert "На смене: <bdi>Sveta</bdi>" in page
    assert 'value="Альфа"' in page
    assert 'value="product_functions" selected' in page
