"""Forms that no page can take: people get a page in words, never a 5xx, never JSON."""

from collections.abc import AsyncIterator
from http import HTTPStatus

import httpx

from gateway.limits import LARGEST_FORM
from storage import people, sessions
from tests.gateway.conftest import Api
from tests.gateway.test_malformed import FORM, PARTS


def signed_in(api: Api, who: str) -> dict[str, str]:
    """Begin a session of this login; return its cookie."""
    now = api.parts.clock()
    with api.parts.database.transaction() as connection:
        owner = people.find_staff(connection, who) or people.find_user_by_login(
            connection, who, now.date()
        )
        assert owner is not None
        return {"session": sessions.begin(connection, owner, now, "password")}


async def send(api: Api, who: str, path: str, kind: str, content: bytes) -> httpx.Response:
    """Send a form in the name of this login."""
    api.http.cookies = httpx.Cookies(signed_in(api, who))
    return await api.http.post(path, content=content, headers={"Content-Type": kind})


async def test_a_form_with_too_large_files_gets_a_page_in_words(api: Api) -> None:  # law 10
    api.http.cookies = httpx.Cookies(signed_in(api, "alla"))
    headers = {"Content-Type": PARTS, "Content-Length": str(LARGEST_FORM + 1)}

    page = await api.http.post("/cabinet/new", content=b"", headers=headers)

    assert page.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert page.headers["content-type"].startswith("text/html")
    assert "приложите меньше файлов" in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]


async def test_a_form_that_hides_its_length_gets_a_page_in_words(api: Api) -> None:  # law 10
    api.http.cookies = httpx.Cookies(signed_in(api, "alla"))

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"text=" + b"a" * 16_384 + b"&"

    page = await api.http.post("/cabinet/new", content=endless(), headers={"Content-Type": FORM})

    assert page.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert page.headers["content-type"].startswith("text/html")


async def test_the_longest_letter_that_a_field_takes_fits_into_a_form(api: Api) -> None:  # U6
    number = await api.file()
    content = f"csrf=x&text={'%D0%AF' * 30_000}".encode()

    page = await send(api, "sveta", f"/tickets/{number}/write", FORM, content)

    assert page.status_code == HTTPStatus.FORBIDDEN
    assert "Я" * 30_000 in page.text


async def test_programs_are_still_told_in_json(api: Api) -> None:  # law 10
    headers = {"Content-Type": PARTS, "Content-Length": str(LARGEST_FORM + 1)}

    response = await api.post("alla", "/api/requests", content=b"", headers=headers)

    assert (response.status_code, response.json()["code"]) == (413, "too_large")
