"""A letter about an account that did not arrive stands before people, without a ticket."""

import re
from datetime import timedelta

import pytest

from domain.reports import Period
from domain.terms import LetterState
from gateway.entrance.letters import AccountPost
from gateway.pages.visitors import csrf_of
from storage import account_letters, letters, mail_status, reports, review_items, sessions
from storage.reports import Figure
from tests.gateway.conftest import MONDAY, Api, Clock
from tests.gateway.entrance.test_signing_in import owner

REFUSED = "550 5.1.1 No such user"


@pytest.fixture
def lost(api: Api) -> str:
    """Give the key of a letter to Alla that the server refused for good."""
    post = AccountPost(api.parts.settings, api.parts.rules())
    with api.parts.database.transaction() as connection:
        post.answer(connection, "alla", MONDAY)
        (key,) = account_letters.list_unsent(connection)
        letters.settle(connection, key, LetterState.FAILED, MONDAY, REFUSED)
        account_letters.show_loss(connection, key, REFUSED)
    return key


async def look(api: Api, who: str, path: str, language: str = "ru") -> str:
    """Return a page as somebody who has signed in sees it."""
    answer = await api.http.get(
        path, headers={"Cookie": f"{cookie(api, who)}; language={language}"}
    )
    assert answer.status_code == 200, answer.text
    return answer.text


def cookie(api: Api, who: str) -> str:
    with api.parts.database.transaction() as connection:
        plain = sessions.begin(connection, owner(api, who), api.parts.clock(), "password")
    return f"session={plain}"


@pytest.mark.parametrize("who", ["sveta", "ops"])
async def test_people_see_whom_it_did_not_reach_and_why_and_take_it_off(
    api: Api, lost: str, who: str
) -> None:  # R2
    page = await look(api, who, "/review?kind=account_letter")
    with api.parts.database.transaction() as connection:
        (item,) = review_items.list_open(connection)
    session = cookie(api, who)

    settled = await api.http.post(
        f"/review/{item.id}/settle",
        data={"csrf": csrf_of(session.removeprefix("session="))},
        headers={"Cookie": session},
    )

    assert "Письмо о пароле" in page
    assert f"alla, alla@alpha.example: {REFUSED}" in page
    assert 'href="/tickets/' not in page
    assert settled.status_code == 303
    with api.parts.database.transaction() as connection:
        assert review_items.list_open(connection) == ()
    assert lost


async def test_the_head_reads_of_it_among_undelivered_letters_and_no_ticket_is_counted(
    api: Api, lost: str
) -> None:  # R2 R46
    page = await look(api, "head", "/head")
    english = await look(api, "head", "/head", "en")

    table = re.search(r'<section class="panel stack-s" id="letters".*?</section>', page, re.DOTALL)
    assert table is not None
    assert "ссылка для пароля" in table[0]
    assert "alla@alpha.example" in table[0]
    assert "/tickets/None" not in page
    assert "по заявкам все дошли до почтовых серверов" in page
    assert "письма о паролях не доставлены: 1" in page
    assert "link for the password" in english
    assert lost


def test_the_figure_counts_tickets_alone(api: Api, lost: str) -> None:  # R46
    period = Period(MONDAY.date(), MONDAY.date())

    with api.parts.database.transaction() as connection:
        counts = reports.count(connection, period)
        (told,) = reports.list_undelivered(connection, period)

    assert counts[Figure.UNDELIVERED] == 0
    assert (told["key"], told["number"]) == (lost, None)


async def test_operations_see_one_that_does_not_leave(api: Api, clock: Clock) -> None:  # R2
    post = AccountPost(api.parts.settings, api.parts.rules())
    with api.parts.database.transaction() as connection:
        post.answer(connection, "alla", MONDAY)
        (key,) = account_letters.list_unsent(connection)
    clock.set(MONDAY + timedelta(minutes=5))

    health = (await api.get("ops", "/api/health/details")).json()

    with api.parts.database.transaction() as connection:
        status = mail_status.read(connection, clock())
    assert health["oldest_unsent"] == {
        "key": key,
        "number": None,
        "state": "prepared",
        "reason": "",
    }
    assert [row["key"] for row in status.overdue] == [key]
