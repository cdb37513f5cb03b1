"""Beside a ticket stand the solved ones that are like it, and its client as the register knows it.

R2, R7, R18, R35, R53, Q13; U12.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from domain import events, occurrences
from domain.terms import Channel, Ground
from domain.ticket import fold
from storage import client_card, messages, people, requests, similar, tickets
from storage.database import Database
from storage.messages import StaffText
from storage.people import UnknownClientError
from storage.requests import Registration
from storage.tickets import Record

AT = datetime(2026, 9, 7, 9, 30, tzinfo=UTC)
TODAY = date(2026, 9, 7)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with database.transaction() as connection:
        yield connection


def enter(connection: Connection, subject: str, said: str = "", **told: Any) -> Registration:  # noqa: ANN401 - of a registration
    place = connection.execute(text("SELECT count(*) FROM requests")).scalar_one()
    at = AT + place * MINUTE
    known: dict[str, Any] = {
        "key": str(place),
        "received_at": at,
        "accepted_at": at,
        "text": said,
        **told,
    }
    registration = Registration(channel=Channel.WEB, subject=subject, **known)
    requests.register(connection, registration)
    return registration


def number_of(connection: Connection, registration: Registration) -> str:
    entry = requests.find_by_key(connection, registration.key)
    assert entry is not None
    return entry.number


def solve(
    connection: Connection, registration: Registration, result: str, ground: Ground = Ground.SOLVED
) -> str:
    number = number_of(connection, registration)
    words = messages.add_staff_text(connection, StaffText(number, result, "specialist:1", AT))
    began = events.ClosingBegan(at=AT, ground=ground, text=words)
    journal = (registration.event, began, occurrences.Closed(at=AT))
    assert tickets.record(connection, Record(fold(number, journal), journal))
    return number


def client(connection: Connection, code: str = "A", **told: str) -> int:
    row = {"client_code": code, "client_name": code, "login": code, "user_name": code, **told}
    people.import_clients(connection, [row])
    return next(one.id for one in people.list_clients(connection) if one.code == code)


def test_solved_tickets_with_the_same_telling_words_are_found_with_their_results(
    connection: Connection,
) -> None:  # R18 U12
    like = enter(connection, "Не печатаются «квитанции» за пеню", "Принтер молчит")
    solved = solve(connection, like, "Обновите драйвер принтера.")
    solve(connection, enter(connection, "Забыт пароль", "Не войти"), "Пароль сменён.")
    asked = enter(connection, "Квитанция не печатается", "Опять молчит принтер")

    found = similar.find_similar(connection, number_of(connection, asked))

    assert [(one.line.number, one.result) for one in found] == [
        (solved, "Обновите драйвер принтера.")
    ]


def test_neither_open_nor_refused_tickets_nor_the_ticket_itself_are_similar(
    connection: Connection,
) -> None:  # U12
    subject = "Не печатается квитанция"
    enter(connection, subject)
    solve(connection, enter(connection, subject), "Договор кончился.", Ground.NO_ACTIVE_SUPPORT)
    itself = solve(connection, enter(connection, subject), "Готово.")

    assert similar.find_similar(connection, itself) == ()


def test_a_ticket_without_words_has_no_similar_ones(connection: Connection) -> None:  # U12
    solve(connection, enter(connection, "Не печатается квитанция"), "Готово.")
    silent = enter(connection, "???", "!!!")

    assert similar.find_similar(connection, number_of(connection, silent)) == ()
    assert similar.find_similar(connection, "PS-999999") == ()


def test_no_more_similar_tickets_are_shown_than_asked_for_by_few_questions(
    connection: Connection,
) -> None:  # U12
    for _ in range(8):
        solve(connection, enter(connection, "Не печатается квитанция"), "Готово.")
    asked = number_of(connection, enter(connection, "Квитанция снова не печатается"))
    statements: list[str] = []
    event.listen(connection, "before_cursor_execute", lambda *told: statements.append(told[2]))

    found = similar.find_similar(connection, asked)

    assert len(found) == 5
    assert len(statements) == 4


def test_hostile_words_of_a_ticket_break_no_look_for_similar_ones(
    connection: Connection,
) -> None:  # U12
    said = "a'b\\c ' | & ! :* o'neil \\' d'or 'x':A"
    solved = solve(connection, enter(connection, said, said), "Готово.")
    asked = enter(connection, said, said)

    found = similar.find_similar(connection, number_of(connection, asked))

    assert [one.line.number for one in found] == [solved]


def test_a_card_tells_contract_people_version_and_the_last_other_tickets(
    connection: Connection,
) -> None:  # R2 R7 R35 U12
    dates = {"contract_starts_on": "2026-01-01", "contract_ends_on": "2026-12-31"}
    ours, theirs = client(connection, **dates), client(connection, "B")
    told: dict[str, Any] = {"client_id": ours, "told": {"product_version": "5.1"}}
    entered = [number_of(connection, enter(connection, "Вопрос", **told)) for _ in range(7)]
    enter(connection, "Вопрос", client_id=ours)
    last = number_of(
        connection, enter(connection, "Вопрос", client_id=ours, told={"product_version": "5.2"})
    )
    enter(connection, "Вопрос", client_id=theirs)

    card = client_card.read_card(connection, ours, TODAY, last)

    assert (card.client.code, card.is_supported, card.supported_until) == (
        "A",
        True,
        date(2026, 12, 31),
    )
    assert [user.login for user in card.users] == ["A"]
    assert [line.number for line in card.last_tickets][1:] == entered[:2:-1]
    assert card.product_version == "5.2"


@pytest.mark.parametrize(
    ("dates", "has_contract", "is_supported", "until"),
    [
        ({}, False, False, None),
        ({"contract_starts_on": "2026-01-01"}, True, True, None),
        (
            {"contract_starts_on": "2025-01-01", "contract_ends_on": "2025-12-31"},
            *(True, False, date(2025, 12, 31)),
        ),
    ],
)
def test_a_card_tells_whether_support_holds_and_until_when(
    connection: Connection,
    dates: dict[str, str],
    *,
    has_contract: bool,
    is_supported: bool,
    until: date | None,
) -> None:  # R2 R7 Q13
    card = client_card.read_card(connection, client(connection, **dates), TODAY)

    told = (card.has_contract, card.is_supported, card.supported_until)
    assert told == (has_contract, is_supported, until)
    assert (card.last_tickets, card.product_version) == ((), "")


def test_there_is_no_card_of_a_client_that_never_was(connection: Connection) -> None:  # U12
    with pytest.raises(UnknownClientError):
        client_card.read_card(connection, 1, TODAY)


def test_a_client_s_tickets_are_paged_from_the_newest_without_a_gap(
    connection: Connection,
) -> None:  # U12
    ours = client(connection)
    entered = [number_of(connection, enter(connection, "Вопрос", client_id=ours)) for _ in range(5)]

    seen, after = [], None
    while lines := client_card.list_of_client(connection, ours, limit=2, after=after):
        seen += [line.number for line in lines]
        after = (lines[-1].received_at, lines[-1].number)

    assert seen == entered[::-1]
