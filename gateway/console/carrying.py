"""A command given from a form of the console: carried out once, or its form shown again.

Carries out laws 2 and 10, U6: a refusal stands beside the text that was typed; what was sent is a
draft no more.
"""

from collections.abc import Mapping

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool

from gateway.bodies import Spec
from gateway.commands import Asking, Given, give, orders_of
from gateway.pages.filled import Filled
from gateway.pages.rendering import Page
from gateway.pages.visitors import the_visitor
from gateway.problems import Problem
from storage import drafts

HOLD_SECONDS = 30  # so long what was just sent can still be taken back (U6)
NOT_OF_THE_FORM = frozenset({401, 404})


async def carry(
    page: Page, request: Request, number: str, spec: Spec, form: Filled
) -> Given | Filled:
    """Give the command that the form means; return its answer, or the form with its errors.

    Raises:
        Problem: where the ticket is not there or nobody may know of it.

    """
    body = form.read(spec.body, **_hold(spec))
    if isinstance(body, Filled):
        return body
    asking = Asking(the_visitor(page), number, form.key, body, spec.kind)
    try:
        given = await give(page.parts, await orders_of(request), spec, asking, Response())
    except Problem as problem:
        if problem.status_code in NOT_OF_THE_FORM or problem.body["code"] == "internal":
            raise
        return form.refused(problem).wrong(rule=problem.body.get("rule", ""))
    await run_in_threadpool(_forget, page, number, spec.kind, form.key)
    return given


def place_of(number: str, kind: str) -> str:
    """Return where the draft of a command's form is kept."""
    return f"{number}/{'write' if kind in {'answer', 'ask_client'} else kind}"


def _hold(spec: Spec) -> Mapping[str, object]:
    """Keep back for a moment what a person wrote, where the command can."""
    return {"hold": HOLD_SECONDS} if "hold" in spec.body.model_fields else {}


def _forget(page: Page, number: str, kind: str, key: str) -> None:
    staff_id = the_visitor(page).bearer.id
    with page.parts.database.transaction() as connection:
        drafts.mark_sent(connection, staff_id, place_of(number, kind), key, page.now)
