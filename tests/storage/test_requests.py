"""What was accepted is one ticket, whole, however often and however concurrently it is told.

R16, R27, R33, R64, Q2, Q8, Q12, Q13; laws 1 and 2.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import Connection, func, select, text

from domain.terms import Channel, Criticality, Status, TicketKind
from storage import handovers, messages, people, requests, tickets
from storage.database import Database
from storage.messages import ClientMessage
from storage.requests import Entry, Registration, UnknownMessageError
from storage.ticket_tables import handovers as handover_rows
from storage.ticket_tables import messages as message_rows
from storage.ticket_tables import requests as request_rows
from storage.ticket_tables import tickets as ticket_rows

AT = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
NEXT_YEAR = datetime(2027, 1, 1, 8, 30, tzinfo=UTC)
REGISTRATION = Registration(
    key="web:1",
    channel=Channel.WEB,
    received_at=AT,
    accepted_at=AT + timedelta(hours=9),
    subject="Не открывается отчёт",
    text="Отчёт по аренде закрывается.",
    kind=TicketKind.QUESTION,
    declared=Criticality.CRITICAL,
    name="Ольга Белова",
    address="belova@sever.example",
    told={"product_version": "5.2"},
    missing=("steps",),
    withheld="automatic letter",
)
TABLES = (message_rows, request_rows, ticket_rows, handover_rows)
ROW = {
    "client_code": "SEVER",
    "client_name": "ООО «Северный двор»",
    "contract_starts_on": "2026-01-01",
    "contract_ends_on": "2026-12-31",
    "login": "sever-01",
    "user_name": "Ольга Белова",
}


def counts(connection: Connection) -> list[int]:
    return [
        connection.execute(select(func.count()).select_from(table)).scalar_one() for table in TABLES
    ]


def of_a_client(connection: Connection) -> Registration:
    people.import_clients(connection, [ROW])
    user = people.find_user_by_login(connection, "sever-01", date(2026, 9, 7))
    assert user is not None
    return replace(REGISTRATION, client_id=user.client_id, user_id=user.user_id, is_verified=True)


def late_message(connection: Connection, number: str, at: datetime = AT) -> int:
    message = ClientMessage(
        number=number,
        key=f"late:{at}",
        channel=Channel.EMAIL,
        at=at,
        text="Ошибка вернулась.",
        author="client:1",
    )
    return messages.add_client_message(connection, message)[0]


def register_and_break(database: Database) -> None:
    with database.transaction() as connection:
        requests.register(connection, REGISTRATION)
        raise ConnectionError


def test_an_appeal_is_a_message_a_request_a_ticket_and_a_handover_of_one_number(
    database: Database,
) -> None:  # R16 R27
    with database.transaction() as connection:
        entry = requests.register(connection, REGISTRATION)

        [told] = handovers.claim(connection, AT, 10)
        [message] = messages.list_for(connection, entry.number)
        request = requests.find(connection, entry.number)
        ticket = tickets.find(connection, entry.number)

    assert entry == Entry("PS-000001", message["id"])
    assert (told.number, told.kind) == (entry.number, "start")
    assert (message["text"], message["visible_text"]) == (REGISTRATION.text, REGISTRATION.text)
    assert request is not None
    assert (request["told"], request["missing"]) == ({"product_version": "5.2"}, ["steps"])
    assert (request["declared"], request["withheld"]) == ("critical", "automatic letter")
    assert ticket is not None
    assert (ticket.number, ticket.sequence) == (entry.number, 0)


def test_the_process_is_told_both_moments_and_no_words(database: Database) -> None:  # R44 Q2
    with database.transaction() as connection:
        requests.register(connection, REGISTRATION)

        [told] = handovers.claim(connection, AT, 10)

    assert told.payload["kind"] == "registered"
    assert datetime.fromisoformat(told.payload["received_at"]) == AT
    assert datetime.fromisoformat(told.payload["accepted_at"]) == REGISTRATION.accepted_at
    assert REGISTRATION.text not in str(told.payload)
    assert REGISTRATION.address not in str(told.payload)


def test_an_appeal_of_a_stranger_is_numbered_and_waits_in_identification(
    database: Database,
) -> None:  # R2 Q12
    with database.transaction() as connection:
        number = requests.register(connection, REGISTRATION).number

        row = tickets.find_row(connection, number)

    assert row is not None
    assert row["status"] == Status.IDENTIFICATION


def test_numbers_go_up_in_the_order_of_arrival(database: Database) -> None:  # R49
    with database.transaction() as connection:
        numbers = [
            requests.register(connection, replace(REGISTRATION, key=key)).number for key in "abc"
        ]

    assert numbers == ["PS-000001", "PS-000002", "PS-000003"]


def test_the_same_key_again_is_the_same_ticket_told_once(database: Database) -> None:  # R16
    with database.transaction() as connection:
        first = requests.register(connection, REGISTRATION)
    with database.transaction() as connection:
        again = requests.register(connection, replace(REGISTRATION, text="Другие слова."))

        assert again == replace(first, is_new=False)
        assert messages.list_for(connection, first.number)[0]["text"] == REGISTRATION.text
        assert counts(connection) == [1, 1, 1, 1]
        assert requests.find_by_key(connection, "web:1") == again


def test_the_same_key_from_several_doors_at_once_is_one_ticket(database: Database) -> None:  # R16
    doors = 6
    together = Barrier(doors)

    def knock(_: int) -> Entry:
        with database.transaction() as connection:
            connection.execute(select(1))
            together.wait(10)
            return requests.register(connection, REGISTRATION)

    with ThreadPoolExecutor(doors) as pool:
        entries = list(pool.map(knock, range(doors)))

    with database.transaction() as connection:
        assert counts(connection) == [1, 1, 1, 1]
    assert len({(entry.number, entry.message_id) for entry in entries}) == 1
    assert [entry.is_new for entry in entries].count(True) == 1


def test_a_registration_that_is_not_committed_leaves_nothing_and_may_come_again(
    database: Database,
) -> None:  # R27 R33
    with pytest.raises(ConnectionError):
        register_and_break(database)

    with database.transaction() as connection:
        nothing = counts(connection)
        entry = requests.register(connection, REGISTRATION)

    assert nothing == [0, 0, 0, 0]
    assert entry.is_new


def test_the_relay_hears_of_an_appeal_only_after_it_is_kept(
    database: Database, wake_ups: Callable[[], int]
) -> None:  # R16
    with database.transaction() as connection:
        requests.register(connection, REGISTRATION)

    assert wake_ups() == 1


def test_a_message_that_came_too_late_opens_a_ticket_of_the_same_people_and_subject(
    database: Database,
) -> None:  # R64 Q8
    with database.transaction() as connection:
        closed = requests.register(connection, of_a_client(connection))
        message = late_message(connection, closed.number, AT + timedelta(days=9))

        opened = requests.follow_up(connection, closed.number, message, AT + timedelta(days=10))

        before = requests.find(connection, closed.number)
        after = requests.find(connection, opened.number)
    assert before is not None
    assert after is not None
    inherited = ("client_id", "user_id", "name", "address", "is_verified", "kind", "subject")
    assert [after[name] for name in inherited] == [before[name] for name in inherited]
    assert (after["follow_up_of"], after["channel"]) == (closed.number, Channel.EMAIL)
    assert after["text"] == "Ошибка вернулась."
    assert after["received_at"] == AT + timedelta(days=9)
    assert after["accepted_at"] == AT + timedelta(days=10)


def test_a_message_opens_one_ticket_however_often_it_is_told(database: Database) -> None:  # R64 Q8
    with database.transaction() as connection:
        closed = requests.register(connection, of_a_client(connection))
        message = late_message(connection, closed.number)

        opened = [requests.follow_up(connection, closed.number, message, AT) for _ in range(2)]

        assert counts(connection)[1:3] == [2, 2]
    assert opened[0].number == opened[1].number
    assert [entry.is_new for entry in opened] == [True, False]


@pytest.mark.parametrize(("at", "entitled"), [(AT, True), (NEXT_YEAR, False)])
def test_support_is_judged_anew_on_the_day_of_the_late_message(
    database: Database, at: datetime, *, entitled: bool
) -> None:  # R2 R7 R64 Q13
    with database.transaction() as connection:
        known = replace(of_a_client(connection), entitled=not entitled)
        closed = requests.register(connection, known)
        message = late_message(connection, closed.number, at)

        opened = requests.follow_up(connection, closed.number, message, at)

        told = {each.number: each for each in handovers.claim(connection, at, 10)}
    assert told[opened.number].payload["entitled"] is entitled


def test_the_last_day_of_a_contract_ends_at_midnight_in_moscow(database: Database) -> None:  # R2
    midnight = datetime(2026, 12, 31, 21, tzinfo=UTC)
    moments = (midnight - timedelta(seconds=1), midnight)
    with database.transaction() as connection:
        closed = requests.register(connection, of_a_client(connection)).number
        for at in moments:
            message = late_message(connection, closed, at)
            requests.follow_up(connection, closed, message, at)

        told = [each.payload for each in handovers.claim(connection, NEXT_YEAR, 10)]

    assert [told_of["entitled"] for told_of in told if told_of.get("follow_up_of")] == [True, False]


def test_nothing_follows_a_message_or_a_ticket_that_is_unknown(database: Database) -> None:  # R64
    with database.transaction() as connection:
        closed = requests.register(connection, REGISTRATION)

        with pytest.raises(UnknownMessageError):
            requests.follow_up(connection, closed.number, closed.message_id + 1, AT)
        with pytest.raises(UnknownMessageError):
            requests.follow_up(connection, "PS-000404", closed.message_id, AT)
        assert counts(connection) == [1, 1, 1, 1]


def test_the_millionth_ticket_has_a_number_of_its_own(database: Database) -> None:  # R16
    with database.transaction() as connection:
        connection.execute(text("SELECT setval('ticket_numbers', 999999)"))

        entry = requests.register(connection, REGISTRATION)

        assert entry.number == "PS-1000000"
