"""The public page of the regulation: the rules in our words, the decisions in force, the hours.

Carries out R12 and R13 (the edition in force and every other one with its date), R44 (today's hours
and those of the days ahead) and Q1-Q14: what a decision says comes from the settings themselves.
"""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from markupsafe import Markup, escape

from domain.calendar import MOSCOW
from domain.editions import Settings
from domain.letters import Language
from domain.opening import days_ahead, departures_ahead
from gateway.pages.visitors import AnyPage
from gateway.rulebook import in_force, rulebook
from storage import editions

router = APIRouter(include_in_schema=False)

DAYS_SHOWN = 8
DAYS_WATCHED = 60
KEPT = {"Cache-Control": "private, max-age=60", "Vary": "Cookie, Accept-Language"}
MAIL = Markup('<a href="mailto:{0}">{0}</a>')
LINK = Markup('<a href="{}">{}</a>')


@router.get("/regulation")
def regulation(page: AnyPage) -> HTMLResponse:
    """Show how support works, under the edition in force."""
    with page.parts.database.transaction() as connection:
        edition = editions.current(connection, page.now)
        announced = editions.list_announced(connection)
    calendar, today = page.parts.rules().calendar, page.now.astimezone(MOSCOW).date()
    days = days_ahead(calendar, today, DAYS_SHOWN)
    return page.show(
        "regulation.html",
        headers=KEPT,
        book=rulebook(page.language),
        said=saying(edition.settings, page.language),
        edition=edition,
        announced=announced,
        days=days,
        departures=[
            departure
            for departure in departures_ahead(calendar, today, DAYS_WATCHED)
            if departure.last_on > days[-1][0]
        ],
        known_through=calendar.known_through,
    )


def saying(settings: Settings, language: Language) -> Callable[[str], Markup]:
    """Return how words of the regulation are written on the page: with addresses to click."""
    values = {**in_force(settings, language), **_links(settings)}
    return lambda text: escape(text).format_map(values)


def _links(settings: Settings) -> Mapping[str, Markup]:
    url = settings.documentation_url
    return {
        "service_address": MAIL.format(settings.service_address),
        "head_address": MAIL.format(settings.head_address),
        "documentation": LINK.format(url, urlsplit(url).hostname or url),
    }
