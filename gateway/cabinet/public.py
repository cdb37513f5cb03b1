"""The public form: for a user who is known by login and address, without signing in.

Carries out R2, R29, R33, R43; Q12, K10. Nobody learns from it whether a login exists: known or not,
the answer is the same page, and letters go to the address that was registered or typed alone.
"""

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from domain.terms import Role
from gateway.cabinet.confirmation import accepted_address
from gateway.cabinet.doors import LinkVisitor
from gateway.cabinet.form import FAULT_OF_OURS, refused, show_form
from gateway.cabinet.proof import challenge, may_send
from gateway.cabinet.sending import (
    PublicMatter,
    Sending,
    find_person,
    matter_of,
    register_public,
)
from gateway.entrance.limits import network_of
from gateway.pages.filled import Filled, filled
from gateway.pages.rendering import Page
from gateway.pages.translation import _
from gateway.pages.visitors import OURS, AnyPage
from gateway.problems import Problem
from storage.bearers import Bearer
from storage.people import Person

router = APIRouter(include_in_schema=False)

TRAP = "website"


@router.get("/request")
def public_form(page: AnyPage) -> Response:
    """Show the form; whoever has signed in as a client has a better one."""
    if page.visitor is not None and page.visitor.is_client:
        return RedirectResponse("/cabinet/new", 303)
    return _show(page, Filled())


@router.post("/request", dependencies=OURS)
async def send(page: AnyPage, request: Request) -> Response:
    """Register what the form says and show its number; a form with a flaw comes back as typed."""
    form = await filled(request)
    if form.value(TRAP):
        said = _("Оставьте это поле пустым: люди его не видят. Очистите и отправьте снова.")
        return await run_in_threadpool(_show, page, form.wrong(website=said), 422)
    matter = matter_of(page, form, PublicMatter)
    if isinstance(matter, Filled):
        return await run_in_threadpool(_show, page, matter, 422)
    return await run_in_threadpool(_register, page, Sending(matter, form), matter)


def _register(page: Page, ready: Sending, matter: PublicMatter) -> Response:
    form, network = ready.form, network_of(page.request)
    if not may_send(page.parts, form.value("proof"), form.key, network):
        return _show(page, form.wrong(form=_crowded(page)), 429)
    person = find_person(page.parts, matter.login, matter.email)
    try:
        receipt = register_public(page, _visitor(person), person, ready, matter.email)
    except Problem as problem:
        if problem.status_code >= FAULT_OF_OURS:
            raise
        return _show(page, refused(form, problem), 422)
    return RedirectResponse(accepted_address(page, receipt.number), 303)


def _visitor(person: Person | None) -> LinkVisitor:
    bearer = Bearer(
        token_id=0,
        role=Role.CLIENT,
        id=person.user_id if person else 0,
        client_id=person.client_id if person else None,
        login="",
        name=person.name if person else "",
        scopes=frozenset(),
        is_supported=True,
        sees_organisation=False,
    )
    return LinkVisitor(bearer, person, person.user_id if person else None)


def _crowded(page: Page) -> str:
    address = page.parts.rules().settings.service_address
    told = _(
        "С вашей сети сейчас слишком много заявок без входа. Текст сохранён на странице: пришлите "
        "его письмом на {address}, войдите в кабинет или отправьте форму через четверть часа."
    )
    return told.format(address=address)


def _show(page: Page, form: Filled, status: int = 200) -> HTMLResponse:
    return show_form(page, form, status, challenge(page.parts))
