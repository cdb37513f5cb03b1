"""Handing to development in one form: what is handed over, and the diagnosis behind it (U13).

Carries out R4, R17, R19; laws 2 and 10. The diagnosis goes first, under a key of its own words: a
stop between the two, or the form sent again, does nothing twice.
"""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from domain import commands, events
from domain.terms import ByUser
from gateway.bodies import SPECS, Diagnosis, Spec
from gateway.commands import Given
from gateway.console.carrying import carry
from gateway.console.offers import offer
from gateway.pages.filled import Filled
from gateway.pages.rendering import Page
from gateway.pages.translation import _
from gateway.pages.visitors import the_visitor
from gateway.problems import not_found
from gateway.sight import visible
from storage import messages, tickets
from storage.database import Connection

DIAGNOSE = next(spec for spec in SPECS if spec.command is commands.Diagnose)
FIELDS = ("cause", "by_user", "tried", "found")
TOLD = ("cause", "tried", "found")  # one of these filled in asks for the others


async def hand_over(
    page: Page, request: Request, number: str, spec: Spec, form: Filled
) -> Given | Filled:
    """Give the diagnosis where the form has a new one, then hand over; or return the form's errors.

    Raises:
        Problem: where the ticket is not there or nobody may know of it.

    """
    flaws = {**_flaws(form.read(spec.body)), **_flaws(_diagnosis(form))}
    if flaws:
        return form.wrong(**flaws)
    if await run_in_threadpool(_is_new, page, number, spec, form):
        diagnosing = replace(form, key=f"{form.key}-{_fingerprint(form)}")
        given = await carry(page, request, number, DIAGNOSE, diagnosing)
        if isinstance(given, Filled):
            return replace(given, key=form.key)
    return await carry(page, request, number, spec, form)


def with_last_diagnosis(page: Page, number: str, form: Filled) -> Filled:
    """Return the form with what was last found out in the fields that nobody filled in."""
    with page.parts.database.transaction() as connection:
        visible(connection, the_visitor(page), number)
        known = _last(connection, number)
    values = {"by_user": ByUser.UNKNOWN.value, **known, **form.values}
    return replace(form, values=values)


def _is_new(page: Page, number: str, spec: Spec, form: Filled) -> bool:
    """Tell whether the form has a diagnosis that the ticket lacks, and the handing over may be."""
    visitor = the_visitor(page)
    with page.parts.database.transaction() as connection:
        visible(connection, visitor, number)
        known, ticket = _last(connection, number), tickets.find(connection, number)
    if ticket is None:
        raise not_found()
    is_possible = offer(spec, ticket, visitor.actor).is_possible
    return is_possible and bool(form.value("cause")) and _told(form) != known


def _last(connection: Connection, number: str) -> Mapping[str, str]:
    journal = tickets.journal(connection, number)
    event = next((one for one in reversed(journal) if isinstance(one, events.Diagnosed)), None)
    if event is None:
        return {}
    words = {row["id"]: str(row["text"]) for row in messages.list_for(connection, number)}
    return {
        "cause": event.cause.value,
        "by_user": event.by_user.value,
        "tried": words.get(event.tried, ""),
        "found": words.get(event.found, ""),
    }


def _told(form: Filled) -> dict[str, str]:
    told = {name: form.value(name).strip() for name in FIELDS}
    return {**told, "by_user": told["by_user"] or ByUser.UNKNOWN.value}


def _diagnosis(form: Filled) -> Diagnosis | Filled | None:
    if not any(form.value(name).strip() for name in TOLD):
        return None
    if not form.value("cause"):
        return form.wrong(cause=_("Выберите класс причины: без него диагностика не запишется."))
    return form.read(Diagnosis)


def _flaws(read: object) -> Mapping[str, str]:
    return read.errors if isinstance(read, Filled) else {}


def _fingerprint(form: Filled) -> str:
    told = "\0".join(_told(form).values())
    return sha256(told.encode()).hexdigest()[:16]
