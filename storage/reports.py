"""The head's figures, each counted and listed by one and the same condition.

Carries out R8, R39, R45, R49-R54, R65; law 7. The figures of a period look at the tickets of the
period only, those of the present load at the open ones.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Date,
    Select,
    Text,
    any_,
    cast,
    func,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from domain.reports import Period
from domain.terms import Criticality, DeferralReason, Grade, Status
from storage.mail_tables import letters, review_items
from storage.people_tables import staff
from storage.rating_tables import ratings
from storage.ticket_tables import DEPARTURE, events, messages, tickets

Place = tuple[datetime, str]


class Figure(StrEnum):
    """A number of the head's page; behind it stand exactly so many tickets."""

    ARRIVED = "arrived"
    ARRIVED_OUTSIDE = "arrived_outside"
    ANSWERED = "answered"
    ANSWERED_NEW = "answered_new"
    ANSWERED_EARLIER = "answered_earlier"
    WAITING = "waiting"
    DEFERRED = "deferred"
    DECLARED = "declared"
    ESCALATED = "escalated"
    UNIDENTIFIED = "unidentified"
    UNDELIVERED = "undelivered"
    SKIPPED = "skipped"
    CRITICAL = "critical"
    URGED = "urged"
    HELPED = "helped"
    PARTLY = "partly"
    NOT_HELPED = "not_helped"


T, SNAPSHOT = tickets.c, tickets.c.snapshot
STANDS = T.closed_at.is_(None) & ~T.is_merged
ACCEPTED_AT = func.moment_of(SNAPSHOT["accepted_at"].astext)
OPEN: Mapping[Figure, ColumnElement[bool]] = {
    Figure.WAITING: T.answered_at.is_(None),
    Figure.DEFERRED: T.status == Status.DEFERRED,
    Figure.DECLARED: (SNAPSHOT["declared"].astext == Criticality.CRITICAL)
    & SNAPSHOT["confirmed"].astext.is_(None),
    Figure.ESCALATED: SNAPSHOT["escalated"].astext == "true",
    Figure.UNIDENTIFIED: T.status == Status.IDENTIFICATION,
}
DEPARTED = literal_column(f"({DEPARTURE.text})", Boolean)  # its own OR binds weaker than our AND
DEPARTURES = {
    Figure.SKIPPED: "taken",
    Figure.CRITICAL: "criticality_confirmed",
    Figure.URGED: "letter_urged",
}
GRADES = {
    Figure.HELPED: Grade.HELPED,
    Figure.PARTLY: Grade.PARTLY,
    Figure.NOT_HELPED: Grade.NOT_HELPED,
}
FAILED_AT = func.coalesce(letters.c.bounced_at, letters.c.tried_at, letters.c.prepared_at)


@dataclass(frozen=True)
class Behind:
    """The tickets behind a figure; of one reason of deferral where it is named."""

    figure: Figure
    period: Period
    reason: DeferralReason | None = None


@dataclass(frozen=True)
class Load:
    """The open tickets at a moment: how many stand where, and since when the oldest of them."""

    counts: Mapping[Figure, int]
    deferred: Mapping[DeferralReason, int]
    oldest: str
    oldest_accepted_at: datetime | None
    deferred_since: datetime | None
    unidentified_since: datetime | None


def read_load(connection: Connection) -> Load:
    """Return the figures of the open tickets, in one statement that looks at each of them once."""
    reason = SNAPSHOT["deferral"].astext
    is_waiting, by_arrival = OPEN[Figure.WAITING], aggregate_order_by(T.number, ACCEPTED_AT)
    since = func.moment_of(SNAPSHOT["since"].astext)
    counted = select(
        *(func.count().filter(condition).label(figure) for figure, condition in OPEN.items()),
        *(func.count().filter(reason == one).label(one) for one in DeferralReason),
        func.coalesce(func.array_agg(by_arrival).filter(is_waiting)[1], "").label("oldest"),
        func.min(ACCEPTED_AT).filter(is_waiting).label("oldest_accepted_at"),
        func.min(since).filter(OPEN[Figure.DEFERRED]).label("deferred_since"),
        func.min(T.received_at).filter(OPEN[Figure.UNIDENTIFIED]).label("unidentified_since"),
    ).where(STANDS)
    row = connection.execute(counted).mappings().one()
    return Load(
        {figure: row[figure] for figure in OPEN},
        {one: row[one] for one in DeferralReason},
        row["oldest"],
        row["oldest_accepted_at"],
        row["deferred_since"],
        row["unidentified_since"],
    )


def count(connection: Connection, period: Period) -> dict[Figure, int]:
    """Return how many tickets stand behind each figure of a period, in one statement."""
    asked = [figure for figure in Figure if figure not in OPEN]
    counted = [_counted(Behind(figure, period)).label(figure) for figure in asked]
    row = connection.execute(select(*counted)).mappings().one()
    return {figure: row[figure] for figure in asked}


def count_behind(connection: Connection, behind: Behind) -> int:
    """Return how many tickets stand behind one figure."""
    chosen = _numbers(behind).subquery()
    return connection.execute(select(func.count()).select_from(chosen)).scalar_one()


def list_behind(
    connection: Connection, behind: Behind, after: Place | None = None, limit: int = 50
) -> list[Place]:
    """Return moments of arrival and numbers behind a figure, in their order, after that place."""
    return _places(connection, T.number.in_(_numbers(behind)), after, limit)


def list_places(
    connection: Connection, numbers: Iterable[str], after: Place | None = None, limit: int = 50
) -> list[Place]:
    """Return moments of arrival and numbers of these tickets, in their order, after that place."""
    return _places(connection, T.number == any_(cast(list(numbers), ARRAY(Text))), after, limit)


def _places(
    connection: Connection, chosen: ColumnElement[bool], after: Place | None, limit: int
) -> list[Place]:
    place = (T.received_at, T.number)
    found = select(*place).where(chosen).order_by(*place).limit(limit)
    if after is not None:
        found = found.where(tuple_(*place) > after)
    return [(row.received_at, row.number) for row in connection.execute(found)]


def _counted(behind: Behind) -> ColumnElement[int]:
    chosen = _numbers(behind).subquery()
    return select(func.count()).select_from(chosen).scalar_subquery()


def _numbers(behind: Behind) -> Select[*tuple[Any, ...]]:
    """Return the one choice of tickets by which a figure is counted and listed."""
    figure, period = behind.figure, behind.period
    if figure in DEPARTURES:
        is_it = DEPARTED & (events.c.kind == DEPARTURES[figure]) & within(events.c.at, period)
        return select(events.c.number).where(is_it).distinct()
    if figure is Figure.UNDELIVERED:
        of_ticket = letters.c.number.is_not(None)
        return select(letters.c.number).where(_is_undelivered(period), of_ticket).distinct()
    if figure in GRADES:
        is_it = (ratings.c.grade == GRADES[figure]) & within(ratings.c.at, period)
        return select(ratings.c.number).where(is_it)
    if figure in OPEN:
        is_reason = [SNAPSHOT["deferral"].astext == behind.reason] if behind.reason else []
        return select(T.number).where(STANDS, OPEN[figure], *is_reason)
    return select(T.number).where(*_of_period(figure, period))


def _of_period(figure: Figure, period: Period) -> tuple[ColumnElement[bool], ...]:
    arrived, answered = within(T.received_at, period), within(T.answered_at, period) & ~T.is_merged
    conditions: Mapping[Figure, tuple[ColumnElement[bool], ...]] = {
        Figure.ARRIVED: (arrived,),
        Figure.ARRIVED_OUTSIDE: (arrived, T.received_at < ACCEPTED_AT),
        Figure.ANSWERED: (answered,),
        Figure.ANSWERED_NEW: (answered, T.received_at >= period.since),
        Figure.ANSWERED_EARLIER: (answered, T.received_at < period.since),
    }
    return conditions[figure]


def _is_undelivered(period: Period) -> ColumnElement[bool]:
    return letters.c.state.in_(("bounced", "failed")) & within(FAILED_AT, period)


def within(moment: ColumnElement[Any], period: Period) -> ColumnElement[bool]:
    """Return the condition that a moment lies in the period."""
    return (moment >= period.since) & (moment < period.until)


def list_departures(
    connection: Connection, period: Period, limit: int = 20
) -> list[dict[str, Any]]:
    """Return what staff gave a reason for, the newest first: who, when, what, which words."""
    who = staff.c.id == cast(func.nullif(func.split_part(events.c.by, ":", 2), ""), staff.c.id.type)
    words = messages.c.id == cast(events.c.data["text"].astext, messages.c.id.type)
    found = (
        select(
            *(events.c.number, events.c.kind, events.c.at, events.c.by),
            func.coalesce(staff.c.name, "").label("name"),
            func.coalesce(messages.c.text, "").label("reason"),
        )
        .outerjoin_from(events, staff, who)
        .outerjoin(messages, words)
        .where(DEPARTED, within(events.c.at, period))
        .order_by(events.c.at.desc(), events.c.number, events.c.sequence.desc())
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(found).mappings()]


def list_undelivered(
    connection: Connection, period: Period, limit: int = 20
) -> list[dict[str, Any]]:
    """Return letters that came back or were refused in the period, the newest first.

    Those about accounts are among them; they have no number.
    """
    columns = (letters.c.key, letters.c.number, letters.c.kind, letters.c.recipient)
    told = (letters.c.state, letters.c.reason, letters.c.attempts, FAILED_AT.label("at"))
    found = select(*columns, *told).where(_is_undelivered(period))
    newest = found.order_by(FAILED_AT.desc(), letters.c.key).limit(limit)
    return [dict(row) for row in connection.execute(newest).mappings()]


def count_review(connection: Connection) -> dict[str, tuple[int, datetime]]:
    """Return for each kind of what waits for a person how many there are, and since when."""
    told = (review_items.c.kind, func.count().label("many"), func.min(review_items.c.created_at))
    found = select(*told).where(review_items.c.settled_at.is_(None)).group_by(review_items.c.kind)
    return {kind: (many, since) for kind, many, since in connection.execute(found)}


def count_replies(connection: Connection, until: datetime) -> dict[str, int]:
    """Return how many first replies each of the last days gave, by its date in Moscow."""
    return {row.on_day: row.many for row in connection.execute(replies_by_day(until))}


def replies_by_day(until: datetime, back: timedelta = timedelta(days=21)) -> Select[str, int]:
    """Return the choice of the last days with the number of their first replies."""
    on = cast(cast(func.timezone("Europe/Moscow", T.answered_at), Date), Text)
    is_late = (T.answered_at >= until - back) & (T.answered_at < until)
    told = (on.label("on_day"), func.count().label("many"))
    return select(*told).where(is_late, ~T.is_merged).group_by(on)
