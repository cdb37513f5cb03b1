"""Staff keep back, urge and hold letters through the API; the client sees nothing of it (R45)."""

from datetime import timedelta
from typing import Any

from deploy.local.story import Story
from tests.gateway.conftest import Api


async def held(live: Api, story: Story) -> tuple[str, str]:
    """Return a ticket with an answer that is held, and the letter's key."""
    number = await live.file()
    await story.until(story.world.clock() + timedelta(seconds=2))
    await live.post("sveta", f"/api/tickets/{number}/commands/take", json={})
    body = {"text": "Обновите до 4.3.", "hold": 300}
    response = await live.post("sveta", f"/api/tickets/{number}/commands/answer", json=body)
    assert response.status_code == 200, response.text
    return number, f"{number}/3/answer"


async def shown(live: Api, who: str, number: str) -> dict[str, Any]:
    told: dict[str, Any] = (await live.get(who, f"/api/tickets/{number}")).json()
    return told


async def test_a_held_answer_is_kept_back_and_its_client_never_sees_it(
    live: Api, story: Story
) -> None:  # R45 law 10
    number, letter = await held(live, story)
    address = f"/api/tickets/{number}/commands/cancel_letter"

    before = await shown(live, "alla", number)
    given = await live.post("sveta", address, json={"letter": letter, "text": "Не та версия."})
    again = await live.post("sveta", address, json={"letter": letter})
    staff, client = await shown(live, "sveta", number), await shown(live, "alla", number)

    assert given.status_code == 200
    assert (again.status_code, again.json()["code"]) == (409, "left")
    assert again.json()["detail"].startswith("Письмо уже не ждёт отправки")
    assert staff["letters"][-1]["reason"].endswith("Не та версия.")
    assert [one["kind"] for one in before["letters"] + client["letters"]] == ["confirmation"] * 2
    assert "letter_cancelled" not in [line["kind"] for line in client["timeline"]]


async def test_urging_needs_a_reason_and_leaves_at_once(live: Api, story: Story) -> None:  # law 7
    number, letter = await held(live, story)
    address = f"/api/tickets/{number}/commands/send_urgently"

    without = await live.post("sveta", address, json={"letter": letter})
    given = await live.post("sveta", address, json={"letter": letter, "text": "Сервер стоит."})

    assert (without.status_code, given.status_code) == (422, 200)
    assert (await shown(live, "alla", number))["letters"][-1]["kind"] == "answer"


async def test_a_diagnosis_is_on_the_timeline_of_staff_alone(
    live: Api, story: Story
) -> None:  # R4 R17 R18
    number, _ = await held(live, story)
    body = {"cause": "product_error", "by_user": "no", "tried": "Сброс.", "found": "Ошибка."}

    given = await live.post("sveta", f"/api/tickets/{number}/commands/diagnose", json=body)
    line = (await shown(live, "sveta", number))["timeline"][-1]

    assert given.status_code == 200
    assert (line["kind"], line["rule"], len(line["messages"])) == ("diagnosed", "R4", 2)
    assert line["sentence"].startswith("Причина установлена: ошибка самого продукта")
