"""One command for several tickets: shown before it is given, answered for each (U10).

Carries out R5, R6, R45, R49, R54-R59; laws 2 and 10: each ticket has a key of its own, so the same
form sent again does nothing twice, and one refusal stops no other ticket.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from domain.ticket import Ticket
from gateway.commands import Asking, give, orders_of
from gateway.console.bulk_rows import ACTS, MOST, Act, Foresight
from gateway.console.carrying import HOLD_SECONDS
from gateway.console.choices import Room
from gateway.console.dialogs import dialog_of
from gateway.forms import Strict
from gateway.orders import Orders
from gateway.pages.filled import Filled, filled
from gateway.pages.rendering import Page
from gateway.pages.translation import _
from gateway.pages.visitors import OURS, StaffPage, the_visitor
from gateway.problems import Problem, not_found
from storage import people, worklists
from storage.ticket_lines import Line

router = APIRouter(include_in_schema=False)

AT_ONCE = 8
LONGEST_NUMBER = 20
FAULT_OF_OURS = 500


Kind = Literal["assign", "defer", "merge", "await_release"]


@dataclass(frozen=True)
class Outcome:
    """What became of one ticket; `errors` are those of the form's fields."""

    number: str
    state: Literal["done", "refused", "kept", "target"]
    detail: str = ""
    rule: str = ""
    errors: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Run:
    """A command on its way to several tickets."""

    page: Page
    orders: Orders
    act: Act
    body: Strict
    key: str

    async def all(self, numbers: Sequence[str]) -> list[Outcome]:
        """Give the command to each ticket, some at a time, and return what became of each."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(number: str) -> Outcome:
            async with gate:
                return await self._one(number)

        return list(await asyncio.gather(*map(one, numbers)))

    async def _one(self, number: str) -> Outcome:
        if getattr(self.body, "into", None) == number:
            return Outcome(number, "target")
        key = f"{self.key}:{number}"
        asking = Asking(the_visitor(self.page), number, key, self.body, self.act.kind)
        try:
            given = await give(self.page.parts, self.orders, self.act.spec, asking, Response())
        except Problem as problem:
            if problem.status_code == FAULT_OF_OURS:
                raise
            return _refused(number, problem)
        return Outcome(number, "done" if given.is_confirmed else "kept", given.detail)


@router.get("/queue/bulk")
def preview(
    page: StaffPage,
    request: Request,
    act: Kind,
    into: Annotated[str, Query(max_length=LONGEST_NUMBER)] = "",
) -> HTMLResponse:
    """Show what the command would do to each of the chosen tickets, and what it needs."""
    numbers = request.query_params.getlist("number")
    return _show(page, _act(act), numbers, Filled({"into": into} if into else {}))


@router.post("/queue/bulk", dependencies=OURS)
async def run(page: StaffPage, request: Request) -> Response:
    """Give the command to each ticket once; a form with a flaw comes back as it was typed."""
    form = await filled(request)
    act, numbers = _act(form.value("act")), form.lists.get("number", ())
    shown = [*numbers, *form.lists.get("beside", ())]
    if not form.value("confirmed"):
        asked = urlencode([("act", act.kind), *(("number", one) for one in numbers)])
        return RedirectResponse(f"/queue/bulk?{asked}", 303)
    body = form.read(act.spec.body, **_hold(act))
    if isinstance(body, Filled):
        return await run_in_threadpool(_show, page, act, shown, body, 422)
    running = Run(page, await orders_of(request), act, body, form.key)
    outcomes = await running.all(_unlike(numbers)[:MOST])
    flawed = _of_the_form(outcomes)
    if flawed:
        return await run_in_threadpool(_show, page, act, shown, form.wrong(**flawed), 422)
    return await run_in_threadpool(_show_done, page, act, outcomes)


def _show(
    page: Page, act: Act, numbers: Iterable[str], form: Filled, status: int = 200
) -> HTMLResponse:
    asked = _unlike(numbers)
    chosen, rules, visitor = asked[:MOST], page.parts.rules(), the_visitor(page)
    with page.parts.database.transaction() as connection:
        if act.kind == "merge" and not form.value("into"):
            form = form.with_value("into", _first(worklists.list_lines(connection, chosen)))
        into = form.value("into") if act.kind == "merge" else ""
        foresight = Foresight(act, visitor.actor, rules, page.now, into.strip())
        prospects = foresight.prospects(connection, chosen)
        staff = people.list_staff(connection) if act.kind == "assign" else ()
    return page.show(
        "console/bulk.html",
        status,
        act=act,
        prospects=prospects,
        possible=[one for one in prospects if one.is_possible],
        letters=[one for one in prospects if one.leaves_at],
        too_many=len(asked) if len(asked) > MOST else 0,
        most=MOST,
        form=form,
        dialog=dialog_of(act.kind),
        room=Room(Ticket(""), staff),
    )


def _show_done(page: Page, act: Act, outcomes: Sequence[Outcome]) -> HTMLResponse:
    with page.parts.database.transaction() as connection:
        lines = worklists.list_lines(connection, [one.number for one in outcomes])
    count = {state: sum(one.state == state for one in outcomes) for state in ("done", "kept")}
    refused = [one.number for one in outcomes if one.state == "refused"]
    return page.show(
        "console/bulk-done.html",
        act=act,
        outcomes=outcomes,
        lines={line.number: line for line in lines},
        count=count,
        refused=refused,
        again=urlencode([("act", act.kind), *(("number", one) for one in refused)]),
    )


def _act(kind: str) -> Act:
    if kind not in ACTS:
        raise not_found()
    return ACTS[kind]


def _hold(act: Act) -> dict[str, object]:
    """Keep the letters back for a moment, as one letter is (U6)."""
    return {"hold": HOLD_SECONDS} if "hold" in act.spec.body.model_fields else {}


def _unlike(numbers: Iterable[str]) -> list[str]:
    """Return the numbers, each once, in their order; what can be none is left out."""
    fit = (number for number in numbers if 0 < len(number) <= LONGEST_NUMBER)
    return list(dict.fromkeys(fit))


def _first(lines: Sequence[Line]) -> str:
    """Return the ticket that came first, to which the others would be joined; none to one alone."""
    if len(lines) < 2:  # noqa: PLR2004 - one cannot be joined to itself
        return ""
    return min(lines, key=lambda line: (line.received_at, line.number)).number


def _refused(number: str, problem: Problem) -> Outcome:
    flaws = [(flaw["field"], flaw["reason"]) for flaw in problem.body.get("errors", [])]
    said = "; ".join(reason for __, reason in flaws) or problem.body["detail"]
    return Outcome(number, "refused", said, problem.body.get("rule") or "", tuple(flaws))


def _of_the_form(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Return the flaws of the form's fields, where they are all that came of it."""
    tried = [one for one in outcomes if one.state != "target"]
    if not tried or not all(one.errors for one in tried):
        return {}
    return {
        field: _("{reason}.").format(reason=reason[:1].upper() + reason[1:])
        for field, reason in tried[0].errors
    }
