"""A call registered in one screen while the client is still on the line (U14).

Carries out R30 (a call counts from its registration), R33, R35-R39, R43, R46; Q9, Q10, Q12.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from domain.calendar import MOSCOW
from domain.terms import Channel
from gateway.console.registered import register_form
from gateway.forms import PhoneCall
from gateway.intake import Sender, caller, draft, enter
from gateway.pages.filled import Filled, filled
from gateway.pages.rendering import Page
from gateway.pages.visitors import OURS, StaffPage, the_visitor
from storage.people import Person
from storage.people_search import search_users

router = APIRouter(include_in_schema=False)

LONGEST_SUBJECT = 80
LONGEST_SEARCH = 100


@router.get("/intake/phone")
def call_form(
    page: StaffPage,
    who: Annotated[str, Query(max_length=LONGEST_SEARCH)] = "",
    login: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """Show the form of a call; without a script the search for the caller comes back here."""
    form = Filled({"who": who, "login": login, "called_at": local_now(page)})
    return _show(page, form)


@router.get("/intake/callers")
def callers(
    page: StaffPage, who: Annotated[str, Query(max_length=LONGEST_SEARCH)] = ""
) -> HTMLResponse:
    """Show who may be calling, as a part of the form."""
    found = people_like(page, who)
    return page.show("console/callers.html", found=found, form=Filled({"who": who}))


@router.post("/intake/phone", dependencies=OURS)
async def register_call(page: StaffPage, request: Request, response: Response) -> Response:
    """Register the call and show its number; a form with a flaw comes back as it was typed."""
    form = await filled(request)
    given = _with_subject(form).read(PhoneCall, called_at=_moment(form.value("called_at")))
    return await register_form(
        form,
        given,
        lambda call: _register(page, call, form.key, response),
        lambda flawed: _show(page, flawed, 422),
    )


def people_like(page: Page, who: str) -> tuple[Person, ...]:
    """Return the users whom these words may mean: a login, a name, a phone, an organisation."""
    if not who.strip():
        return ()
    on = page.now.astimezone(MOSCOW).date()
    with page.parts.database.transaction() as connection:
        return search_users(connection, who, on)


def local_now(page: Page) -> str:
    """Return the present moment as a field for day and time takes it, by the clock of Moscow."""
    return page.now.astimezone(MOSCOW).strftime("%Y-%m-%dT%H:%M")


def _register(page: Page, call: PhoneCall, key: str, response: Response) -> str:
    parts, visitor = page.parts, the_visitor(page)
    sender = Sender(
        channel=Channel.PHONE,
        person=caller(parts, call.login),
        name=call.name,
        email=call.email,
        called_at=call.called_at,
    )
    return enter(parts, draft(parts, visitor, call, sender, key), (), response).number


def _with_subject(form: Filled) -> Filled:
    """Take the first words of the matter as its subject where none was typed: a caller waits."""
    if form.value("subject").strip():
        return form
    first = " ".join(form.value("description").split())
    subject = first if len(first) <= LONGEST_SUBJECT else f"{first[: LONGEST_SUBJECT - 1]}…"
    return form.with_value("subject", subject)


def _moment(typed: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=MOSCOW)


def _show(page: Page, form: Filled, status: int = 200) -> HTMLResponse:
    found = people_like(page, form.value("who") or form.value("login"))
    return page.show("console/call.html", status, form=form, found=found)
