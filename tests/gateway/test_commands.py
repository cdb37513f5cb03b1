"""Commands on tickets: laws 7, 9 and 10; R5, R46, R49, R50, R56, R63, R64."""

from dataclasses import fields
from datetime import timedelta
from typing import get_args

import pytest
from fastapi import Response
from temporalio.testing import WorkflowEnvironment

from deploy.local.story import Story
from domain import commands
from domain.commands import TicketCommand
from gateway.auth import Visitor
from gateway.bodies import SPECS, Spec
from gateway.commands import take_first
from gateway.orders import Orders
from storage import handovers, messages, tickets, tokens
from tests.gateway.conftest import Api, Build, Clock
from tests.gateway.test_correspondence import close

WITHOUT_BODY = {commands.FollowUp, commands.RequestAccess}  # a door of its own; with the vault
LOOKED_UP = {"client", "entitled", "is_published", "message"}


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


async def started(api: Api, story: Story) -> str:
    """File a request and let its process begin."""
    number = await api.file()
    await story.until(story.world.clock() + timedelta(seconds=2))
    return number


def test_every_command_has_its_door() -> None:  # law 10
    assert {spec.command for spec in SPECS} == set(get_args(TicketCommand)) - WITHOUT_BODY


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind)
def test_a_body_tells_what_its_command_carries(spec: Spec) -> None:
    told = set(spec.body.model_fields) - {"login", "reason"}
    carried = {field.name for field in fields(spec.command)} - {"kind", "reason"}

    assert told - carried <= {"text"}
    assert carried - told <= LOOKED_UP | {"text"}


async def test_a_command_is_kept_for_the_process_while_the_engine_is_away(api: Api) -> None:
    number = await api.file()  # law 10
    address, body = f"/api/tickets/{number}/commands/note", {"text": "Проверить"}

    response = await api.post("sveta", address, json=body, headers=keyed("n"))

    assert response.status_code == 202
    assert response.headers["Idempotency-Key"] == response.json()["key"] == "n"
    assert not response.json()["is_confirmed"]
    with api.parts.database.transaction() as connection:
        told = handovers.claim(connection, api.clock() + timedelta(days=1), 10)
        note = messages.list_for(connection, number)[-1]
    assert told[-1].kind == "command"
    assert told[-1].payload["command"] == {"text": note["id"], "kind": "note"}
    assert note["text"] == "Проверить"  # law 9: only its id travels


async def test_a_client_may_give_only_its_own_commands(api: Api) -> None:  # R65 R27
    number = await api.file()
    address = f"/api/tickets/{number}/commands/"

    refused = await api.post("alla", address + "answer", json={"text": "Сам себе"})
    taken_back = await api.post("alla", address + "withdraw", json={"text": "Уже не нужно"})

    assert (refused.status_code, refused.json()["code"]) == (403, "role")
    assert taken_back.status_code == 202


async def test_a_client_commands_nothing_in_anothers_ticket(api: Api) -> None:  # R2
    number = await api.file("alla")

    response = await api.post(
        "bogdan", f"/api/tickets/{number}/commands/withdraw", json={"text": "Не нужно"}
    )

    assert response.status_code == 404


async def test_taking_out_of_turn_needs_a_reason(api: Api) -> None:  # R49
    first, second = await api.file(key="1"), await api.file(key="2")

    without = await api.post("sveta", f"/api/tickets/{second}/commands/take", json={})
    with_reason = await api.post(
        "sveta", f"/api/tickets/{second}/commands/take", json={"reason": "Продолжение разговора"}
    )

    assert (without.status_code, without.json()["code"]) == (409, "out_of_turn")
    assert without.json()["first"] == first
    assert with_reason.status_code == 202


async def test_a_closed_ticket_answers_with_the_way_to_submit_again(api: Api) -> None:  # R64
    number = await api.file()
    close(api, number)

    response = await api.post(
        "sveta", f"/api/tickets/{number}/commands/answer", json={"text": "Ещё"}
    )

    assert (response.status_code, response.json()["code"]) == (409, "closed")
    assert "follow-up" in response.json()["way_out"]


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        ("identify", {"login": "nobody"}, "login"),
        ("assign", {"specialist": "nobody"}, "specialist"),
        ("merge", {"into": "PS-999999", "text": "То же"}, "into"),
        ("defer", {"reason": "R1", "text": "Потом"}, "reason"),
        ("close", {"text": ""}, "text"),
    ],
)
async def test_what_a_command_cannot_use_is_named(
    api: Api, kind: str, body: dict[str, str], field: str
) -> None:
    number = await api.file()

    response = await api.post("sveta", f"/api/tickets/{number}/commands/{kind}", json=body)

    assert response.status_code == 422
    assert [flaw["field"] for flaw in response.json()["errors"]] == [field]


async def test_a_ticket_whose_process_has_not_begun_asks_to_come_again(
    build: Build, engine: WorkflowEnvironment, clock: Clock
) -> None:
    api = await build(engine.client, clock)
    number = await api.file()

    response = await api.post(
        "sveta", f"/api/tickets/{number}/commands/note", json={"text": "Рано"}
    )

    assert (response.status_code, response.json()["code"]) == (503, "not_started")
    assert response.headers["Retry-After"]


async def test_a_ticket_is_taken_answered_and_closed(live: Api, story: Story) -> None:  # R5 R46 R63
    number = await started(live, story)
    address = f"/api/tickets/{number}/commands/"

    taken = await live.post("sveta", "/api/queue/take-next")
    answered = await live.post("sveta", address + "answer", json={"text": "Обновите версию."})
    closing = await live.post("sveta", address + "close", json={"text": "Решено обновлением."})

    assert [taken.status_code, answered.status_code, closing.status_code] == [200, 200, 200]
    assert taken.json()["number"] == number
    assert taken.json()["status_name"] == "в работе у специалиста"
    await story.world.settle()
    shown = (await live.get("alla", f"/api/tickets/{number}")).json()
    letters = {letter["kind"]: letter for letter in shown["letters"]}
    assert list(letters) == ["confirmation", "answer", "closing"]
    assert "Обновите версию." in letters["answer"]["text"]
    assert letters["closing"]["state_name"] == "принято почтовым сервером"
    assert shown["status"] == "closed"


async def test_one_press_takes_no_second_ticket_though_its_first_was_recorded_meanwhile(
    live: Api, story: Story
) -> None:  # R49 law 2
    first = await live.file(key="k1")
    await live.file(key="k2")
    await story.until(story.world.clock() + timedelta(seconds=2))
    with live.parts.database.transaction() as connection:
        bearer = tokens.find(connection, live.tokens["sveta"], live.parts.clock())
    assert bearer is not None
    orders = Orders(live.parts)

    taken = [
        (await take_first(Visitor(bearer), live.parts, orders, Response(), "press")).number
        for _ in range(2)
    ]

    assert taken == [first, first]


async def test_the_same_key_carries_a_command_out_once(live: Api, story: Story) -> None:
    number = await started(live, story)
    address, body = f"/api/tickets/{number}/commands/note", {"text": "Заметка"}

    first = await live.post("sveta", address, json=body, headers=keyed("once"))
    again = await live.post("sveta", address, json=body, headers=keyed("once"))

    assert (first.status_code, again.status_code) == (200, 200)
    with live.parts.database.transaction() as connection:
        journal = tickets.journal(connection, number)
    assert [event.kind for event in journal].count("noted") == 1


async def test_a_refusal_names_rule_reason_and_that_the_words_are_kept(
    live: Api, story: Story
) -> None:  # law 10
    number = await started(live, story)

    response = await live.post(
        "sveta", f"/api/tickets/{number}/commands/answer", json={"text": "Рано отвечать"}
    )

    problem = response.json()
    assert (response.status_code, problem["code"], problem["rule"]) == (409, "state", "R46")
    assert "«в очереди»" in problem["detail"]
    assert problem["text_kept"]
    with live.parts.database.transaction() as connection:
        assert messages.list_for(connection, number)[-1]["text"] == "Рано отвечать"


async def test_an_empty_queue_has_nothing_to_take(live: Api) -> None:  # R49
    response = await live.post("sveta", "/api/queue/take-next")

    assert (response.status_code, response.json()["code"]) == (409, "queue_empty")


async def test_a_published_release_is_known_when_development_answers(
    live: Api, story: Story
) -> None:  # R56 R21
    number = await started(live, story)
    address = f"/api/tickets/{number}/commands/"
    await live.post("dev", "/api/releases", json={"version": "4.3.0"})
    await live.post("sveta", address + "take", json={})
    await live.post("sveta", address + "hand_off", json={"evidence": "Журнал приложен."})

    response = await live.post(
        "dev",
        address + "return_from_development",
        json={"outcome": "fixed_in_release", "release": "4.3.0", "text": "Исправлено."},
    )

    assert response.status_code == 200
    assert response.json()["status"] == "in_diagnosis"


async def test_a_key_used_for_another_command_hides_nothing(live: Api, story: Story) -> None:  # R46
    number = await started(live, story)
    path = f"/api/tickets/{number}/commands/"
    await live.post("sveta", path + "take", json={})
    await live.post("sveta", path + "note", json={"text": "Заметка."}, headers=keyed("1"))

    for words in ("Ответ.", "Ответ.", "Другой ответ."):
        given = await live.post("sveta", path + "answer", json={"text": words}, headers=keyed("1"))
        assert given.status_code == 200
    await story.world.settle()

    assert story.kinds(number).count("answered") == 2
    assert story.kinds(number).count("noted") == 1


async def test_words_that_were_mended_after_a_refusal_are_the_words_that_leave(
    live: Api, story: Story
) -> None:  # R46
    number = await started(live, story)
    path = f"/api/tickets/{number}/commands/"
    refused = await live.post("sveta", path + "answer", json={"text": "Раз."}, headers=keyed("s"))
    await live.post("sveta", path + "take", json={})

    await live.post("sveta", path + "answer", json={"text": "Два."}, headers=keyed("s"))
    await story.world.settle()

    assert refused.status_code == 409
    (answer,) = [row for key, row in story.letters(number).items() if "answer" in key]
    assert "Два." in answer["text"]
    assert "Раз." not in answer["text"]
