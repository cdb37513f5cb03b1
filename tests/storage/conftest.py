"""What the register's tests need beside the register: a ticket in it."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, update

from domain.terms import Channel, Status
from storage import requests
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
