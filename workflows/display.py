"""What an operator sees of a ticket in the engine's own pages: whose turn, since when, what next.

Codes and moments only, no words of a client's (laws 4 and 9).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    SearchAttributeUpdate,
    TypedSearchAttributes,
)

from domain.calendar import MOSCOW
from domain.obligations import Due, Obligation
from domain.terms import Criticality, Status, Turn
from domain.ticket import Ticket
from workflows import (
    ACCEPTED_AT,
    CATEGORY,
    CHANNEL,
    CLIENT,
    CRITICALITY,
    DEFERRAL,
    ESCALATED,
    NEXT_EVENT_AT,
    OVERDUE,
    SPECIALIST,
    STATUS,
)

LONGEST_KEYWORD = 255
LEVELS = {Criticality.CRITICAL: 1, Criticality.NORMAL: 3, Criticality.LOW: 5}
TURNS = {
    Turn.SUPPORT: "ход за поддержкой",
    Turn.CLIENT: "ход за клиентом",
    Turn.DEVELOPMENT: "ход за разработкой",
    Turn.CALENDAR: "ждёт рабочего времени",
    Turn.NOBODY: "закрыта",
}
STEPS = {
    Obligation.ACCEPT: "принять в работу",
    Obligation.REMIND: "напомнить клиенту",
    Obligation.REVIEW: "показать специалисту",
    Obligation.CLOSE: "отправить письмо о закрытии",
}
Attributes = Mapping[SearchAttributeKey[Any], Any]


def attributes(ticket: Ticket, due: Due | None) -> Attributes:
    """Return the search attributes of a ticket; None where one does not apply."""
    return {
        STATUS: ticket.status.value,
        DEFERRAL: ticket.deferral.value if ticket.deferral else None,
        CHANNEL: ticket.channel.value,
        CLIENT: _keyword(ticket.client),
        SPECIALIST: _keyword(ticket.specialist),
        CATEGORY: _keyword(ticket.category),
        CRITICALITY: LEVELS[ticket.confirmed or ticket.declared],
        NEXT_EVENT_AT: due.at if due else _awaited(ticket),
        ACCEPTED_AT: ticket.accepted_at,
        OVERDUE: ticket.review_due,
        ESCALATED: ticket.escalated,
    }


def at_start(shown: Attributes) -> TypedSearchAttributes:
    """Return the attributes as a start takes them."""
    return TypedSearchAttributes(
        [SearchAttributePair(key, value) for key, value in shown.items() if value is not None]
    )


def changes(before: Attributes, after: Attributes) -> list[SearchAttributeUpdate[Any]]:
    """Return what to upsert: nothing where only the next moment moved.

    That is no change of state, and each upsert is paid for.
    """
    changed = [key for key in after if after[key] != before[key]]
    if not set(changed) - {NEXT_EVENT_AT}:
        return []
    return [_update(key, after[key]) for key in changed]


def details(ticket: Ticket, due: Due | None) -> str:
    """Return the ticket at a glance, in Markdown."""
    since = f", с {spell(ticket.since)}" if ticket.since else ""
    lines = [
        f"### {ticket.number}: {TURNS[ticket.turn]}",
        f"**{ticket.status}**{since}",
        f"- дальше: {next_step(due)}",
        f"- специалист: {ticket.specialist or 'ещё никто'}",
        f"- записей в журнале: {ticket.sequence}",
    ]
    marks = [f"- отложена по {ticket.deferral}"] if ticket.deferral else []
    return "\n".join([*lines, *marks])


def waits_for(ticket: Ticket, due: Due | None, moment: datetime | None) -> str:
    """Return the summary of the timer that a ticket waits on."""
    if due is not None and due.at == moment:
        return f"{STEPS[due.what]} ({due.rule})"
    return f"письмо ждёт рабочего времени (R45), {ticket.status}"


def next_step(due: Due | None) -> str:
    """Return what the ticket does next by itself, when, and by which rule."""
    if due is None:
        return "сама ничего, ждёт людей"
    doubt = ", предварительно" if due.provisional else ""
    version = due.calendar_version
    return f"{STEPS[due.what]} {spell(due.at)} ({due.rule}, календарь {version}{doubt})"


def spell(at: datetime) -> str:
    """Return a moment as people in Moscow read it."""
    return at.astimezone(MOSCOW).strftime("%d.%m.%Y %H:%M:%S МСК")


def _awaited(ticket: Ticket) -> datetime | None:
    """Return the next moment of a ticket that nothing has been computed for yet."""
    return ticket.accepted_at if ticket.status is Status.REGISTERED else None


def _keyword(value: str) -> str | None:
    return value[:LONGEST_KEYWORD] or None


def _update(key: SearchAttributeKey[Any], value: object) -> SearchAttributeUpdate[Any]:
    return key.value_unset() if value is None else key.value_set(value)
