"""The views that somebody keeps: a list with its narrowing under a name of their own (U1)."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Response
from fastapi.responses import RedirectResponse
from pydantic import StringConstraints

from gateway.pages.translation import _
from gateway.pages.visitors import OURS, StaffPage, the_visitor
from gateway.problems import Flaw, invalid
from storage import views

router = APIRouter(include_in_schema=False)

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]


@router.post("/queue/views", dependencies=OURS)
def keep(
    page: StaffPage,
    name: Annotated[Name, Form()],
    question: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Keep the list that is shown under this name."""
    try:
        with page.parts.database.transaction() as connection:
            views.put(connection, the_visitor(page).bearer.id, name.replace("\0", ""), question)
    except views.TooManyViewsError:
        reason = _("видов уже {most}: удалите лишние").format(most=views.MOST)
        raise invalid(Flaw(field=_("имя"), reason=reason)) from None
    return RedirectResponse(f"/queue?{question}", 303)


@router.post("/queue/views/{id}/drop", dependencies=OURS)
def drop(page: StaffPage, id_: Annotated[int, Path(alias="id", ge=1, lt=2**63)]) -> Response:
    """Forget a view."""
    with page.parts.database.transaction() as connection:
        views.drop(connection, the_visitor(page).bearer.id, id_)
    return RedirectResponse("/queue", 303)
