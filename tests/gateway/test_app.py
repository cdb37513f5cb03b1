"""The doors themselves: R2, no open one but health and description, every failure a problem."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from deploy.local.processes import LOOPBACK, free_port
from gateway.app import create_app
from storage import tokens
from storage.database import Database
from tests.gateway.conftest import Api

OPEN = {"/health"}


@pytest.fixture
async def bereft(api: Api) -> AsyncIterator[Api]:
    """Give the API while the server of its register is away."""
    database = Database(f"postgresql+psycopg://nobody@{LOOPBACK}:{free_port()}/nothing")
    parts = replace(api.parts, database=database)
    transport = httpx.ASGITransport(create_app(parts), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://support.test") as http:
        yield replace(api, http=http, parts=parts)
    database.dispose()


async def test_no_door_of_the_api_is_open(api: Api) -> None:  # R2
    description = (await api.http.get("/api/openapi.json")).json()
    doors = [
        (method, path)
        for path, methods in description["paths"].items()
        for method in methods
        if path not in OPEN
    ]

    filled = {"number": "PS-000001", "id": 1, "digest": "0" * 64}
    answers = {
        (method, path): await api.http.request(method.upper(), path.format(**filled))
        for method, path in doors
    }

    assert len(doors) > 30
    assert [door for door, answer in answers.items() if answer.status_code != 401] == []


async def test_health_is_open_and_says_what_works(api: Api) -> None:
    health = await api.http.get("/health")

    assert health.json() == {"is_alive": True, "register_answers": True, "engine_answers": False}


async def test_a_token_for_the_cabinet_does_not_open_the_api(api: Api) -> None:
    response = await api.get("alla-cabinet", "/api/tickets")

    assert (response.status_code, response.json()["code"]) == (403, "scope")


async def test_an_unknown_token_is_told_how_to_sign_in(api: Api) -> None:
    response = await api.http.get("/api/tickets", headers={"Authorization": "Bearer ps_nobody"})

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert "Authorization" in response.json()["way_out"]


async def test_a_revoked_token_is_refused_by_a_process_that_did_not_know_it(api: Api) -> None:
    with api.parts.database.transaction() as connection:
        bearer = tokens.find(connection, api.tokens["alla"], api.clock())
        assert bearer is not None
        tokens.revoke(connection, bearer.token_id, api.clock() - timedelta(seconds=1))

    response = await api.get("alla", "/api/tickets")

    assert response.status_code == 401


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("alla", "/api/queue"),
        ("alla", "/api/review"),
        ("alla", "/api/clients"),
        ("sveta", "/api/health/details"),
        ("ops", "/api/queue"),
        ("dev", "/api/review"),
    ],
)
async def test_a_role_sees_only_its_own_doors(api: Api, who: str, path: str) -> None:
    response = await api.get(who, path)

    assert (response.status_code, response.json()["code"]) == (403, "role")
    assert response.json()["way_out"]


async def test_a_flaw_is_named_with_its_field_and_a_reason_in_russian(api: Api) -> None:
    response = await api.post(
        "alla",
        "/api/requests",
        data={"subject": "", "kind": "riddle"},
        headers={"Idempotency-Key": "k"},
    )

    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == 422
    flaws = {flaw["field"]: flaw["reason"] for flaw in response.json()["errors"]}
    assert flaws["subject"] == "не заполнено"
    assert flaws["description"] == "не заполнено"
    assert flaws["kind"].startswith("допустимо только")


async def test_a_request_without_its_key_is_told_so(api: Api) -> None:
    response = await api.post("alla", "/api/requests", data={"subject": "a", "description": "b"})

    assert response.json()["errors"] == [{"field": "Idempotency-Key", "reason": "не заполнено"}]


async def test_json_over_64_kilobytes_is_turned_away(api: Api) -> None:
    response = await api.post(
        "sveta", "/api/tickets/PS-000001/commands/note", json={"text": "а" * 70_000}
    )

    assert (response.status_code, response.json()["code"]) == (413, "too_large")


async def test_a_body_that_hides_its_length_is_cut_off(api: Api) -> None:
    async def endless() -> object:
        for _ in range(100):
            yield b" " * 1024

    response = await api.post(
        "sveta",
        "/api/tickets/PS-000001/commands/note",
        content=endless(),
        headers={"Content-Type": "application/json"},
    )

    assert (response.status_code, response.json()["code"]) == (413, "too_large")


async def test_another_kind_of_body_is_turned_away(api: Api) -> None:
    response = await api.post(
        "sveta",
        "/api/tickets/PS-000001/commands/note",
        content=b"<text/>",
        headers={"Content-Type": "application/xml"},
    )

    assert response.status_code == 415
    assert "application/json" in response.json()["way_out"]


async def test_a_fault_of_ours_shows_nothing_of_our_insides(api: Api) -> None:
    with api.parts.database.transaction() as connection:
        connection.exec_driver_sql("DROP TABLE events CASCADE; DROP TABLE letters CASCADE")
    number = await api.file()

    response = await api.get("alla", f"/api/tickets/{number}")

    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    for secret in ("Traceback", "psycopg", "SELECT", "letters"):
        assert secret not in response.text


async def test_while_the_register_is_away_a_reader_is_told_when_to_come_again(
    bereft: Api,
) -> None:
    response = await bereft.get("alla", "/api/tickets")

    assert (response.status_code, response.json()["code"]) == (503, "register_away")
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["Retry-After"] == "5"
    assert "Письма не пропадут" in response.json()["detail"]


async def test_while_the_register_is_away_a_form_is_to_be_sent_again_and_not_logged(
    bereft: Api, caplog: pytest.LogCaptureFixture
) -> None:
    form = {"subject": "Отчёт", "description": "Тайна"}

    response = await bereft.post(
        "alla", "/api/requests", data=form, headers={"Idempotency-Key": "k1"}
    )

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert "Idempotency-Key" in response.json()["way_out"]
    assert "the register is away: OperationalError" in caplog.text
    assert "Тайна" not in caplog.text


async def test_a_connection_that_broke_fails_one_try_and_the_next_is_answered(api: Api) -> None:
    with api.parts.database.transaction() as connection:
        broken = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    other = Database(api.parts.database.url)
    with other.transaction() as connection:
        connection.exec_driver_sql("SELECT pg_terminate_backend(%s, 5000)", (broken,))
    other.dispose()

    answers = [await api.get("alla", "/api/tickets") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [503, 200]


async def test_an_unknown_address_is_a_problem_too(api: Api) -> None:
    response = await api.get("alla", "/api/nothing")

    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["title"] == "Не найдено"


def test_every_door_says_in_russian_what_it_does(api: Api) -> None:
    document = create_app(api.parts).openapi()

    for path, methods in document["paths"].items():
        for door in methods.values():
            words = door["summary"] + door["description"]
            assert any("а" <= letter <= "я" for letter in words), path
    assert "ProblemBody" in document["components"]["schemas"]
