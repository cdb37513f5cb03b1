"""Calendar, releases, health: R12, R21, R44, R56."""

from datetime import timedelta

from storage import handovers
from tests.gateway.conftest import Api


async def test_the_head_declares_a_day_off_and_every_open_ticket_is_told(api: Api) -> None:  # R44
    await api.file()
    own = {"days": [{"on": "2026-09-09"}], "reason": "Переезд офиса поддержки"}

    declared = await api.post("head", "/api/calendar/exceptions", json=own)

    assert declared.status_code == 201
    with api.parts.database.transaction() as connection:
        told = handovers.claim(connection, api.clock() + timedelta(days=1), 10)
    assert told[-1].payload == declared.json()
    assert told[-1].kind == "calendar_changed"


async def test_a_calendar_past_all_days_is_asked_in_vain(api: Api) -> None:  # law 10
    response = await api.get("alla", "/api/calendar", params={"since": "9999-12-30", "days": 31})

    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "since")


async def test_the_calendar_shows_each_day_with_what_decides_it(api: Api) -> None:  # R44 R45
    params = {"since": "2026-11-03", "days": 3}

    calendar = (await api.get("alla", "/api/calendar", params=params)).json()

    assert [day["opens"] for day in calendar["days"]] == ["09:00:00", None, "09:00:00"]
    assert calendar["days"][1]["source"] == "holiday"


async def test_only_the_head_declares_days(api: Api) -> None:  # R12
    own = {"days": [{"on": "2026-09-09"}], "reason": "Хочу выходной"}

    response = await api.post("sveta", "/api/calendar/exceptions", json=own)

    assert response.status_code == 403


async def test_hours_come_as_a_pair(api: Api) -> None:
    own = {"days": [{"on": "2026-09-09", "opens": "10:00"}], "reason": "Короткий день"}

    response = await api.post("head", "/api/calendar/exceptions", json=own)

    assert response.status_code == 422


async def test_a_release_is_published_once(api: Api) -> None:  # R21 R56
    first = await api.post("dev", "/api/releases", json={"version": "4.3.0"})
    again = await api.post("dev", "/api/releases", json={"version": "4.3.0"})

    assert first.json() == again.json() == {"version": "4.3.0", "tickets": []}


async def test_operations_see_what_is_not_handed_over(api: Api) -> None:
    await api.file()

    health = (await api.get("ops", "/api/health/details")).json()

    assert health["pending_handovers"] == 1
    assert health["unsent_letters"] == 0


async def test_staff_list_clients_by_name(api: Api) -> None:
    listed = (await api.get("sveta", "/api/clients")).json()

    assert [client["name"] for client in listed] == ["Альфа", "Бета", "Старый договор"]
