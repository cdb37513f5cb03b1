"""The form of a new appeal in the cabinet: documentation first, then one screen or two (K1).

Carries out R9, R22, R26, R29, R35-R43, R51, R52; Q2.
"""

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from gateway.cabinet import sending
from gateway.cabinet.proof import Challenge
from gateway.cabinet.sending import Sending, matter_of, register_own
from gateway.foretelling import foretold
from gateway.forms import Matter
from gateway.pages.filled import Filled, filled
from gateway.pages.rendering import Page
from gateway.pages.visitors import OURS, ClientPage, the_visitor
from gateway.problems import Problem

router = APIRouter(include_in_schema=False)

FAULT_OF_OURS = 500
FILES = frozenset({"too_many_files", "file_too_large"})


@router.get("/cabinet/new")
def new_ticket(page: ClientPage) -> HTMLResponse:
    """Show the form."""
    person = the_visitor(page).person
    return show_form(page, Filled({"phone": person.phone if person else ""}))


@router.post("/cabinet/new", dependencies=OURS)
async def send(page: ClientPage, request: Request) -> Response:
    """Register what the form says and show its number; a form with a flaw comes back as typed."""
    form = await filled(request)
    matter = matter_of(page, form, Matter)
    if isinstance(matter, Filled):
        return await run_in_threadpool(show_form, page, matter, 422)
    try:
        number = await run_in_threadpool(_register, page, Sending(matter, form))
    except Problem as problem:
        if problem.status_code >= FAULT_OF_OURS:
            raise
        return await run_in_threadpool(show_form, page, refused(form, problem), 422)
    return RedirectResponse(f"/cabinet/{number}/accepted", 303)


def show_form(
    page: Page, form: Filled, status: int = 200, challenge: Challenge | None = None
) -> HTMLResponse:
    """Draw either form with what was typed into it; the public one has a challenge."""
    rules = page.parts.rules()
    opens_at = rules.calendar.next_working_moment(page.now)
    return page.show(
        "cabinet/form.html",
        status,
        form=form,
        kinds=sending.KINDS,
        frequencies=sending.FREQUENCIES,
        criticalities=sending.CRITICALITIES,
        opens_at=None if rules.calendar.is_open(page.now) else opens_at,
        challenge=challenge,
        foretold=foretold(page),
    )


def refused(form: Filled, problem: Problem) -> Filled:
    """Return the form with what a problem says, beside the files where it is about them."""
    told = form.refused(problem)
    if problem.body["code"] in FILES:
        return form.wrong(files=told.error("form"))
    return told


def _register(page: Page, ready: Sending) -> str:
    return register_own(page, the_visitor(page), ready).number
