"""What the register's tests need beside the register: a ticket in it, an ear to it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import Connection, make_url, update

from domain.terms import Channel, Status
from storage import requests
from storage.database import Database
from storage.requests import Registration
from storage.ticket_tables import tickets

RECEIVED_AT = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)


@pytest.fixture
def enter() -> Callable[..., str]:
    """Give the way to enter a ticket by its key, its line set as its process would."""

    def enter(connection: Connection, key: str, **columns: object) -> str:
        registration = Registration(
            key=key,
            channel=Channel.WEB,
            received_at=RECEIVED_AT,
            accepted_at=RECEIVED_AT,
            subject="Не открывается отчёт",
            text="Отчёт по аренде закрывается сразу после запуска.",
        )
        number = requests.register(connection, registration).number
        values = {"status": Status.IN_QUEUE, **columns}
        connection.execute(update(tickets).where(tickets.c.number == number).values(values))
        return number

    return enter


@pytest.fixture
def wake_ups(database: Database) -> Iterator[Callable[[], int]]:
    """Give the way to count the wake-ups of the relay since the start, of which one must come."""
    plain = make_url(database.url).set(drivername="postgresql")
    with psycopg.connect(plain.render_as_string(hide_password=False), autocommit=True) as listener:
        listener.execute("LISTEN handovers")
        yield lambda: len(list(listener.notifies(timeout=10, stop_after=1)))
