"""A paper letter or a fax registered with its scan and the checklist of its requisites (U14).

Carries out R31, R32 (without all requisites it waits for identification), R33, R46; Q9, Q12.
"""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from domain.intake import unmet_requisites
from domain.terms import Channel
from gateway.console.calls import people_like
from gateway.console.registered import REQUISITES, register_form
from gateway.forms import PaperLetter
from gateway.intake import Sender, caller, draft, enter
from gateway.pages.filled import Filled, filled
from gateway.pages.rendering import Page
from gateway.pages.translation import _
from gateway.pages.visitors import OURS, StaffPage, the_visitor
from gateway.uploads import keep

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Check:
    """One line of the checklist: what a letter must show (R32), and how to tell."""

    code: str
    name: str
    help: str


@router.get("/intake/paper")
def paper_form(page: StaffPage) -> HTMLResponse:
    """Show the form of a paper letter."""
    return _show(page, Filled())


@router.post("/intake/paper", dependencies=OURS)
async def register_paper(page: StaffPage, request: Request, response: Response) -> Response:
    """Register the letter and show its number; a form with a flaw comes back as it was typed."""
    form = await filled(request)
    given = form.read(PaperLetter, requisites=form.lists.get("requisites", ()))
    return await register_form(
        form,
        given,
        lambda letter: _register(page, letter, form, response),
        lambda flawed: _show(page, flawed, 422),
    )


def _register(page: Page, letter: PaperLetter, form: Filled, response: Response) -> str:
    parts = page.parts
    carried = keep(parts.files, form.files)
    person, unmet = caller(parts, letter.login), unmet_requisites(frozenset(letter.requisites))
    sender = Sender(
        channel=Channel.PAPER,
        person=None if unmet else person,
        name=letter.name,
        email=letter.email,
        requisites=unmet,
    )
    registration = draft(parts, the_visitor(page), letter, sender, form.key)
    return enter(parts, registration, carried, response).number


def _show(page: Page, form: Filled, status: int = 200) -> HTMLResponse:
    checklist = [Check(code, _(name), _(help_)) for code, (name, help_) in REQUISITES.items()]
    found = people_like(page, form.value("who") or form.value("login"))
    return page.show("console/paper.html", status, form=form, checklist=checklist, found=found)
