"""The forecast goes by one bounded statement that is kept for a minute. R51, R52."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, event

from domain import events
from domain.events import TicketEvent
from domain.terms import Channel
from domain.ticket import fold
from storage import forecasting, messages, requests, tickets
from storage.database import Database
from storage.forecasting import CurrentBasis
from storage.messages import StaffText
from storage.requests import Registration
from storage.tickets import Record

AT = datetime(2026, 9, 7, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
Journal = tuple[TicketEvent, ...]


def enter(connection: Connection, at: datetime, *, answered: datetime | None = None) -> str:
    registration = Registration(
        key=at.isoformat(),
        channel=Channel.WEB,
        received_at=at,
        accepted_at=at,
        subject="Отчёт",
        text="Пуст",
    )
    number = requests.register(connection, registration).number
    journal: Journal = (registration.event,)
    if answered:
        said = StaffText(number, "Выберите «Все».", "specialist:1", answered)
        words = messages.add_staff_text(connection, said)
        journal += (events.Answered(key="a", at=answered, by="specialist:1", text=words),)
    assert tickets.record(connection, Record(fold(number, journal), journal))
    return number


def test_who_waits_stands_in_order_and_answers_are_counted_by_their_day(
    database: Database,
) -> None:  # R49 R52
    with database.transaction() as connection:
        second, first = enter(connection, AT + DAY / 24), enter(connection, AT)
        enter(connection, AT - 3 * DAY, answered=AT - 2 * DAY)

        basis = forecasting.read(connection, AT)

    assert [number for _, _, number in basis.waiting] == [first, second]
    assert basis.ahead_of((True, AT + DAY / 24, second)) == 1
    assert basis.replies == {"2026-09-05": 1}
    assert basis.is_whole


def test_beyond_the_cap_nobody_is_counted_and_it_is_said(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:  # R52
    monkeypatch.setattr(forecasting, "CAP", 1)
    with database.transaction() as connection:
        enter(connection, AT)
        enter(connection, AT + DAY / 24)

        basis = forecasting.read(connection, AT)

    assert len(basis.waiting) == 1
    assert not basis.is_whole


def test_nobody_waiting_and_nothing_answered_is_a_basis_too(database: Database) -> None:  # R52
    with database.transaction() as connection:
        basis = forecasting.read(connection, AT)

    assert (basis.waiting, basis.replies, basis.is_whole) == ((), {}, True)


def test_the_basis_is_one_statement_a_minute_and_read_anew_on_another_day(
    database: Database,
) -> None:  # R52
    current, statements = CurrentBasis(database), list[str]()

    def note(*told: object) -> None:
        statements.append(str(told[2]))

    event.listen(database._engine, "before_cursor_execute", note)  # noqa: SLF001 - only its own events tell of statements
    try:
        assert current(AT) is current(AT)
        assert len(statements) == 1
        current(AT + DAY)
        assert len(statements) == 2
    finally:
        event.remove(database._engine, "before_cursor_execute", note)  # noqa: SLF001 - as above


def test_a_merged_ticket_waits_for_nobody(database: Database) -> None:  # R52
    with database.transaction() as connection:
        number = enter(connection, AT)
        said = messages.add_staff_text(connection, StaffText(number, "Отозвана", "client:1", AT))
        journal = tickets.journal(connection, number)
        ended = events.Merged(key="m", at=AT, by="specialist:1", into="PS-1", text=said)
        assert tickets.record(connection, Record(fold(number, (*journal, ended)), (ended,)))

        assert not forecasting.read(connection, AT).waiting
