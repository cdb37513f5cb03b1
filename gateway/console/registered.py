"""What staff see once a call or a paper letter has its number: what to say, what leaves by itself.

Carries out R30-R33, R44, Q2, Q9, Q10, Q12.
"""

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel

from domain.intake import Field, Requisite
from gateway.forms import Asked
from gateway.pages.filled import Filled
from gateway.pages.translation import _, marked
from gateway.pages.visitors import StaffPage, the_visitor
from gateway.problems import Problem, not_found
from gateway.sight import visible
from storage import letters, requests

router = APIRouter(include_in_schema=False)

T = TypeVar("T", bound=BaseModel)
FAULT_OF_OURS = 500
REQUISITES = {
    Requisite.ORGANISATION: (
        marked("Название организации"),
        marked("как в договоре или узнаваемо"),
    ),
    Requisite.CONTRACT: (marked("Договор"), marked("номер или дата договора о поддержке")),
    Requisite.SIGNATORY: (marked("Кто подписал"), marked("фамилия, должность или подпись")),
    Requisite.RETURN_ADDRESS: (
        marked("Обратный адрес"),
        marked("куда ответить: почта или обычное письмо"),
    ),
    Requisite.MATTER: (marked("Суть обращения"), marked("понятно, о чём просят")),
}


async def register_form(
    form: Filled,
    given: T | Filled,
    register: Callable[[T], str],
    show: Callable[[Filled], Response],
) -> Response:
    """Register what a form says and lead to its number; with a flaw show it again as typed.

    Raises:
        Problem: where the fault is ours, not the form's.

    """
    if isinstance(given, Filled):
        return await run_in_threadpool(show, given)
    try:
        number = await run_in_threadpool(register, given)
    except Problem as problem:
        if problem.status_code >= FAULT_OF_OURS:
            raise
        return await run_in_threadpool(show, form.refused(problem))
    return RedirectResponse(f"/intake/registered/{number}", 303)


@router.get("/intake/registered/{number}")
def registered(page: StaffPage, number: Annotated[str, Path(max_length=20)]) -> HTMLResponse:
    """Show the number large, to be told to the caller, and what happens next."""
    with page.parts.database.transaction() as connection:
        row = visible(connection, the_visitor(page), number)
        request = requests.find(connection, number)
        sent = letters.list_for(connection, number)
    if request is None:
        raise not_found()
    return page.show(
        "console/registered.html",
        row=row,
        request=request,
        letter=next((letter for letter in sent if letter["kind"] == "confirmation"), None),
        missing=[Asked.of(Field(name)) for name in request["missing"]],
        unmet=[_(REQUISITES[Requisite(name)][0]) for name in request["requisites"]],
    )
