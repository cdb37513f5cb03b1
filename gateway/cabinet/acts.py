"""What a client does to a ticket, given to the same functions as the API's, and where it leads.

Carries out R53, R64, R65, law 10: a refusal stands beside what was typed; nothing is done twice.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from fastapi import Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from gateway import commands, status_links
from gateway.bodies import WithWords
from gateway.cabinet.doors import Door
from gateway.commands import Asking, orders_of
from gateway.console.offers import find_spec
from gateway.correspondence import MessageReceipt, write
from gateway.forms import MessageForm
from gateway.pages.filled import Filled
from gateway.pages.rendering import Page
from gateway.pages.translation import _
from gateway.problems import Problem, not_found
from gateway.sight import visible

FAULT_OF_OURS = 500
LONGEST = 30_000
Show = Callable[[Filled], Response]


async def say(page: Page, door: Door, form: Filled, text: str, show: Show) -> Response:
    """Add words and files to the ticket and show it again, or the linked one that they opened.

    Raises:
        Problem: where the fault is ours; the page of the fault has the words.

    """
    if len(text) > LONGEST:
        return await run_in_threadpool(show, form.wrong(text=_too_long()))
    try:
        receipt = await run_in_threadpool(_write, page, door, form, text)
    except Problem as problem:
        if problem.status_code >= FAULT_OF_OURS:
            raise
        return await run_in_threadpool(show, _told_of(form, problem))
    if receipt.opened:
        return await run_in_threadpool(_lead_to, page, door, receipt.opened)
    return RedirectResponse(f"{door.base}?done=written#done", 303)


async def order(  # noqa: PLR0913, PLR0917 - who, what, and where a refusal is shown
    page: Page, door: Door, kind: str, form: Filled, text: str, show: Show
) -> Response:
    """Give a command in the client's name and show the ticket; a refusal stands in the form.

    Raises:
        Problem: where the fault is ours; the page of the fault has the words.

    """
    spec = find_spec(kind)
    if spec is None:
        raise not_found()
    if len(text) > LONGEST:
        return await run_in_threadpool(show, form.wrong(text=_too_long()))
    asking = Asking(door.visitor, door.number, form.key, WithWords(text=text), kind)
    orders = await orders_of(page.request)
    try:
        given = await commands.give(page.parts, orders, spec, asking, Response())
    except Problem as problem:
        if problem.status_code >= FAULT_OF_OURS:
            raise
        return await run_in_threadpool(show, _told_of(form, problem))
    done = kind if given.is_confirmed else "kept"
    return RedirectResponse(f"{door.base}?done={done}#done", 303)


def _write(page: Page, door: Door, form: Filled, text: str) -> MessageReceipt:
    given = MessageForm(text=text, files=list(form.files))
    return write(door.number, given, form.key, door.visitor, page.parts, Response())


def _lead_to(page: Page, door: Door, opened: str) -> Response:
    """Lead to the linked ticket by the same door; a link is made for the same people."""
    if not door.is_link:
        return RedirectResponse(f"/cabinet/{opened}?done=opened#done", 303)
    with page.parts.database.transaction() as connection:
        visible(connection, door.visitor, opened)
        address = status_links.link(page.parts, connection, opened, page.now)
    return RedirectResponse(f"{urlsplit(address).path}?done=opened#done", 303)


def _told_of(form: Filled, problem: Problem) -> Filled:
    """Put what a problem says beside the field that it names; files are said by their own field."""
    flawed = form.refused(problem)
    code = str(problem.body["code"])
    if code in {"too_many_files", "file_too_large"}:
        return form.wrong(files=flawed.error("form"))
    return flawed


def _too_long() -> str:
    return _("Текст длиннее {most} знаков: остальное приложите файлом.").format(most=LONGEST)
