"""How a page is drawn: one set of templates, the reader's language, what every page must know.

Carries out R44 (each page says whether support is at work) and the face of the service.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from domain.calendar import MOSCOW
from domain.letters import Language
from domain.words import command_name, name
from gateway.auth import Visitor
from gateway.pages import moments
from gateway.pages.day_reasons import day_reason
from gateway.pages.translation import _, ngettext, present
from gateway.parts import Parts
from storage.rules import Rules

TEMPLATES = Path(__file__).parent.parent / "templates"
STATIC = Path(__file__).parent.parent / "static"


@dataclass(frozen=True)
class Page:
    """A page on its way: who asked for what, and in which language it is answered."""

    request: Request
    parts: Parts
    language: Language
    visitor: Visitor | None = None
    csrf: str = ""

    @property
    def now(self) -> datetime:
        """Return the present moment."""
        return self.parts.clock()

    @property
    def rules(self) -> Rules | None:
        """Return the rules as they were read for this page, None where none were ever read.

        A page is drawn wherever it is answered, so drawing it waits for nothing.
        """
        return self.parts.rules.last

    def show(
        self,
        template: str,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **context: Any,  # noqa: ANN401 - whatever the template names
    ) -> HTMLResponse:
        """Draw the template with what every page knows and this context."""
        drawn = environment().get_template(template).render(page=self, **context)
        return HTMLResponse(drawn, status, headers=dict(headers or {}))


@cache
def environment() -> Environment:
    """Return the one place where templates become pages."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        auto_reload=False,
    )
    made.install_gettext_callables(_, ngettext, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    made.filters |= {
        "moment": moments.moment,
        "moment_long": moments.moment_long,
        "clock": moments.clock,
        "day": moments.short_day,
        "day_long": moments.long_day,
        "amount": moments.amount,
        "size": moments.size,
        "day_reason": day_reason,
        "named": lambda code: name(code, present.get()),
        "command": lambda kind: command_name(kind, present.get()),
        "paragraphs": paragraphs,
    }
    made.globals |= {"static": static, "working_time": working_time}
    return made


def paragraphs(text: str) -> Markup:
    """Return the text as paragraphs, its own line ends kept; nothing in it is markup."""
    parts = (part.strip("\n") for part in text.replace("\r\n", "\n").split("\n\n"))
    lined = (Markup("<br>").join(part.split("\n")) for part in parts if part.strip())
    return Markup("").join(Markup("<p>{}</p>").format(part) for part in lined)


@cache
def static(file: str) -> str:
    """Return the address of a file of ours; it changes when the file does, so it may be kept."""
    tag = sha256((STATIC / file).read_bytes()).hexdigest()[:12]
    return f"/static/{file}?{tag}"


def working_time(page: Page) -> str:
    """Say whether support is at work now, and until when or from when (R44)."""
    rules = page.rules
    if rules is None:
        return ""
    calendar, now = rules.calendar, page.now
    if not calendar.is_open(now):
        opens = calendar.next_working_moment(now)
        return _("нерабочее время до {moment}").format(moment=moments.moment(opens).striptags())
    hours = calendar.day(now.astimezone(MOSCOW).date()).hours
    closes = f"{hours.closes.hour}:{hours.closes:%M}" if hours else ""
    return _("рабочее время до {time}").format(time=closes)
