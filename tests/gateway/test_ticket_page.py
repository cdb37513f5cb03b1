"""The ticket's page as the server draws it: bounded reads, kept commands, rights, sent words."""

import httpx
import pytest

from domain.terms import Channel
from gateway.pages.visitors import cookie_name, csrf_of
from storage import messages, people, sessions
from storage.messages import ClientMessage
from tests.gateway.conftest import Api
from tests.gateway.statements import counted
from tests.gateway.test_tickets import words

FOREIGN = "PS-999999"


class Browser:
    """Somebody's own browser: a session and the token of its forms."""

    def __init__(self, api: Api, login: str) -> None:
        """Sign in."""
        now = api.parts.clock()
        with api.parts.database.transaction() as connection:
            owner = people.find_staff(connection, login) or people.find_user_by_login(
                connection, login, now.date()
            )
            assert owner is not None
            self._plain = sessions.begin(connection, owner, now, "password")
        cookie = f"{cookie_name(api.parts)}={self._plain}"
        self._api, self._headers = api, {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"}

    async def get(self, path: str) -> httpx.Response:
        """Open a page."""
        return await self._api.http.get(path, headers=self._headers)

    async def post(self, path: str, **fields: str) -> httpx.Response:
        """Send a form of ours."""
        data = {"csrf": csrf_of(self._plain), **fields}
        return await self._api.http.post(path, data=data, headers=self._headers)


@pytest.fixture
async def number(api: Api) -> str:
    """Give a ticket whose process has yet to be told."""
    return await api.file(subject="Отчёт пуст")


def write(api: Api, number: str, times: int) -> None:
    with api.parts.database.transaction() as connection:
        for place in range(times):
            message = ClientMessage(
                number=number,
                key=f"{times}-{place}",
                channel=Channel.EMAIL,
                at=api.parts.clock(),
                text="Ещё одно",
            )
            messages.add_client_message(connection, message)


async def test_a_long_conversation_costs_no_more_statements_than_a_short_one(
    api: Api, number: str
) -> None:  # law 12
    browser = Browser(api, "sveta")
    write(api, number, 3)
    await browser.get(f"/tickets/{number}")

    with counted() as short:
        assert (await browser.get(f"/tickets/{number}")).status_code == 200
    write(api, number, 60)
    await browser.get(f"/tickets/{number}")
    with counted() as long:
        assert (await browser.get(f"/tickets/{number}")).status_code == 200

    assert len(long) == len(short) <= 25


async def test_a_command_that_is_kept_is_named_with_what_works_meanwhile(
    api: Api, number: str
) -> None:  # U16 law 10
    browser = Browser(api, "sveta")

    answer = await browser.post(f"/tickets/{number}/note", text="Проверить у Беты", key="k1")
    page = await browser.get(answer.headers["location"].partition("#")[0])

    assert answer.status_code == 303
    assert "Процесс заявки сейчас не отвечает." in page.text
    assert "<li>сделать заметку</li>" in page.text


async def test_the_same_form_twice_is_one_command(api: Api, number: str) -> None:  # law 2
    browser = Browser(api, "sveta")

    for _ in range(2):
        await browser.post(f"/tickets/{number}/note", text="Дважды", key="k1")

    with api.parts.database.transaction() as connection:
        written = [row["text"] for row in messages.list_for(connection, number)]
    assert written.count("Дважды") == 1


@pytest.mark.parametrize("who", ["sveta", "head", "dev", "ops"])
async def test_all_of_us_may_read_a_ticket_and_nobody_one_that_never_was(
    api: Api, number: str, who: str
) -> None:  # R2
    browser = Browser(api, who)

    found, unknown = (
        await browser.get(f"/tickets/{number}"),
        await browser.get(f"/tickets/{FOREIGN}"),
    )

    assert (found.status_code, unknown.status_code) == (200, 404)


async def test_a_client_has_no_staff_page_and_another_client_no_file_of_it(
    api: Api, number: str
) -> None:  # R2
    mine, theirs = Browser(api, "alla"), Browser(api, "bogdan")
    digest = "0" * 64

    assert (await mine.get(f"/tickets/{number}")).status_code == 403
    assert (await theirs.get(f"/tickets/{number}/files/{digest}")).status_code == 404
    assert (await theirs.get(f"/tickets/{number}/messages/1/html")).status_code == 404


async def test_a_draft_is_its_writers_alone_and_needs_a_form_of_ours(
    api: Api, number: str
) -> None:  # U6
    sveta, stepan = Browser(api, "sveta"), Browser(api, "stepan")
    place = f"{number}/note"

    kept = await sveta.post("/drafts", place=place, text="Недописано", key="k1", typed="1")
    foreign = await sveta.post("/drafts", place=place, text="Чужое", key="k1", csrf="no")

    assert (kept.status_code, foreign.status_code) == (204, 403)
    assert "Недописано" in (await sveta.get(f"/tickets/{number}")).text
    assert "Недописано" not in (await stepan.get(f"/tickets/{number}")).text


async def test_words_that_come_back_from_a_letter_leave_what_is_typed_meanwhile(
    api: Api, number: str
) -> None:  # U6 R45
    sveta = Browser(api, "sveta")
    taken_back = words(api, number, "Проверьте версию.")
    await sveta.post("/drafts", place=f"{number}/write", typed="1", key="k", text="И ещё одно.")
    edited = {"letter": f"{number}/4/answer", "edit": str(taken_back), "key": "c"}

    for _ in range(2):
        answer = await sveta.post(f"/tickets/{number}/do/cancel_letter", **edited)

    assert answer.status_code == 303
    page = (await sveta.get(f"/tickets/{number}")).text
    assert "Проверьте версию.\n\nИ ещё одно.</textarea>" in page


async def test_every_command_has_a_dialog_in_both_languages(api: Api, number: str) -> None:
    # law 10 F69
    browser = Browser(api, "head")
    page = (await browser.get(f"/tickets/{number}")).text
    kinds = {part.partition('"')[0] for part in page.split(f"/tickets/{number}/do/")[1:]}

    shown = {
        kind: (await browser.get(f"/tickets/{number}/do/{kind}")).status_code for kind in kinds
    }

    assert len(kinds) >= 15
    assert set(shown.values()) == {200}
    assert (await browser.get(f"/tickets/{number}/do/nothing")).status_code == 404
