"""A version of the calendar never changes; a new one tells every open ticket."""

from collections.abc import Callable
from datetime import date, time

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import OperationalError

from domain.calendar import Day, DaySource, Hours
from domain.terms import Status
from storage import calendars
from storage.calendars import Calendars, UnknownVersionError
from storage.database import Database

Enter = Callable[..., str]

MONDAY = date(2026, 9, 14)
TUESDAY = date(2026, 9, 15)
SHORT = Hours(time(9), time(14))
TOLD = text("SELECT number, payload FROM handovers WHERE kind = 'calendar_changed' ORDER BY number")
IMPATIENTLY = text("SET LOCAL lock_timeout = '100ms'")


def rest(connection: Connection, on: date = MONDAY, reason: str = "Переезд") -> int:
    return calendars.add_exception(connection, {on: None}, reason, "head:1")


def test_the_register_begins_with_the_official_calendar(database: Database) -> None:  # R44
    with database.transaction() as connection:
        calendar = calendars.load(connection)

    assert calendar.version == 1
    assert calendar.day(date(2026, 1, 1)).hours is None
    assert calendar.day(MONDAY).source is DaySource.WEEKLY


def test_a_day_set_by_the_operator_stands_with_its_reason(database: Database) -> None:  # R45
    with database.transaction() as connection:
        given = {MONDAY: None, TUESDAY: SHORT}
        version = calendars.add_exception(connection, given, "Переезд", "head:1")

        calendar = calendars.load(connection)

    assert calendar.version == version == 2
    assert calendar.day(MONDAY) == Day(None, reason="Переезд")
    assert calendar.day(TUESDAY) == Day(SHORT, reason="Переезд")


def test_a_holiday_can_be_worked(database: Database) -> None:  # R45
    with database.transaction() as connection:
        calendars.add_exception(connection, {date(2026, 11, 4): SHORT}, "Дежурство", "head:1")

        assert calendars.load(connection).day(date(2026, 11, 4)).hours == SHORT


def test_an_older_version_stays_as_it_was(database: Database) -> None:
    with database.transaction() as connection:
        second = rest(connection)
        third = calendars.add_exception(connection, {MONDAY: SHORT}, "Переезд короче", "head:1")

        assert calendars.load(connection, 1).day(MONDAY).source is DaySource.WEEKLY
        assert calendars.load(connection, second).day(MONDAY) == Day(None, reason="Переезд")
        assert calendars.load(connection, third).day(MONDAY) == Day(SHORT, reason="Переезд короче")


def test_a_calendar_knows_how_far_the_official_days_are_decreed(database: Database) -> None:
    with database.transaction() as connection:
        rest(connection)

        calendar = calendars.load(connection)

    assert (calendar.known_through.month, calendar.known_through.day) == (12, 31)
    assert calendar.known_through.year >= 2025


@pytest.mark.parametrize("version", [0, 2])
def test_a_version_that_never_was_is_an_error(database: Database, version: int) -> None:
    with database.transaction() as connection, pytest.raises(UnknownVersionError):
        calendars.load(connection, version)


def test_no_day_departs_without_a_reason(database: Database) -> None:
    with database.transaction() as connection:
        with pytest.raises(ValueError, match="reason"):
            rest(connection, reason=" ")

        assert calendars.current_version(connection) == 1


def test_every_open_ticket_is_told_of_a_new_version(database: Database, enter: Enter) -> None:
    with database.transaction() as connection:
        queued = enter(connection, "web:1")
        waiting = enter(connection, "web:2", status=Status.AWAITING_CLIENT)
        enter(connection, "web:3", status=Status.CLOSED, closed_at=text("now()"))

        version = rest(connection)

        told = [tuple(row) for row in connection.execute(TOLD)]
    assert told == [(queued, {"version": version}), (waiting, {"version": version})]


def test_the_relay_is_woken_by_a_new_version(
    database: Database, wake_ups: Callable[[], int]
) -> None:
    with database.transaction() as connection:
        rest(connection)

    assert wake_ups() == 1


def test_no_ticket_slips_in_before_a_new_version_is_committed(
    database: Database, enter: Enter
) -> None:
    with database.transaction() as changing:
        rest(changing)

        with database.transaction() as entering:
            entering.execute(IMPATIENTLY)
            with pytest.raises(OperationalError, match="lock timeout"):
                enter(entering, "web:1")


def test_versions_are_committed_in_the_order_of_their_numbers(database: Database) -> None:
    with database.transaction() as first:
        rest(first)

        with database.transaction() as second:
            second.execute(IMPATIENTLY)
            with pytest.raises(OperationalError, match="lock timeout"):
                rest(second, TUESDAY)


def test_calendars_are_read_while_a_new_version_is_made(database: Database) -> None:
    with database.transaction() as changing:
        rest(changing)

        with database.transaction() as reading:
            reading.execute(IMPATIENTLY)
            assert calendars.load(reading).version == 1


def test_a_calendar_met_before_costs_one_statement(database: Database) -> None:
    known, statements = Calendars(), list[str]()
    with database.transaction() as connection:
        first = known.current(connection)
        event.listen(connection, "before_cursor_execute", lambda *told: statements.append(told[2]))

        assert known.current(connection) is first

    assert len(statements) == 1


def test_a_new_version_is_seen_at_once_and_the_old_one_is_still_there(database: Database) -> None:
    known = Calendars()
    with database.transaction() as connection:
        old = known.current(connection)

        rest(connection)

        assert known.current(connection).day(MONDAY) == Day(None, reason="Переезд")
        assert known.get(connection, 1) is old
