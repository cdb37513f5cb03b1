"""Pages while a part is away: nothing typed is lost, nothing is done twice, and people are told."""

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import httpx
import pytest

from deploy.local.processes import LOOPBACK, free_port
from gateway.app import create_app
from storage import requests
from storage.database import CONNECT_SECONDS, Database
from storage.rules import CurrentRules
from tests.gateway.conftest import Api
from tests.gateway.test_page_faults import signed_in

FIELDS = {
    "subject": "Не открывается отчёт",
    "description": "Отчёт по аренде закрывается сразу после запуска, и так каждый раз.",
    "kind": "problem",
}


@pytest.fixture
async def unheard(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """Give the pages of the same service while the register hears and says nothing."""
    with socket.create_server((LOOPBACK, 0)) as silent:
        url = f"postgresql+psycopg://nobody@{LOOPBACK}:{silent.getsockname()[1]}/nothing"
        database = Database(url)
        parts = replace(api.parts, database=database, rules=CurrentRules(database, api.clock))
        transport = httpx.ASGITransport(create_app(parts), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://support.test") as http:
            yield http
        database.dispose()


async def longest_pause(work: Coroutine[Any, Any, httpx.Response]) -> float:
    """Return for how many seconds nobody else was served at a time while this was answered."""
    answering, pauses = asyncio.create_task(work), [0.0]
    while not answering.done():
        begun = time.monotonic()
        await asyncio.sleep(0.01)
        pauses.append(time.monotonic() - begun)
    await answering
    return max(pauses)


@pytest.fixture
async def bereft(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """Give the pages of the same service while the server of its register is away."""
    database = Database(f"postgresql+psycopg://nobody@{LOOPBACK}:{free_port()}/nothing")
    parts = replace(api.parts, database=database)
    transport = httpx.ASGITransport(create_app(parts), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://support.test") as http:
        yield http
    database.dispose()


def hidden(page: httpx.Response, name: str) -> str:
    """Return what a hidden field of the page holds."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found is not None, page.text
    return found[1]


async def test_a_page_that_cannot_be_read_says_so_in_words(
    api: Api, bereft: httpx.AsyncClient
) -> None:  # U16
    bereft.cookies = httpx.Cookies(signed_in(api, "sveta"))

    page = await bereft.get("/queue")

    assert page.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert page.headers["content-type"].startswith("text/html")
    assert "Реестр временно не отвечает" in page.text
    assert "Idempotency-Key" not in page.text


@pytest.mark.parametrize("path", ["/", "/signin", "/nothing"])
async def test_a_register_that_says_nothing_keeps_nobody_else_waiting(
    unheard: httpx.AsyncClient, path: str
) -> None:  # U16 law 10
    assert await longest_pause(unheard.get(path)) < CONNECT_SECONDS / 2


async def test_a_form_that_no_register_takes_keeps_nobody_else_waiting(
    unheard: httpx.AsyncClient,
) -> None:  # U16 law 10
    typed = {"login": "alla", "password": "something long"}

    assert await longest_pause(unheard.post("/signin", data=typed)) < CONNECT_SECONDS / 2


async def test_what_was_typed_while_the_register_was_away_is_sent_once_when_it_is_back(
    api: Api, bereft: httpx.AsyncClient
) -> None:  # R29 U16 law 2
    cookies = httpx.Cookies(signed_in(api, "alla"))
    api.http.cookies = bereft.cookies = cookies
    form = await api.http.get("/cabinet/new")
    given = {**FIELDS, "key": hidden(form, "key"), "csrf": hidden(form, "csrf")}

    away = await bereft.post("/cabinet/new", data=given)
    held = {**FIELDS, "key": hidden(away, "key"), "csrf": hidden(away, "csrf")}
    answers = [await api.http.post("/cabinet/new", data=held) for _ in range(2)]

    assert away.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert FIELDS["description"] in away.text
    assert [answer.status_code for answer in answers] == [HTTPStatus.SEE_OTHER] * 2
    assert len({answer.headers["location"] for answer in answers}) == 1
    with api.parts.database.transaction() as connection:
        assert requests.find(connection, "PS-000001") is not None
        assert requests.find(connection, "PS-000002") is None


async def test_a_client_files_and_writes_while_the_engine_is_away(api: Api) -> None:  # R16 R33 V4
    api.http.cookies = httpx.Cookies(signed_in(api, "alla"))
    form = await api.http.get("/cabinet/new")
    given = {**FIELDS, "key": hidden(form, "key"), "csrf": hidden(form, "csrf")}

    filed = await api.http.post("/cabinet/new", data=given)
    ticket = await api.http.get("/cabinet/PS-000001")
    words = {"text": "Ещё: началось вчера.", "key": "k", "csrf": hidden(ticket, "csrf")}
    written = [await api.http.post("/cabinet/PS-000001/write", data=words) for _ in range(2)]

    assert filed.status_code == HTTPStatus.SEE_OTHER
    assert [answer.status_code for answer in written] == [HTTPStatus.SEE_OTHER] * 2
    shown = (await api.http.get("/cabinet/PS-000001")).text
    assert shown.count("Ещё: началось вчера.") == 1


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil"}])
async def test_a_form_of_another_site_is_refused(api: Api, headers: dict[str, str]) -> None:  # R2
    api.http.cookies = httpx.Cookies(signed_in(api, "alla"))
    form = await api.http.get("/cabinet/new")
    given = {**FIELDS, "key": hidden(form, "key"), "csrf": hidden(form, "csrf")}

    answer = await api.http.post("/cabinet/new", data=given, headers=headers)

    assert answer.status_code == HTTPStatus.FORBIDDEN
    with api.parts.database.transaction() as connection:
        assert requests.find(connection, "PS-000001") is None


async def test_a_form_of_another_session_comes_back_as_typed_with_the_right_token(
    api: Api,
) -> None:  # R2 law 10
    api.http.cookies = httpx.Cookies(signed_in(api, "alla"))

    answer = await api.http.post("/cabinet/new", data={**FIELDS, "key": "k", "csrf": "x"})
    again = {**FIELDS, "key": hidden(answer, "key"), "csrf": hidden(answer, "csrf")}
    sent = await api.http.post("/cabinet/new", data=again)

    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert FIELDS["description"] in answer.text
    assert sent.status_code == HTTPStatus.SEE_OTHER
