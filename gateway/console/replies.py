"""Saved replies in one place: read, tried out, written, changed, put away (U7).

Carries out R23-R26, R40, R55-R60, R63. Each belongs to an occasion and a language; those of the
product can be changed as our own.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import StringConstraints

from domain.letters import Language
from gateway.console import kept_replies
from gateway.forms import Line, Strict, Words
from gateway.pages.filled import Filled, filled
from gateway.pages.rendering import Page
from gateway.pages.translation import marked
from gateway.pages.visitors import OURS, StaffPage, the_visitor
from gateway.problems import not_found
from gateway.saved_replies import VARIABLES, fill, left_open
from storage import saved_replies
from storage.database import Connection
from storage.saved_replies import KeptReply

router = APIRouter(include_in_schema=False)

OCCASIONS: Mapping[str, str] = {
    "answer": marked("Ответ"),
    "ask_client": marked("Вопрос клиенту"),
    "defer": marked("Решение отложено"),
    "mark_out_of_scope": marked("Вне поддержки"),
    "request_access": marked("Временный доступ"),
    "close": marked("Закрытие"),
}
SAMPLE = {
    Language.RU: {
        "name": "Анна Сергеевна",
        "number": "PS-000124",
        "subject": "Отчёт не открывается",
        "version": "5.14",
    },
    Language.EN: {
        "name": "Anna",
        "number": "PS-000124",
        "subject": "The report does not open",
        "version": "5.14",
    },
}


class ReplyForm(Strict):
    """Заготовка: повод, язык, название, текст с переменными в фигурных скобках."""

    title: Annotated[Line, StringConstraints(min_length=1, max_length=120)]
    text: Words
    language: Language = Language.RU
    rule: Annotated[str, StringConstraints(pattern=r"^(?:R[1-9][0-9]?)?$")] = ""
    command: Literal["", "answer", "ask_client", "defer", "mark_out_of_scope", "close"] = ""


@router.get("/replies")
def list_replies(page: StaffPage, *, archived: Annotated[bool, Query()] = False) -> HTMLResponse:
    """Show the replies by occasion; those put away on request."""
    with page.parts.database.transaction() as connection:
        kept_replies.in_language(connection, page.language, page.now)
        known = saved_replies.list_all(connection)
    shown = [reply for reply in known if bool(reply.archived_at) is archived]
    return page.show(
        "console/replies.html",
        replies=shown,
        archived=archived,
        put_away=sum(bool(reply.archived_at) for reply in known),
        occasions=OCCASIONS,
    )


@router.get("/replies/new")
def new(page: StaffPage) -> HTMLResponse:
    """Show an empty form."""
    return _show(page, Filled({"language": page.language}), None)


@router.get("/replies/{id}")
def one(page: StaffPage, id_: Annotated[int, Path(alias="id", ge=1, lt=2**63)]) -> HTMLResponse:
    """Show a reply with what it looks like when it is filled in."""
    with page.parts.database.transaction() as connection:
        reply = _get(connection, id_)
    values = {name: str(getattr(reply, name)) for name in ReplyForm.model_fields}
    return _show(page, Filled(values), reply)


@router.post("/replies/new", dependencies=OURS)
async def create(page: StaffPage, request: Request) -> Response:
    """Keep a new reply; the same form sent twice is one reply."""
    form = await filled(request)
    given = form.read(ReplyForm)
    if isinstance(given, Filled):
        return _show(page, given, None, 422)
    if form.value("try"):
        return _show(page, form, None)
    origin = f"{the_visitor(page).actor}:{form.key}"
    by = str(the_visitor(page).actor)
    reply = KeptReply(origin=origin, changed_by=by, changed_at=page.now, **given.model_dump())
    await run_in_threadpool(_add, page, reply)
    return RedirectResponse("/replies", 303)


@router.post("/replies/{id}", dependencies=OURS)
async def change(
    page: StaffPage, request: Request, id_: Annotated[int, Path(alias="id", ge=1, lt=2**63)]
) -> Response:
    """Change a reply, put it away, or take it out again."""
    form = await filled(request)
    reply = await run_in_threadpool(_read, page, id_)
    if what := form.value("archive"):
        await run_in_threadpool(_archive, page, id_, is_away=what == "yes")
        return RedirectResponse("/replies", 303)
    given = form.read(ReplyForm)
    if isinstance(given, Filled):
        return _show(page, given, reply, 422)
    if form.value("try"):
        return _show(page, form, reply)
    by = str(the_visitor(page).actor)
    changed = replace(reply, changed_by=by, changed_at=page.now, **given.model_dump())
    await run_in_threadpool(_change, page, changed)
    return RedirectResponse("/replies", 303)


def _show(page: Page, form: Filled, reply: KeptReply | None, status: int = 200) -> HTMLResponse:
    wanted = form.value("language")
    language = Language(wanted) if wanted in set(Language) else page.language
    known = {**SAMPLE[language], "specialist": the_visitor(page).bearer.name}
    tried = fill(form.value("text"), known)
    return page.show(
        "console/reply.html",
        status,
        form=form,
        reply=reply,
        occasions=OCCASIONS,
        variables=VARIABLES,
        tried=tried,
        left=left_open(tried),
    )


def _get(connection: Connection, id_: int) -> KeptReply:
    reply = saved_replies.find(connection, id_)
    if reply is None:
        raise not_found(marked("Заготовка"))
    return reply


def _read(page: Page, id_: int) -> KeptReply:
    with page.parts.database.transaction() as connection:
        return _get(connection, id_)


def _add(page: Page, reply: KeptReply) -> None:
    with page.parts.database.transaction() as connection:
        saved_replies.add(connection, [reply])


def _change(page: Page, reply: KeptReply) -> None:
    with page.parts.database.transaction() as connection:
        saved_replies.change(connection, reply)


def _archive(page: Page, id_: int, *, is_away: bool) -> None:
    at = page.now if is_away else None
    with page.parts.database.transaction() as connection:
        saved_replies.set_archived(connection, id_, at, str(the_visitor(page).actor))
