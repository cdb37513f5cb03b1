"""Forms that no page can take: people get a page in words, never a 5xx, never JSON."""

from collections.abc import AsyncIterator
from http import HTTPStatus

import httpx
import pytest

from domain.reports import Dimension
from gateway.limits import LARGEST_FORM
from gateway.pages.visitors import csrf_of
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


async def test_a_token_of_a_form_in_any_letters_is_a_wrong_one(api: Api) -> None:  # R2 law 10
    page = await send(api, "sveta", "/signout", FORM, b"csrf=%D1%8F")

    assert page.status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize(
    "next_", ["//[", "http://[", "/[", "//[::1", "/\\evil.test", "//evil.test"]
)
async def test_nobody_is_led_elsewhere_by_an_address_that_is_none(
    api: Api, next_: str
) -> None:  # R2 law 10
    api.http.cookies = httpx.Cookies(signed_in(api, "sveta"))

    page = await api.http.get("/signin", params={"next": next_})

    assert page.status_code == HTTPStatus.SEE_OTHER
    assert page.headers["location"] in {"/", "/%5B", "/["}


@pytest.mark.parametrize("origin", ["http://[", "null", "", "http://support.test.evil"])
async def test_a_form_from_an_origin_that_is_none_is_foreign(
    api: Api, origin: str
) -> None:  # R2 law 10
    form = {"language": "en"}

    page = await api.http.post("/language", data=form, headers={"Origin": origin})

    assert page.status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize(
    "path",
    [
        *(f"/head/tickets?figure=reaction&by={by}&code=x" for by in Dimension),
        *(f"/head{page}?from=9999-12-30&to=9999-12-31" for page in ("", "/reaction", "/order")),
        "/head/export.csv?from=9999-12-30&to=9999-12-31",
        "/head?from=0001-01-01",
    ],
)
async def test_figures_of_what_never_was_are_none(api: Api, path: str) -> None:  # R8 law 10
    api.http.cookies = httpx.Cookies(signed_in(api, "head"))

    assert (await api.http.get(path)).status_code == HTTPStatus.OK


async def test_programs_are_still_told_in_json(api: Api) -> None:  # law 10
    headers = {"Content-Type": PARTS, "Content-Length": str(LARGEST_FORM + 1)}

    response = await api.post("alla", "/api/requests", content=b"", headers=headers)

    assert (response.status_code, response.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("who", "address", "status"),
    [
        ("alla", f"/cabinet/{'9' * 30}", 404),
        ("alla", f"/cabinet/{'9' * 30}/head", 404),
        ("", f"/s/{'9' * 30}/token", 404),
        ("", f"/s/PS-000001/{'a' * 5000}", 404),
        ("", f"/static/{'a' * 5000}.css", 404),
        ("head", "/head?to=9999-12-31", 200),
        ("head", "/head/order?from=9999-12-31&to=9999-12-31", 200),
    ],
)
async def test_an_address_beyond_all_measure_is_answered_in_words(
    api: Api, who: str, address: str, status: int
) -> None:  # law 10
    api.http.cookies = httpx.Cookies(signed_in(api, who) if who else {})

    page = await api.http.get(address)

    assert page.status_code == status
    assert page.headers["content-type"].startswith("text/html")


async def test_a_reply_in_a_language_that_we_do_not_write_comes_back_as_typed(
    api: Api,
) -> None:  # U7 law 10
    cookies = signed_in(api, "sveta")
    api.http.cookies = httpx.Cookies(cookies)
    csrf = csrf_of(cookies["session"])
    typed = {"csrf": csrf, "title": "Вход", "text": "Проверьте пароль.", "language": "tlh"}

    page = await api.http.post("/replies/new", data=typed)

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Проверьте пароль." in page.text


async def test_the_key_of_a_form_may_be_any_text(api: Api) -> None:  # law 2
    number = await api.file()
    cookies = signed_in(api, "sveta")
    api.http.cookies = httpx.Cookies(cookies)
    typed = {"csrf": csrf_of(cookies["session"]), "key": "ключ\u202e", "text": "Смотрю."}

    page = await api.http.post(f"/tickets/{number}/note", data=typed)

    assert page.status_code == HTTPStatus.SEE_OTHER
