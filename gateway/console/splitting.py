"""One message of a ticket made a ticket of its own: looked at first, then done once.

Carries out R6, R33, R49, law 2; U11. The first ticket's note goes with the new ticket's entry in
one transaction: there is never the one without the other.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import StringConstraints

from domain.commands import Note
from domain.terms import TicketKind
from gateway.console.conversation import Entry
from gateway.console.ticket import Number
from gateway.console.ticket_view import TicketView, view_of
from gateway.forms import Storable, Strict
from gateway.orders import ORDER
from gateway.pages.filled import Filled, filled
from gateway.pages.moments import clock, short_day
from gateway.pages.rendering import Page
from gateway.pages.translation import _
from gateway.pages.visitors import OURS, StaffPage, the_visitor
from gateway.problems import not_found
from storage import handovers, messages, splits
from storage.database import Connection
from storage.messages import StaffText
from workflows.messages import Order

router = APIRouter(include_in_schema=False)

Message = Annotated[int, Path(ge=1, lt=2**63)]
LONGEST_SUBJECT = 80


class Own(Strict):
    """What the new ticket is called, and of which kind it is."""

    subject: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), Storable
    ]
    kind: TicketKind


@dataclass(frozen=True)
class Splitting:
    """A message that is to be a ticket of its own, on the ticket that it came for."""

    page: Page
    view: TicketView
    entry: Entry
    message: int

    @property
    def opened(self) -> str:
        """Return the ticket that was made of the message before, if any."""
        return self.view.splits.opened.get(self.message, "")

    def subject(self) -> str:
        """Return a subject to begin with: the message's first words."""
        first = next(iter(self.entry.words.strip().splitlines()), "")
        if len(first) <= LONGEST_SUBJECT:
            return first
        return first[:LONGEST_SUBJECT].rpartition(" ")[0] or first[:LONGEST_SUBJECT]


@router.get("/tickets/{number}/messages/{message}/split")
def ask(page: StaffPage, number: Number, message: Message) -> HTMLResponse:
    """Show what the new ticket will be."""
    splitting = _splitting(page, number, message)
    values = {"subject": splitting.subject(), "kind": splitting.view.shown.kind}
    return _show(splitting, Filled(values))


@router.post("/tickets/{number}/messages/{message}/split", dependencies=OURS)
async def split(page: StaffPage, request: Request, number: Number, message: Message) -> Response:
    """Make the message a ticket of its own and return to where it was said."""
    form = await filled(request)
    return await run_in_threadpool(_split, page, number, message, form)


def _split(page: Page, number: str, message: int, form: Filled) -> Response:
    splitting, own = _splitting(page, number, message), form.read(Own)
    if not splitting.opened:
        if isinstance(own, Filled):
            return _show(splitting, own, 422)
        if not splitting.view.may_split(splitting.entry):
            return _show(splitting, form, 409)
        with page.parts.database.transaction() as connection:
            _open(connection, splitting, own)
    return RedirectResponse(f"/tickets/{number}#{splitting.entry.anchor}", 303)


def _splitting(page: Page, number: str, message: int) -> Splitting:
    view = view_of(page, number)
    found = (one for one in view.entries if one.side == "in" and one.message == message)
    entry = next(found, None)
    if entry is None:
        raise not_found()
    return Splitting(page, view, entry, message)


def _open(connection: Connection, splitting: Splitting, own: Own) -> None:
    calendar, entry = splitting.page.parts.rules().calendar, splitting.entry
    opened = splits.split(
        connection,
        splitting.view.number,
        splitting.message,
        subject=own.subject,
        kind=own.kind,
        accepted_at=calendar.next_working_moment(entry.at),
    )
    if opened.is_new:
        _note(connection, splitting, opened.number)


def _note(connection: Connection, splitting: Splitting, opened: str) -> None:
    """Let the first ticket's process be told which ticket was split off it."""
    page, number, at = splitting.page, splitting.view.number, splitting.entry.at
    told = _("Сообщение от {moment} выделено в отдельную заявку {number}.")
    words = told.format(moment=f"{short_day(at)}, {clock(at)}", number=opened)
    actor, key = the_visitor(page).actor, f"{splits.KEY}{splitting.message}/note"
    text = messages.add_staff_text(connection, StaffText(number, words, str(actor), page.now, key))
    order = ORDER.dump_python(Order(Note(text), actor, key), mode="json")
    handovers.add(connection, number, "command", order)


def _show(splitting: Splitting, form: Filled, status: int = 200) -> HTMLResponse:
    return splitting.page.show(
        "console/split.html",
        status,
        splitting=splitting,
        view=splitting.view,
        entry=splitting.entry,
        form=form,
        kinds=tuple(TicketKind),
        can_split=splitting.view.may_split(splitting.entry) and not splitting.opened,
    )
