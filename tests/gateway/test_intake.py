"""Requests by form, phone and paper: R29-R32, R35-R43, R44, Q2, Q9, Q10, Q12, Q13, Q14."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.terms import Status
from storage import files, handovers, requests, tickets
from storage.requests import find_by_key
from tests.gateway.conftest import Api

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 16
CALL = {
    "subject": "Вопрос об отчёте",
    "description": "Как выгрузить отчёт?",
    "kind": "question",
    "called_at": "2026-09-07T11:20:00+03:00",
}
PAPER = {
    "subject": "Ошибка",
    "description": "Программа не запускается.",
    "login": "alla",
    "requisites": ["organisation", "contract", "signatory", "return_address", "matter"],
}


def keyed(key: str = "k1") -> dict[str, str]:
    return {"Idempotency-Key": key}


async def test_the_form_is_numbered_at_once_without_asking_the_engine(api: Api) -> None:  # R29 R16
    form = {"subject": "Сбой", "description": "Не открывается.", "criticality": "critical"}

    response = await api.post("alla", "/api/requests", data=form, headers=keyed())

    assert response.status_code == 201
    receipt = response.json()
    with api.parts.database.transaction() as connection:
        ticket = tickets.find(connection, receipt["number"])
        row = requests.find(connection, receipt["number"])
        assert handovers.count_pending(connection) == 1
    assert ticket is not None
    assert row is not None
    assert (row["login"], row["address"]) == ("alla", "alla@alpha.example")
    assert row["is_verified"]
    assert ticket.status is Status.IN_QUEUE


async def test_the_answer_names_what_is_still_missing(api: Api) -> None:  # R35 R37 R38 R39
    form = {"subject": "Сбой", "description": "Не открывается.", "platform_version": "8.3"}

    response = await api.post("alla", "/api/requests", data=form, headers=keyed())

    missing = [asked["field"] for asked in response.json()["missing"]]
    assert missing == ["product_version", "steps", "frequency", "criticality"]


async def test_at_night_the_accepted_moment_is_the_next_opening(api: Api) -> None:  # R44 Q2
    api.clock.set(datetime(2026, 9, 11, 20, 0, tzinfo=UTC))  # a Friday night

    form = {"subject": "Сбой", "description": "Не открывается."}
    response = await api.post("alla", "/api/requests", data=form, headers=keyed())

    receipt = response.json()
    assert receipt["received_at"] == "2026-09-11T23:00:00+03:00"
    assert receipt["accepted_at"] == "2026-09-14T09:00:00+03:00"


async def test_the_same_key_again_is_the_same_number(api: Api) -> None:
    number = await api.file(key="one")
    api.clock.set(datetime(2026, 9, 8, 9, 0, tzinfo=UTC))

    form = {
        "subject": "Не открывается отчёт",
        "description": "Отчёт по аренде закрывается сразу после запуска.",
    }
    again = await api.post("alla", "/api/requests", data=form, headers=keyed("one"))

    assert again.status_code == 200
    assert again.json()["number"] == number
    assert again.json()["received_at"] == "2026-09-07T11:30:00+03:00"


async def test_the_same_key_with_other_words_or_files_is_refused(api: Api) -> None:
    await api.file(key="one")
    form = {
        "subject": "Не открывается отчёт",
        "description": "Отчёт по аренде закрывается сразу после запуска.",
    }

    other = await api.post(
        "alla", "/api/requests", data=form | {"subject": "Иное"}, headers=keyed("one")
    )
    more = await api.post(
        "alla", "/api/requests", data=form, files={"files": ("a.png", PNG)}, headers=keyed("one")
    )

    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert (more.status_code, more.json()["code"]) == (422, "key_reused")


async def test_two_people_may_use_the_same_key(api: Api) -> None:
    assert await api.file("alla", "one") != await api.file("bogdan", "one")


async def test_a_file_is_judged_by_its_bytes_not_by_its_name(api: Api) -> None:  # R42 Q14
    form = {"subject": "Сбой", "description": "Снимки приложены."}
    carried = [
        ("files", ("снимок.txt", PNG, "text/plain")),
        ("files", ("../../picture.png", b"<script>", "image/png")),
        ("files", ("old.bmp", b"BM....", "image/png")),
    ]

    response = await api.post("alla", "/api/requests", data=form, files=carried, headers=keyed())

    with api.parts.database.transaction() as connection:
        row = requests.find(connection, response.json()["number"])
        assert row is not None
        kept = files.list_for(connection, row["message_id"])
    assert [(file.name, file.content_type) for file in kept] == [
        ("снимок.txt", "image/png"),
        ("picture.png", "application/octet-stream"),
        ("old.bmp", "image/bmp"),
    ]
    assert api.parts.files.read(kept[0].digest) == PNG


async def test_more_than_ten_files_are_turned_away_and_nothing_is_registered(api: Api) -> None:
    form = {"subject": "Сбой", "description": "Снимки приложены."}
    carried = [("files", (f"{n}.png", PNG)) for n in range(11)]

    response = await api.post("alla", "/api/requests", data=form, files=carried, headers=keyed())

    assert (response.status_code, response.json()["code"]) == (413, "too_many_files")
    with api.parts.database.transaction() as connection:
        assert tickets.list_open(connection) == []


async def test_a_file_over_25_megabytes_is_turned_away(api: Api) -> None:
    form = {"subject": "Сбой", "description": "Файл приложен."}
    large = {"files": ("large.bin", b"\x00" * (25 * 2**20 + 1))}

    response = await api.post("alla", "/api/requests", data=form, files=large, headers=keyed())

    assert (response.status_code, response.json()["code"]) == (413, "file_too_large")
    assert "large.bin" in response.json()["detail"]


async def test_a_client_without_support_is_registered_and_marked(api: Api) -> None:  # Q13 R7
    number = await api.file("oleg")

    with api.parts.database.transaction() as connection:
        ticket = tickets.find(connection, number)
    assert ticket is not None
    assert not ticket.entitled


async def test_staff_cannot_use_the_clients_form(api: Api) -> None:  # R2
    form = {"subject": "Сбой", "description": "Не открывается."}

    response = await api.post("sveta", "/api/requests", data=form, headers=keyed())

    assert (response.status_code, response.json()["code"]) == (403, "role")


async def test_a_call_counts_from_its_registration_and_keeps_its_time(api: Api) -> None:  # R30 Q10
    call = CALL | {"login": "alla"}

    response = await api.post("sveta", "/api/requests/phone", json=call, headers=keyed())

    receipt = response.json()
    assert receipt["received_at"] == "2026-09-07T11:30:00+03:00"
    with api.parts.database.transaction() as connection:
        row = requests.find(connection, receipt["number"])
        first = find_by_key(connection, "phone:specialist:1:k1")
    assert row is not None
    assert row["called_at"] == datetime(2026, 9, 7, 8, 20, tzinfo=UTC)
    assert first is not None


async def test_a_call_told_by_a_clock_that_is_ahead_is_one_ticket_and_no_later_than_it(
    api: Api,
) -> None:  # R30 Q10 law 2
    call = CALL | {"called_at": "2026-09-07T11:33:00+03:00"}

    first = await api.post("sveta", "/api/requests/phone", json=call, headers=keyed())
    api.clock.set(api.clock() + timedelta(minutes=1))
    again = await api.post("sveta", "/api/requests/phone", json=call, headers=keyed())

    assert (again.status_code, again.json()["number"]) == (200, first.json()["number"])
    with api.parts.database.transaction() as connection:
        row = requests.find(connection, first.json()["number"])
    assert row is not None
    assert row["called_at"] == row["received_at"]


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+03:00", "9999-12-31T23:59:59-12:00"])
async def test_a_call_of_no_year_of_ours_makes_no_ticket_that_cannot_be_read(
    api: Api, at: str
) -> None:  # R30 law 10
    call = CALL | {"called_at": at}

    response = await api.post("sveta", "/api/requests/phone", json=call, headers=keyed())

    if response.status_code == 201:
        number = response.json()["number"]
        assert (await api.get("sveta", f"/api/tickets/{number}")).status_code == 200
    else:
        assert response.json()["errors"][0]["field"] == "called_at"


async def test_an_unknown_caller_without_e_mail_waits_in_identification(
    api: Api,
) -> None:  # Q9 Q12
    response = await api.post("sveta", "/api/requests/phone", json=CALL, headers=keyed())

    assert response.status_code == 201
    assert response.json()["awaits_identification"]
    assert "email" in [asked["field"] for asked in response.json()["missing"]]
    with api.parts.database.transaction() as connection:
        ticket = tickets.find(connection, response.json()["number"])
    assert ticket is not None
    assert ticket.status is Status.IDENTIFICATION


async def test_a_login_that_nobody_has_is_named_as_the_reason(api: Api) -> None:
    call = CALL | {"login": "nobody"}

    response = await api.post("sveta", "/api/requests/phone", json=call, headers=keyed())

    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "login"


@pytest.mark.parametrize("absent", ["organisation", "contract", "signatory"])
async def test_paper_without_a_requisite_waits_in_identification(
    api: Api, absent: str
) -> None:  # R32
    shown = [requisite for requisite in PAPER["requisites"] if requisite != absent]

    response = await api.post(
        "sveta", "/api/requests/paper", json=PAPER | {"requisites": shown}, headers=keyed()
    )

    assert response.status_code == 201
    assert response.json()["awaits_identification"]
    assert response.json()["missing_requisites"] == [absent]


async def test_paper_with_every_requisite_is_the_clients_request(api: Api) -> None:  # R31 R32
    response = await api.post("sveta", "/api/requests/paper", json=PAPER, headers=keyed())

    assert not response.json()["awaits_identification"]
    shown = await api.get("alla", f"/api/tickets/{response.json()['number']}")
    assert shown.json()["request"]["channel"] == "paper"
