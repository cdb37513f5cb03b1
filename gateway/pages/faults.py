"""A page that could not be shown, a form that could not be taken: why, and what to do next.

Carries out law 10 for people: whatever was typed is on the page again, ready to be sent once more.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import UploadFile

from gateway.pages.guard import SAFE, is_page
from gateway.pages.rendering import Page
from gateway.pages.translation import _, marked, present
from gateway.problems import Problem
from gateway.problems import response as for_programs

HIDDEN = frozenset({"csrf", "key", "seen", "back", "next"})
SECRET = ("password", "secret")
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
    if not is_page(request.url.path):
        return for_programs(problem)
    held = None if request.method in SAFE else await held_form(request)
    context = {"problem": problem.body, "held": held}
    return page_at(request).show("fault.html", problem.status_code, problem.headers, **context)


async def sign_in_needed(request: Request, __: Exception) -> Response:
    """Lead to the sign-in and back; a form that was typed waits on the sign-in's own page."""
    if request.method in SAFE:
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/signin?next={quote(wanted, safe='')}", 303)
    held = await held_form(request)
    return page_at(request).show("entrance/expired.html", 401, held=held)


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
    """Return the page of this request, as far as it has come."""
    known: Any = getattr(request.state, "page", None)
    if isinstance(known, Page):
        return known
    return Page(request, request.app.state.parts, present.get())
