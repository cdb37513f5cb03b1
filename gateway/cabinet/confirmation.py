"""What a client sees once an appeal has its number: what was accepted, and what happens next (K2).

Carries out R16, R33, R44, R45, R51, R52, R65; Q2. The page of the public form shows what was typed
into it and nothing that came after, for whoever typed it has proved no more than that.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse

from domain.intake import is_accepted_picture
from domain.terms import Criticality, TicketKind
from domain.words import name
from gateway.cabinet.doors import UNLISTED, Number
from gateway.cabinet.seals import is_sealed, seal
from gateway.foretelling import foretold
from gateway.pages.rendering import Page
from gateway.pages.visitors import AnyPage, ClientPage, the_visitor
from gateway.problems import not_found
from gateway.sight import Row, visible
from storage import files, letters, requests
from storage.database import Connection
from storage.files import Attachment

router = APIRouter(include_in_schema=False)

PURPOSE = "accepted"
LASTS = timedelta(days=1)
FORETOLD_FOR = timedelta(minutes=15)  # later the page would tell of what came after


def accepted_address(page: Page, number: str) -> str:
    """Return where who has just sent the public form sees its number, for a day."""
    return f"/request/accepted/{number}/{seal(page.parts, PURPOSE, number, page.now + LASTS)}"


@router.get("/cabinet/{number}/accepted")
def accepted(page: ClientPage, number: Number) -> HTMLResponse:
    """Show a client that the appeal was accepted."""
    with page.parts.database.transaction() as connection:
        visible(connection, the_visitor(page), number)
        shown = _read(connection, number)
        sent = letters.list_for(connection, number)
    letter = next((one for one in sent if one["kind"] == "confirmation"), None)
    is_sent = letter is not None and letter["state"] == "accepted"
    return _show(page, shown, ticket_page=f"/cabinet/{number}", is_sent=is_sent)


@router.get("/request/accepted/{number}/{token}")
def accepted_in_public(
    page: AnyPage, number: Number, token: Annotated[str, Path(max_length=60)]
) -> HTMLResponse:
    """Show whoever sent the public form that it was accepted."""
    if not is_sealed(page.parts, PURPOSE, number, token):
        raise not_found()
    with page.parts.database.transaction() as connection:
        shown = _read(connection, number)
    return _show(page, shown, ticket_page="", is_sent=False)


@dataclass(frozen=True)
class Accepted:
    """An appeal as it was sent, with its files."""

    request: Row
    carried: tuple[Attachment, ...]


def is_other_picture(content_type: str) -> bool:
    """Tell whether a file is a picture in a format that is not one of the named ones (R42, Q14)."""
    return content_type.startswith("image/") and not is_accepted_picture(content_type)


def _read(connection: Connection, number: str) -> Accepted:
    request = requests.find(connection, number)
    if request is None:
        raise not_found()
    return Accepted(request, files.list_for(connection, request["message_id"]))


def _foretold(page: Page, request: Row) -> str:
    received_at = request["received_at"]
    if page.now - received_at > FORETOLD_FOR:
        return ""
    return foretold(page, (True, received_at, request["number"]))


def _show(page: Page, shown: Accepted, *, ticket_page: str, is_sent: bool) -> HTMLResponse:
    settings = page.parts.rules().settings
    request, carried = shown.request, shown.carried
    return page.show(
        "cabinet/accepted.html",
        headers={} if ticket_page else UNLISTED,
        request=request,
        carried=carried,
        kind_name=name(TicketKind(request["kind"]), page.language),
        criticality_name=name(Criticality(request["declared"]), page.language),
        other_pictures=[one.name for one in carried if is_other_picture(one.content_type)],
        is_module=request["kind"] == TicketKind.MODULE_WISH,
        ticket_page=ticket_page,
        is_sent=is_sent,
        foretold=_foretold(page, request),
        head_address=settings.head_address,
        service_address=settings.service_address,
    )
