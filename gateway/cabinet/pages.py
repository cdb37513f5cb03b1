"""The clients' pages, all of them, in the order in which their addresses are looked for."""

from fastapi import FastAPI

from gateway.cabinet import confirmation, data, form, public, ticket, tickets
from gateway.cabinet.doors import LinkOverError, link_over


def install(app: FastAPI) -> None:
    """Open the clients' pages; an address with a number in it comes after those without."""
    for part in (form, data, public, confirmation, tickets, ticket):
        app.include_router(part.router)
    app.add_exception_handler(LinkOverError, link_over)
