"""Where letters of several tickets would go is read at once; a bouncing address is none."""

from datetime import UTC, datetime

from sqlalchemy import insert

from domain.terms import Channel
from storage import recipients, requests
from storage.database import Connection, Database
from storage.mail_tables import bounced_addresses
from storage.requests import Registration

AT = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)


def enter(connection: Connection, address: str) -> str:
    registration = Registration(
        key=address or "call",
        channel=Channel.EMAIL,
        received_at=AT,
        accepted_at=AT,
        subject="Отчёт",
        text="Закрывается.",
        address=address,
    )
    return requests.register(connection, registration).number


def test_each_ticket_has_its_address_and_one_that_bounces_has_none(
    database: Database,
) -> None:  # Q9 R33
    with database.transaction() as connection:
        alive, dead = enter(connection, "a@alpha.example"), enter(connection, "B@beta.example")
        call = enter(connection, "")
        bounced = {"address": "b@beta.example", "status": "5.1.1", "letter": "k", "bounced_at": AT}
        connection.execute(insert(bounced_addresses).values(bounced))

        found = recipients.addresses(connection, [alive, dead, call, "PS-999999"])

    assert found == {alive: "a@alpha.example", dead: "", call: ""}
