"""News reach whoever may see the ticket, and a client's list hears no more than «look again»."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from gateway.auth import Visitor
from gateway.pages.live import EVERYTHING, Listener, News, ear_for, ear_of, ear_of_staff
from storage import accounts, people, presence, sessions
from tests.gateway.conftest import Api

PATIENCE = 5.0


@pytest.fixture
async def news(api: Api) -> AsyncIterator[News]:
    """Give the news of the register while they are listened to."""
    news = News(api.parts.database)
    with news.listener(ear_of_staff) as opened:
        running = asyncio.create_task(news.run(), name="news")
        await asyncio.wait_for(opened.next(), PATIENCE)
    yield news
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


def visitor(api: Api, login: str) -> Visitor:
    """Return somebody who has signed in."""
    now = api.parts.clock()
    with api.parts.database.transaction() as connection:
        owner = accounts.find_owner(connection, login, now)
        assert owner is not None
        bearer = sessions.find(connection, sessions.begin(connection, owner, now, "password"), now)
    assert bearer is not None
    return Visitor(bearer)


async def heard(listener: Listener) -> set[str]:
    """Return what has reached a page by now."""
    try:
        return await asyncio.wait_for(listener.next(), 1.0)
    except TimeoutError:
        return set()


async def test_a_clients_list_hears_of_their_own_ticket_without_its_number(
    api: Api, news: News
) -> None:  # K5 K11
    with news.listener(ear_of(visitor(api, "alla"))) as listener:
        await api.file("alla")

        assert await asyncio.wait_for(listener.next(), PATIENCE) == {EVERYTHING}


async def test_a_clients_list_hears_nothing_of_another_clients_ticket(
    api: Api, news: News
) -> None:  # R2 K11
    alla, bogdan = (ear_of(visitor(api, who)) for who in ("alla", "bogdan"))
    with news.listener(bogdan) as listener, news.listener(alla) as theirs:
        await api.file("alla")
        await asyncio.wait_for(theirs.next(), PATIENCE)

        assert await heard(listener) == set()


@pytest.mark.parametrize(("shares", "told"), [(True, {EVERYTHING}), (False, set())])
async def test_a_colleagues_ticket_is_heard_of_where_the_organisation_wants_it(
    api: Api, news: News, *, shares: bool, told: set[str]
) -> None:  # K11
    anton = {"login": "anton", "user_name": "Антон", "email": "anton@alpha.example"}
    alpha = {"client_code": "alpha", "client_name": "Альфа", "contract_starts_on": "2026-01-01"}
    with api.parts.database.transaction() as connection:
        people.import_clients(connection, [{**alpha, **anton}])
        people.put_sharing(connection, "alpha", shares=shares)
    anyones = news.listener(ear_of_staff)
    with news.listener(ear_of(visitor(api, "anton"))) as listener, anyones as staffs:
        await api.file("alla")
        await asyncio.wait_for(staffs.next(), PATIENCE)

        assert await heard(listener) == told


async def test_who_of_us_is_at_a_ticket_wakes_no_clients_list(
    api: Api, news: News
) -> None:  # F53 K11
    number = await api.file("alla")
    sveta, alla = visitor(api, "sveta"), visitor(api, "alla")
    with news.listener(ear_for(number)) as staffs, news.listener(ear_of(alla)) as listener:
        await heard(listener)
        await heard(staffs)
        with api.parts.database.transaction() as connection:
            presence.see(connection, sveta.bearer.id, number, api.parts.clock(), is_writing=True)
        assert await asyncio.wait_for(staffs.next(), PATIENCE) == {number}

        assert await heard(listener) == set()
