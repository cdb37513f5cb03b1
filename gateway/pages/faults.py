"""A page that could not be shown, a form that could not be taken: why, and what to do next.

Carries out law 10 for people: whatever was typed is on the page again, ready to be sent once more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from gateway.pages.guard import SAFE, is_page
from gateway.pages.rendering import Page
from gateway.pages.translation import _, marked, present
from gateway.pages.visitors import cookie_name, csrf_of
from gateway.problems import Problem
from gateway.problems import response as for_programs

HIDDEN = frozenset({"csrf", "key", "seen", "back", "next"})
SECRET = ("password", "secret")
# What programs are told of their keys and methods, people are told in words of their own.
WAYS_OUT = {
    "register_away": marked("Подождите минуту и повторите: дважды ничего не сделается."),
    "internal": marked("Подождите минуту и повторите: дважды ничего не сделается."),
    "too_large": marked(
        "Вернитесь на прежнюю страницу: сократите текст или приложите меньше файлов."
    ),
    "http_404": marked("Проверьте адрес или начните с главной страницы."),
    "http_405": marked("Начните с главной страницы."),
}
LABELS = {
    "text": marked("Текст"),
    "evidence": marked("Что передать разработке"),
    "reason": marked("Причина"),
    "subject": marked("Тема"),
    "description": marked("Описание"),
    "steps": marked("Шаги"),
}


@dataclass(frozen=True)
class Held:
    """A form that was not taken: where it goes, what was typed, which files were chosen."""

    action: str
    fields: tuple[tuple[str, str], ...]
    files: tuple[str, ...]

    hidden: frozenset[str] = HIDDEN

    @property
    def back(self) -> str:
        """Return the page to which to go back instead."""
        return dict(self.fields).get("back") or self.action.rpartition("/")[0] or "/"

    @staticmethod
    def label(name: str) -> str:
        """Return what a field is called in words."""
        return _(LABELS[name]) if name in LABELS else name


async def answer(request: Request, problem: Problem) -> Response:
    """Return the problem as programs or as people read it."""
    return told(request, problem, await _held(request) if is_page(request.url.path) else None)


def told(request: Request, problem: Problem, held: Held | None = None) -> Response:
    """Return the problem as programs or as people read it, with no look at the request's body."""
    if not is_page(request.url.path):
        return for_programs(problem)
    context = {"problem": _in_words(problem), "held": held}
    return page_at(request).show("fault.html", problem.status_code, problem.headers, **context)


async def sign_in_needed(request: Request, __: Exception) -> Response:
    """Lead to the sign-in and back; a form that was typed waits on the sign-in's own page."""
    if request.method in SAFE:
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/signin?next={quote(wanted, safe='')}", 303)
    held = await _held(request) or Held(request.url.path, (), ())
    return page_at(request).show("entrance/expired.html", 401, held=held)


async def _held(request: Request) -> Held | None:
    """Return what was typed; nothing where the form is too large or broken to be read."""
    if request.method in SAFE:
        return None
    try:
        return await held_form(request)
    except (HTTPException, RuntimeError):  # it broke off before, and cannot be read again
        return None


async def held_form(request: Request) -> Held:
    """Return what was typed into the form of this request."""
    form = await request.form()
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    files = [
        value.filename or ""
        for __, value in form.multi_items()
        if isinstance(value, UploadFile) and value.filename
    ]
    await form.close()  # it may be read here for the first time, after the page let go of it
    kept = [(name, value) for name, value in fields if not name.startswith(SECRET)]
    return Held(request.url.path, tuple(kept), tuple(files))


def page_at(request: Request) -> Page:
    """Return the page of this request, as far as it has come.

    Where the register could not say whose session it is, the form is still of that session.
    """
    known: Any = getattr(request.state, "page", None)
    if isinstance(known, Page):
        return known
    page = Page(request, request.app.state.parts, present.get())
    plain = request.cookies.get(cookie_name(page.parts), "")
    return replace(page, csrf=csrf_of(plain)) if plain else page


def _in_words(problem: Problem) -> Mapping[str, Any]:
    way_out = WAYS_OUT.get(problem.body["code"])
    return {**problem.body, "way_out": _(way_out)} if way_out else problem.body
