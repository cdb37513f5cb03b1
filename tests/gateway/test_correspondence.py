"""Messages and repeated requests: R41, R53, R64, Q8."""

from datetime import timedelta

from domain.events import ClosingBegan
from domain.occurrences import Closed
from domain.terms import Ground
from domain.ticket import fold
from storage import handovers, messages, requests, tickets
from storage.tickets import Record
from tests.gateway.conftest import MONDAY, Api
from tests.gateway.test_tickets import registered, words


def keyed(key: str = "m1") -> dict[str, str]:
    return {"Idempotency-Key": key}


def close(api: Api, number: str) -> None:
    result = words(api, number, "Исправлено.")
    began = ClosingBegan(at=MONDAY, ground=Ground.SOLVED, text=result)
    journal = (registered(api, number), began, Closed(at=MONDAY))
    with api.parts.database.transaction() as connection:
        tickets.record(connection, Record(fold(number, journal), journal, (), None, 1))


async def test_a_message_is_kept_and_the_process_will_be_told(api: Api) -> None:  # R53
    number = await api.file()

    response = await api.post(
        "alla", f"/api/tickets/{number}/messages", data={"text": "Версия 8.3"}, headers=keyed()
    )

    assert response.status_code == 201
    with api.parts.database.transaction() as connection:
        told = handovers.claim(connection, MONDAY + timedelta(days=1), 10)
    assert [handover.kind for handover in told] == ["start", "client_message"]
    assert told[1].payload["message"] == response.json()["message"]
    assert told[1].payload["resumes"]


async def test_the_same_message_again_is_the_same_message(api: Api) -> None:
    number = await api.file()
    address, data = f"/api/tickets/{number}/messages", {"text": "Версия 8.3"}

    first = await api.post("alla", address, data=data, headers=keyed())
    again = await api.post("alla", address, data=data, headers=keyed())
    other = await api.post("alla", address, data={"text": "Иное"}, headers=keyed())

    assert again.status_code == 200
    assert again.json()["message"] == first.json()["message"]
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


async def test_staff_write_down_what_they_are_told_by_phone(api: Api) -> None:  # R30
    number = await api.file()

    await api.post(
        "sveta", f"/api/tickets/{number}/messages", data={"text": "Сказал: 8.3"}, headers=keyed()
    )

    with api.parts.database.transaction() as connection:
        last = messages.list_for(connection, number)[-1]
    assert (last["channel"], last["direction"]) == ("phone", "in")


async def test_nobody_writes_into_anothers_ticket(api: Api) -> None:  # R2
    number = await api.file("alla")

    response = await api.post(
        "bogdan", f"/api/tickets/{number}/messages", data={"text": "Мне тоже"}, headers=keyed()
    )

    assert response.status_code == 404


async def test_a_message_to_a_closed_ticket_opens_a_linked_one(api: Api) -> None:  # R64 Q8
    number = await api.file()
    close(api, number)
    address = f"/api/tickets/{number}/messages"
    carried = {"files": ("снимок.png", b"\x89PNG\r\n\x1a\n1")}

    first = await api.post("alla", address, data={"text": "Снова"}, files=carried, headers=keyed())
    again = await api.post("alla", address, data={"text": "Снова"}, files=carried, headers=keyed())

    opened = first.json()["opened"]
    assert opened not in {"", number}
    assert opened in first.json()["detail"]
    assert again.json()["opened"] == opened
    shown = (await api.get("alla", f"/api/tickets/{opened}")).json()
    assert shown["follow_up_of"] == number
    assert [file["name"] for file in shown["messages"][0]["files"]] == ["снимок.png"]


async def test_a_message_that_came_in_time_opens_nothing_when_it_is_repeated_after_the_closing(
    api: Api,
) -> None:  # R53 R64 law 2
    number = await api.file()
    address, data = f"/api/tickets/{number}/messages", {"text": "Версия 8.3"}
    await api.post("alla", address, data=data, headers=keyed())
    close(api, number)

    again = await api.post("alla", address, data=data, headers=keyed())

    assert (again.json()["is_repetition"], again.json()["opened"]) == (True, "")


async def test_an_open_ticket_is_not_submitted_again(api: Api) -> None:  # R64
    number = await api.file()

    response = await api.post(
        "alla", f"/api/tickets/{number}/follow-up", json={"text": "Снова"}, headers=keyed()
    )

    assert (response.status_code, response.json()["code"]) == (409, "still_open")


async def test_a_closed_ticket_is_submitted_again_with_its_people(
    api: Api,
) -> None:  # R64
    number = await api.file()
    close(api, number)

    response = await api.post(
        "alla", f"/api/tickets/{number}/follow-up", json={"text": "Снова"}, headers=keyed()
    )

    with api.parts.database.transaction() as connection:
        row = requests.find(connection, response.json()["opened"])
    assert row is not None
    assert (row["subject"], row["login"]) == ("Не открывается отчёт", "alla")
    assert row["follow_up_of"] == number
