"""A version of the calendar never changes; a new one tells every open ticket."""

from datetime import date, time

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import OperationalError

from domain.calendar import Calendar, Day, DaySource, Hours
from domain.terms import Status
from storage import calendars
from storage.calendars import Calendars, UnknownVersionError
from storage.database import Database


MONDAY = date(2026, 9, 14)
TUESDAY = date(2026, 9, 15)
SHORT = Hours(time(9), time(14))
NOTIFIED = text("SELECT number, payload FROM handovers WHERE kind = 'calendar_changed'")


def day_off(connection: Connection, on: date = MONDAY, reason: str = "Переезд") -> int:
    return calendars.add_exception(connection, {on: None}, reason, "head:1")


def test_the_register_begins_with_the_official_calendar(database: Database) -> None:  # R44
    with database.transaction() as connection:
        calendar = calendars.load(connection)

    assert calendar.version == 1
    assert calendar.day(date(2026, 1, 1)).hours is None
    assert calendar.day(MONDAY).source is DaySource.WEEKLY
