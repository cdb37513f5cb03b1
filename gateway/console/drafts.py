"""What is being typed, kept on the server every few seconds (U6): a page comes back with it.

Only who typed it reads it. A form that has been sent keeps nothing any more.
"""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.concurrency import run_in_threadpool

from gateway.pages.filled import filled
from gateway.pages.rendering import Page
from gateway.pages.visitors import OURS, InsidePage, the_visitor
from storage import drafts
from storage.drafts import Draft

router = APIRouter(include_in_schema=False)

LONGEST_PLACE = 60
LONGEST_FIELD = 40_000
MOST_FIELDS = 20
NOT_KEPT = frozenset({"place", "typed", "seen", "who"})


@router.post("/drafts", dependencies=OURS)
async def keep(
    page: InsidePage,
    request: Request,
    place: Annotated[str, Form(min_length=1, max_length=LONGEST_PLACE)],
    typed: Annotated[str, Form(max_length=1)] = "",
) -> Response:
    """Keep what stands in a form; one into which nothing is typed any more keeps nothing."""
    form = await filled(request)
    known = [(name, value) for name, value in form.values.items() if name not in NOT_KEPT]
    fields = {name[:60]: value[:LONGEST_FIELD] for name, value in known[:MOST_FIELDS]}
    draft = Draft(place, form.key, fields, page.now)
    await run_in_threadpool(_put, page, draft, is_typed=bool(typed))
    return Response(status_code=204)


def _put(page: Page, draft: Draft, *, is_typed: bool) -> None:
    staff_id = the_visitor(page).bearer.id
    with page.parts.database.transaction() as connection:
        if is_typed:
            drafts.put(connection, staff_id, draft)
        else:
            drafts.drop(connection, staff_id, draft.place, draft.key)
