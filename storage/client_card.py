"""A client as staff see it beside a ticket: its contract, its people, its last tickets.

Carries out R2, R7, R35, Q13; U12. Each part is bounded, whatever the client has.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select, text, tuple_

from storage.people import PEOPLE, Client, Person, get_client
from storage.people_tables import users
from storage.ticket_lines import Line, lines_of, read
from storage.ticket_tables import tickets

MOST_USERS = 20
LAST_TICKETS = 5
Arrival = tuple[datetime, str]


@dataclass(frozen=True)
class Card:
    """What the panel shows; `supported_until` is None for a contract without end or for none.

    `product_version` is what the client told last of it, empty where nothing was told lately.
    """

    client: Client
    has_contract: bool
    is_supported: bool
    supported_until: date | None
    users: tuple[Person, ...]
    last_tickets: tuple[Line, ...]
    product_version: str


CONTRACT = text("""
SELECT ends_on, starts_on <= :on AND coalesce(ends_on, 'infinity') >= :on AS holds
FROM contracts WHERE client_id = :client_id ORDER BY holds DESC, starts_on DESC LIMIT 1
""")
VERSION = text("""
SELECT told FROM (
  SELECT requests.told ->> 'product_version' AS told, tickets.received_at, number
  FROM tickets JOIN requests USING (number)
  WHERE tickets.client_id = :client_id ORDER BY tickets.received_at DESC LIMIT 50
) AS lately WHERE told <> '' ORDER BY received_at DESC, number DESC LIMIT 1
""")


def read_card(connection: Connection, client_id: int, on: date, number: str = "") -> Card:
    """Return the card of a client on a day, beside the ticket of this number.

    Raises:
        UnknownClientError: when there is no such client.

    """
    asked = {"client_id": client_id, "on": on}
    contract = connection.execute(CONTRACT, asked).first()
    theirs = PEOPLE.where(users.c.client_id == client_id).limit(MOST_USERS)
    return Card(
        client=get_client(connection, client_id),
        has_contract=contract is not None,
        is_supported=contract is not None and contract.holds,
        supported_until=contract.ends_on if contract else None,
        users=tuple(Person(*row) for row in connection.execute(theirs, {"on": on})),
        last_tickets=list_of_client(connection, client_id, limit=LAST_TICKETS, other_than=number),
        product_version=connection.execute(VERSION, asked).scalar_one_or_none() or "",
    )


def list_of_client(
    connection: Connection,
    client_id: int,
    *,
    limit: int = 50,
    after: Arrival | None = None,
    other_than: str = "",
) -> tuple[Line, ...]:
    """Return the client's tickets, open and closed, the newest first, from before that place.

    A place is the moment and number of the last line shown.
    """
    place = (tickets.c.received_at, tickets.c.number)
    found = select(tickets).where(tickets.c.client_id == client_id, tickets.c.number != other_than)
    if after is not None:
        found = found.where(tuple_(*place) < after)
    chosen = found.order_by(*(column.desc() for column in place)).limit(limit)
    lines = read(connection, lines_of(chosen.subquery()))
    return tuple(sorted(lines, key=lambda line: (line.received_at, line.number), reverse=True))
