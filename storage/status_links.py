"""Generations of the links to a ticket's page: one more, and no earlier link opens it."""

from sqlalchemy import Connection, select, update

from storage.ticket_tables import requests


def find_generation(connection: Connection, number: str) -> int | None:
    """Return the generation of the ticket's links; None where there is no such ticket."""
    found = select(requests.c.link_generation).where(requests.c.number == number)
    return connection.execute(found).scalar_one_or_none()


def revoke_links(connection: Connection, number: str) -> None:
    """Make every link to the ticket's page that was ever given useless."""
    is_asked = requests.c.number == number
    raised = {"link_generation": requests.c.link_generation + 1}
    connection.execute(update(requests).where(is_asked).values(raised))
