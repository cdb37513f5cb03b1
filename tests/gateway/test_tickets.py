"""What is shown of tickets: R2, R47, R49, R50; another's ticket is nobody's."""

from base64 import urlsafe_b64encode
from datetime import timedelta

import pytest

from domain.calendar import WorkingTime
from domain.events import Answered, CriticalityConfirmed, Noted, TicketEvent
from domain.obligations import next_due
from domain.occurrences import Registered
from domain.terms import Channel, Criticality
from domain.ticket import fold
from storage import messages, tickets
from storage.messages import StaffText
from storage.tickets import Record
from tests.gateway.conftest import MONDAY, Api

PAGES = ("/api/tickets/{}", "/api/files/" + "0" * 64 + "?ticket={}")
NUL = urlsafe_b64encode(b'["2026-09-07T08:30:00Z", "\\u0000"]').decode()


def happen(api: Api, number: str, *happened: TicketEvent) -> None:
    """Record what happened, as the ticket's process does."""
    with api.parts.database.transaction() as connection:
        before = tickets.journal(connection, number)
        first = (registered(api, number),) if not before else ()
        journal = (*before, *first, *happened)
        ticket = fold(number, journal)
        rules = api.parts.rules()
        due = next_due(ticket, rules.calendar, rules.settings)
        tickets.record(connection, Record(ticket, (*first, *happened), (), due))


def registered(api: Api, number: str) -> Registered:
    with api.parts.database.transaction() as connection:
        ticket = tickets.find(connection, number)
    assert ticket is not None
    assert ticket.received_at is not None
    assert ticket.accepted_at is not None
    return Registered(
        at=ticket.received_at,
        channel=Channel.WEB,
        received_at=ticket.received_at,
        accepted_at=ticket.accepted_at,
        client=ticket.client,
    )


def words(api: Api, number: str, text: str) -> int:
    with api.parts.database.transaction() as connection:
        return messages.add_staff_text(
            connection, StaffText(number, text, "specialist:1", api.clock())
        )


async def test_anothers_ticket_and_one_that_never_was_are_the_same_answer(api: Api) -> None:  # R2
    number = await api.file("alla")

    others = [await api.get("bogdan", page.format(number)) for page in PAGES]
    nobodys = [await api.get("bogdan", page.format("PS-999999")) for page in PAGES]

    assert [answer.status_code for answer in others] == [404, 404]
    assert [answer.json() for answer in others] == [answer.json() for answer in nobodys]


async def test_a_client_lists_the_tickets_of_its_own_organisation(api: Api) -> None:  # R2
    own = await api.file("alla")
    await api.file("bogdan")

    listed = await api.get("alla", "/api/tickets", params={"client": 2})

    assert [ticket["number"] for ticket in listed.json()] == [own]


async def test_staff_list_tickets_by_state(api: Api) -> None:
    number = await api.file("alla")

    waiting = await api.get("sveta", "/api/tickets", params={"status": "in_queue"})
    deferred = await api.get("sveta", "/api/tickets", params={"status": "deferred"})

    assert [ticket["number"] for ticket in waiting.json()] == [number]
    assert deferred.json() == []


async def test_a_client_sees_no_notes_no_ids_of_ours_and_no_numbers_of_rules(api: Api) -> None:
    number = await api.file("alla")
    secret = words(api, number, "Клиент путает версии")
    happen(api, number, Noted(at=MONDAY, by="specialist:1", text=secret))

    shown = await api.get("alla", f"/api/tickets/{number}")

    assert "путает" not in shown.text
    assert "specialist:" not in shown.text
    assert [line["kind"] for line in shown.json()["timeline"]] == ["registered"]
    assert shown.json()["timeline"][0]["rule"] == "пункт 1 порядка обработки обращений"
    assert '"R' not in shown.text


async def test_staff_see_notes_with_their_rules(api: Api) -> None:
    number = await api.file("alla")
    note = words(api, number, "Клиент путает версии")
    happen(api, number, Noted(at=MONDAY, by="specialist:1", text=note))

    shown = (await api.get("sveta", f"/api/tickets/{number}")).json()

    assert [line["rule"] for line in shown["timeline"]] == ["R27", "R17"]
    assert shown["messages"][-1]["text"] == "Клиент путает версии"
    assert shown["timeline"][-1]["messages"] == [note]


async def test_the_reaction_is_shown_with_what_it_is_made_of(api: Api) -> None:  # R47
    number = await api.file("alla")
    text = words(api, number, "Ответ")
    answered_at = MONDAY + timedelta(days=1, minutes=-30)
    happen(api, number, Answered(at=answered_at, by="specialist:1", text=text))

    clocks = (await api.get("alla", f"/api/tickets/{number}")).json()["clocks"]

    assert [clock["kind"] for clock in clocks] == ["reaction"]
    assert clocks[0]["seconds"] == WorkingTime.of(hours=8, minutes=30).seconds
    assert clocks[0]["sentence"] == (
        "8 ч 30 мин рабочего времени: пн 11:30–18:00, вт 9:00–11:00; ночь не считается"
    )
    assert clocks[0]["rule"] == "пункт 4 порядка обработки обращений"
    assert not clocks[0]["is_running"]


async def test_the_queue_keeps_the_order_of_arrival(api: Api) -> None:  # R49
    numbers = [await api.file("alla", f"k{n}") for n in range(3)]

    queue = (await api.get("sveta", "/api/queue")).json()

    assert [row["number"] for row in queue["tickets"]] == numbers
    assert not any(row["is_out_of_turn"] for row in queue["tickets"])


async def test_a_confirmed_critical_ticket_stands_first_with_its_reason(api: Api) -> None:  # R50 Q5
    first, second = [await api.file("alla", f"k{n}") for n in range(2)]
    why = words(api, second, "Остановлена отгрузка")
    confirmed = CriticalityConfirmed(
        at=MONDAY, by="specialist:1", criticality=Criticality.CRITICAL, text=why
    )
    happen(api, second, confirmed)

    queue = (await api.get("sveta", "/api/queue")).json()["tickets"]

    assert [row["number"] for row in queue] == [second, first]
    assert queue[0]["is_out_of_turn"]
    assert queue[0]["reason"] == "Остановлена отгрузка"


async def test_the_queue_is_read_page_by_page_without_gaps(api: Api) -> None:  # R49
    numbers = [await api.file("alla", f"k{n}") for n in range(5)]

    read, after = [], ""
    for _ in range(3):
        params = {"limit": 2, "after": after}
        page = (await api.get("sveta", "/api/queue", params=params)).json()
        read += [row["number"] for row in page["tickets"]]
        after = page["after"]

    assert read == numbers
    assert after is None


async def test_open_tickets_are_listed_to_the_last_page(api: Api) -> None:
    numbers = [await api.file("alla", f"k{n}") for n in range(3)]

    first = await api.get("sveta", "/api/tickets", params={"limit": 2, "status": "in_queue"})
    last = await api.get("sveta", first.links["next"]["url"])

    pages = [[ticket["number"] for ticket in page.json()] for page in (first, last)]
    assert pages == [numbers[:2], numbers[2:]]
    assert "status=in_queue" in first.links["next"]["url"]
    assert "next" not in last.links


async def test_a_list_that_fits_its_page_names_no_other(api: Api) -> None:
    for n in range(2):
        await api.file("alla", f"k{n}")

    listed = await api.get("sveta", "/api/tickets", params={"limit": 2})

    assert len(listed.json()) == 2
    assert "Link" not in listed.headers


async def test_the_next_page_of_a_client_has_no_other_organisation(api: Api) -> None:  # R2
    await api.file("alla", "k1")
    await api.file("bogdan", "k2")
    last = await api.file("alla", "k3")

    first = await api.get("alla", "/api/tickets", params={"limit": 1})
    second = await api.get("alla", first.links["next"]["url"])

    assert [ticket["number"] for ticket in second.json()] == [last]
    assert "next" not in second.links


@pytest.mark.parametrize("limit", [0, 201])
async def test_a_page_has_one_to_two_hundred_tickets(api: Api, limit: int) -> None:
    response = await api.get("sveta", "/api/tickets", params={"limit": limit})

    assert [flaw["field"] for flaw in response.json()["errors"]] == ["limit"]


@pytest.mark.parametrize("page", ["/api/queue", "/api/tickets"])
@pytest.mark.parametrize("place", ["%%%", urlsafe_b64encode(b'["x"]').decode(), NUL])
async def test_a_place_of_ones_own_invention_is_refused(api: Api, place: str, page: str) -> None:
    response = await api.get("sveta", page, params={"after": place})

    assert response.status_code == 422
