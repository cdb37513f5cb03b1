"""Taking the next ticket of the queue: whose turn it is, without looking for it (U2, F49).

Carries out R49 and R50; another one is taken on its own page, with a reason (law 7).
"""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from gateway.commands import orders_of, take_first
from gateway.pages.visitors import OURS, StaffPage, the_visitor
from gateway.problems import Problem

router = APIRouter(include_in_schema=False)


@router.post("/queue/take-next", dependencies=OURS)
async def take(
    page: StaffPage, request: Request, key: Annotated[str, Form(max_length=100)] = ""
) -> Response:
    """Take the first ticket and open it; an empty queue says so. The same key takes one alone."""
    visitor, parts, press = the_visitor(page), page.parts, key or uuid4().hex
    try:
        given = await take_first(visitor, parts, await orders_of(request), Response(), press)
    except Problem as problem:
        if problem.body["code"] not in {"queue_empty", "contended"}:
            raise
        return RedirectResponse(f"/queue?said={problem.body['code']}", 303)
    return RedirectResponse(f"/tickets/{given.number}?done=take", 303)
