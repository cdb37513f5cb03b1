"""The clients' pages behind their doors: bounded statements, colleagues' tickets, data to take."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from domain.events import ClosingBegan, Escalated, Identified
from domain.occurrences import Closed
from domain.terms import Channel, Ground
from gateway.pages.visitors import cookie_name
from gateway.status_links import link
from storage import messages, people, requests, sessions, tokens
from storage.messages import ClientMessage
from storage.people_tables import clients
from storage.requests import Registration
from tests.gateway.conftest import MONDAY, Api
from tests.gateway.statements import counted
from tests.gateway.test_correspondence import keyed
from tests.gateway.test_ticket_page import Browser
from tests.gateway.test_tickets import happen, words


async def look(api: Api, who: str, path: str) -> tuple[int, str]:
    """Open a page in somebody's session."""
    with api.parts.database.transaction() as connection:
        person = people.find_user_by_login(connection, who, MONDAY.date())
        assert person is not None
        plain = sessions.begin(connection, person, api.parts.clock(), "password")
    cookie = {"Cookie": f"{cookie_name(api.parts)}={plain}"}
    answer = await api.http.get(path, headers=cookie)
    return answer.status_code, answer.text


def add_colleague(api: Api) -> None:
    """Give Альфа a second user."""
    row = {
        "client_code": "alpha",
        "client_name": "Альфа",
        "login": "anton",
        "user_name": "Антон",
        "email": "anton@alpha.example",
    }
    with api.parts.database.transaction() as connection:
        assert people.import_clients(connection, [row]).taken == 1
        anton = people.find_user_by_login(connection, "anton", MONDAY.date())
        assert anton is not None
        until = MONDAY + timedelta(days=1)
        api.tokens["anton"] = tokens.create(connection, anton, {"api"}, "test", until)


def client_words(number: str, said: str, standing: str) -> ClientMessage:
    """Return a message that came by mail from somebody of that standing."""
    told = {"key": said, "channel": Channel.EMAIL, "at": MONDAY, "standing": standing}
    return ClientMessage(number=number, text=said, **told)  # type: ignore[arg-type]  # as named


def identified(api: Api) -> str:
    """Let a stranger's letter be joined to Альфа; return its number."""
    letter = Registration(
        key="mail:1",
        channel=Channel.EMAIL,
        received_at=MONDAY,
        accepted_at=MONDAY,
        subject="Не открывается отчёт",
        text="Закрывается сразу после запуска.",
        name="Анна",
        address="anna@post.example",
    )
    with api.parts.database.transaction() as connection:
        number = requests.register(connection, letter).number
        alla = people.find_user_by_login(connection, "alla", MONDAY.date())
    assert alla is not None
    happen(api, number, Identified(at=MONDAY, client=str(alla.client_id), entitled=True))
    return number


@pytest.mark.parametrize("path", ["/cabinet", "/cabinet?whose=all", "/cabinet?q=отчёт"])
async def test_the_list_asks_as_much_of_the_register_however_many_tickets_there_are(
    api: Api, path: str
) -> None:  # U1 F55
    await api.file("alla", "k0")
    await look(api, "alla", path)  # reads the rules, which are kept for a while
    with counted() as few:
        await look(api, "alla", path)
    for number in range(1, 8):
        await api.file("alla", f"k{number}")

    with counted() as many:
        status, _ = await look(api, "alla", path)

    assert status == 200
    assert len(many) == len(few) <= 8


async def test_the_ticket_asks_as_much_of_the_register_however_much_was_said(
    api: Api,
) -> None:  # U1 F55
    number = await api.file("alla")
    await look(api, "alla", f"/cabinet/{number}")  # reads the rules, which are kept for a while
    with counted() as few:
        await look(api, "alla", f"/cabinet/{number}")
    for place in range(5):
        await api.post(
            "alla",
            f"/api/tickets/{number}/messages",
            data={"text": f"Ещё {place}"},
            files={"files": ("a.png", b"\x89PNG\r\n\x1a\n", "image/png")},
            headers={"Idempotency-Key": f"m{place}"},
        )

    with counted() as many:
        status, text = await look(api, "alla", f"/cabinet/{number}")

    assert status == 200
    assert "Ещё 4" in text
    assert len(many) == len(few) <= 16


async def test_colleagues_see_each_others_tickets_where_their_organisation_shares_them(
    api: Api,
) -> None:  # K11 R2
    add_colleague(api)
    number = await api.file("alla")

    own = await look(api, "anton", "/cabinet")
    shared = await look(api, "anton", "/cabinet?whose=all")

    assert number not in own[1]
    assert number in shared[1]
    assert (await look(api, "anton", f"/cabinet/{number}"))[0] == 200


async def test_where_it_shares_none_a_colleagues_ticket_is_not_there(api: Api) -> None:  # K11 R2
    add_colleague(api)
    number = await api.file("alla")
    with api.parts.database.transaction() as connection:
        connection.execute(update(clients).values(shares_tickets=False))

    listed = await look(api, "anton", "/cabinet?whose=all")

    assert number not in listed[1]
    assert (await look(api, "anton", f"/cabinet/{number}"))[0] == 404
    assert (await look(api, "alla", f"/cabinet/{number}"))[0] == 200


async def test_who_takes_their_data_away_has_their_own_words_and_nobody_elses(
    api: Api,
) -> None:  # K12 R43
    add_colleague(api)
    await api.file("alla", description="Слова Аллы.")
    await api.file("bogdan", description="Слова Богдана.")

    status, text = await look(api, "alla", "/cabinet/data.json")

    assert status == 200
    assert "Слова Аллы." in text
    assert "Слова Богдана." not in text


async def test_words_with_a_withdrawal_are_no_letter_to_the_head(api: Api) -> None:  # R65
    number = await api.file("alla")
    for kind, said in (("withdraw", "Уже не нужно."), ("escalate", "Прошу ускорить.")):
        address = f"/api/tickets/{number}/commands/{kind}"
        await api.post("alla", address, json={"text": said}, headers=keyed(kind))
    with api.parts.database.transaction() as connection:
        taken_back, to_head = (row["id"] for row in messages.list_for(connection, number)[-2:])
    happen(api, number, Escalated(at=MONDAY, by="client:1", message=to_head))
    happen(api, number, ClosingBegan(at=MONDAY, ground=Ground.WITHDRAWN, text=taken_back))

    _, own = await look(api, "alla", f"/cabinet/{number}")
    ours = (await Browser(api, "sveta").get(f"/tickets/{number}")).text

    assert "Уже не нужно." in own
    assert own.count("<span>руководителю поддержки</span>") == 1
    assert ours.count("<span>письмо руководителю") == 1


async def test_a_colleague_reads_no_words_to_the_head_and_nobody_those_of_third_persons(
    api: Api,
) -> None:  # R2 R65 K11
    add_colleague(api)
    number = await api.file("alla")
    address = f"/api/tickets/{number}/commands/escalate"
    await api.post("alla", address, json={"text": "Прошу ускорить."}, headers=keyed())
    with api.parts.database.transaction() as connection:
        person = client_words(number, "Слова прохожего.", "third_person")
        messages.add_client_message(connection, person)

    of_alla, of_anton = [
        (await api.get(who, f"/api/tickets/{number}")).text for who in ("alla", "anton")
    ]

    assert "Прошу ускорить." in of_alla
    assert "Прошу ускорить." not in of_anton
    assert "Слова прохожего." not in of_alla + of_anton


async def test_the_link_of_a_letter_opens_a_ticket_whose_client_was_found_later(
    api: Api,
) -> None:  # R46 Q12 K4
    number = identified(api)
    with api.parts.database.transaction() as connection:
        given = link(api.parts, connection, number, api.clock())

    page = await api.http.get(given.removeprefix(api.parts.settings.site.rstrip("/")))

    assert page.status_code == 200
    assert "Закрывается сразу после запуска." in page.text


async def test_what_follows_a_ticket_whose_client_was_found_later_is_that_clients(
    api: Api,
) -> None:  # R64 Q8 Q12
    number = identified(api)
    result = words(api, number, "Исправлено.")
    began = ClosingBegan(at=MONDAY, ground=Ground.SOLVED, text=result)
    happen(api, number, began, Closed(at=MONDAY))

    answer = await api.post(
        "alla", f"/api/tickets/{number}/messages", data={"text": "Снова"}, headers=keyed()
    )

    opened = answer.json()["opened"]
    assert (await look(api, "alla", f"/cabinet/{opened}"))[0] == 200
    assert (await look(api, "bogdan", f"/cabinet/{opened}"))[0] == 404
