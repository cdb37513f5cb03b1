"""How long the tickets of a period waited for their first reply, and the journals behind it.

Carries out R47 (working time by the calendar that each ticket ran under, law 6), R48, R51.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, TypeAdapter
from sqlalchemy import Connection, Text, cast, func, select, tuple_
from sqlalchemy.dialects.postgresql import aggregate_order_by

from domain.calendar import Calendar
from domain.events import TicketEvent
from domain.reports import Period, Reaction
from storage.calendars import Calendars, UnknownVersionError
from storage.people_tables import clients, staff
from storage.reports import ACCEPTED_AT, SNAPSHOT, Place, T, within
from storage.ticket_tables import events, requests, tickets

TOLD: TypeAdapter[list[TicketEvent]] = TypeAdapter(
    list[Annotated[TicketEvent, Field(discriminator="kind")]]
)
CHUNK = 500
EVENTS = events.alias("told")
REASON = (
    select(EVENTS.c.data["reason"].astext)
    .where(EVENTS.c.number == T.number, EVENTS.c.kind == "deferred")
    .order_by(EVENTS.c.sequence.desc())
    .limit(1)
    .scalar_subquery()
)
Ruling = Callable[[int], Calendar]


@dataclass(frozen=True)
class Names:
    """The names of people by the codes that figures carry."""

    specialists: dict[str, str]
    clients: dict[str, str]


def ruling(connection: Connection, current: Calendar, known: Calendars) -> Ruling:
    """Return the way from a ticket's version to its calendar; without one the current rules."""

    def calendar_of(version: int) -> Calendar:
        if version in {0, current.version}:
            return current
        try:
            return known.get(connection, version)
        except UnknownVersionError:
            return current

    return calendar_of


def list_reactions(
    connection: Connection, period: Period, calendar_of: Ruling
) -> tuple[Reaction, ...]:
    """Return the reactions that ended in the period: a reply to the client, or the closing."""
    found = select(
        *(T.number, T.answered_at, T.calendar_version, T.specialist),
        ACCEPTED_AT.label("accepted_at"),
        func.coalesce(REASON, "").label("reason"),
        func.coalesce(cast(T.client_id, Text), "").label("client"),
        *(SNAPSHOT[name].astext.label(name) for name in ("category", "kind", "channel")),
    ).where(within(T.answered_at, period), ~T.is_merged)
    rows = connection.execute(found.order_by(T.answered_at, T.number))
    return tuple(_reaction(row, calendar_of(row.calendar_version)) for row in rows)


def _reaction(row: Any, calendar: Calendar) -> Reaction:  # noqa: ANN401 - a row of the statement above
    begun = row.accepted_at or row.answered_at
    return Reaction(
        number=row.number,
        answered_at=row.answered_at,
        amount=calendar.working_time_between(begun, row.answered_at),
        calendar_version=row.calendar_version,
        reason=row.reason,
        category=row.category or "",
        specialist=row.specialist,
        client=row.client,
        kind=row.kind or "",
        channel=row.channel or "",
    )


def read_names(connection: Connection, reactions: Iterable[Reaction]) -> Names:
    """Return the names of our staff, and of the clients of these reactions."""
    ours = connection.execute(select(cast(staff.c.id, Text), staff.c.name))
    wanted = {int(one.client) for one in reactions if one.client}
    found = select(cast(clients.c.id, Text), clients.c.name).where(clients.c.id.in_(wanted))
    theirs = connection.execute(found)
    return Names(dict(ours.all()), dict(theirs.all()))


def list_journals(
    connection: Connection, numbers: Iterable[str]
) -> dict[str, tuple[TicketEvent, ...]]:
    """Return the journals of these tickets, in one statement."""
    in_order = func.jsonb_agg(aggregate_order_by(events.c.data, events.c.sequence))
    wanted = events.c.number.in_(tuple(numbers))
    grouped = select(events.c.number, in_order).where(wanted).group_by(events.c.number)
    rows = connection.execute(grouped)
    return {number: tuple(TOLD.validate_python(told)) for number, told in rows}


def list_tickets(connection: Connection, period: Period) -> Iterator[list[dict[str, Any]]]:
    """Yield the tickets that came or were first answered in the period, some hundred at a time."""
    after: Place | None = None
    while rows := _chunk(connection, period, after):
        yield rows
        after = (rows[-1]["received_at"], rows[-1]["number"])


def _chunk(connection: Connection, period: Period, after: Place | None) -> list[dict[str, Any]]:
    place = (T.received_at, T.number)
    is_of_it = within(T.received_at, period) | within(T.answered_at, period)
    found = (
        select(
            tickets,
            ACCEPTED_AT.label("accepted_at"),
            requests.c.subject,
            func.coalesce(clients.c.name, "").label("client_name"),
            func.coalesce(staff.c.name, "").label("specialist_name"),
            func.coalesce(REASON, "").label("reason"),
        )
        .join_from(tickets, requests, requests.c.number == T.number)
        .outerjoin(clients, clients.c.id == T.client_id)
        .outerjoin(staff, cast(staff.c.id, Text) == T.specialist)
        .where(is_of_it)
        .order_by(*place)
        .limit(CHUNK)
    )
    if after is not None:
        found = found.where(tuple_(*place) > after)
    return [dict(row) for row in connection.execute(found).mappings()]
