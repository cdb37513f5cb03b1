"""Where the letters of several tickets go: one statement for a page of them.

Carries out R33, R46; Q9: an address from which letters come back is as good as none.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, func, select

from storage.mail_tables import bounced_addresses
from storage.ticket_tables import requests


def addresses(connection: Connection, numbers: Iterable[str]) -> dict[str, str]:
    """Return the address of each ticket's letters; empty where none is known or it bounces."""
    bounces = bounced_addresses.c.address == func.lower(requests.c.address)
    found = select(requests.c.number, requests.c.address, bounced_addresses.c.address)
    joined = found.join_from(requests, bounced_addresses, bounces, isouter=True)
    rows = connection.execute(joined.where(requests.c.number.in_(tuple(numbers))))
    return {number: "" if bounced else address for number, address, bounced in rows}
