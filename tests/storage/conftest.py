"""What the register's tests need beside the register: a ticket in it."""

from datetime import UTC, datetime
from typing import Protocol

import pytest
from sqlalchemy import Connection, update

from domain.terms import Channel, Status
from storage import requests
from storage.requests import Registration
from storage.ticket_tables import tickets

RECEIVED_AT = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)


class Enter(Protocol):
    """Enters a ticket in a state and returns its number."""

    def __call__(self, connection: Connection, key: str, **columns: object) -> str: ...


@pytest.fixture
def enter() -> Enter:
    """Give the way to enter a ticket; columns of its line may be set as its process would."""

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
