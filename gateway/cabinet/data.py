"""What is kept of a client's user, to read and to take away (K12).

Carries out R2, R43. Correction and deletion are asked for by a ticket, as anything else is.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from pydantic_core import to_json

from gateway.pages.visitors import ClientPage, the_visitor
from storage import client_data

router = APIRouter(include_in_schema=False)


@router.get("/cabinet/data")
def my_data(page: ClientPage) -> HTMLResponse:
    """Show what is kept, and how to have it, mended or removed."""
    visitor = the_visitor(page)
    with page.parts.database.transaction() as connection:
        count = client_data.count_tickets(connection, visitor.bearer.id)
    return page.show("cabinet/data.html", person=visitor.person, count=count)


@router.get("/cabinet/data.json")
def download(page: ClientPage) -> Response:
    """Give everything that the user wrote and was written, as one file."""
    visitor = the_visitor(page)
    with page.parts.database.transaction() as connection:
        kept = client_data.read(connection, visitor.bearer.id, visitor.bearer.client_id or 0)
    person = visitor.person
    whole = {"person": person.__dict__ if person else {}, **_plain(kept)}
    headers = {"Content-Disposition": 'attachment; filename="profman-support.json"'}
    return Response(to_json(whole, indent=2), media_type="application/json", headers=headers)


def _plain(kept: Mapping[str, Iterable[Mapping[Any, Any]]]) -> dict[str, list[dict[str, Any]]]:
    return {name: [dict(row) for row in rows] for name, rows in kept.items()}
