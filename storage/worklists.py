"""The lists that staff work from: whose move a ticket waits for, in the order it is worked off.

Carries out R5, R47, R49, R50, R54-R59, R63; U1, U2. A page is one statement, or two where it is
narrowed, and looks at a bounded number of lines however many tickets there are; merged tickets
stand in no list.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Subquery,
    and_,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)

from domain.terms import Channel, Criticality, DeferralReason, Status, Turn
from storage.people_tables import clients
from storage.search_terms import search_query
from storage.ticket_lines import Line, Lines, Place, lines_of, read
from storage.ticket_tables import messages, requests, tickets

CAP = 1000
WINDOW = 1000
# To put a statement together costs more than the register needs for it, so it is kept.
KEPT = 256


class Worklist(StrEnum):
    """A list of the console."""

    FOR_US = "for_us"
    QUEUE = "queue"
    MINE = "mine"
    AWAITING_CLIENT = "awaiting_client"
    IN_DEVELOPMENT = "in_development"
    DEFERRED = "deferred"
    UNIDENTIFIED = "unidentified"
    CLOSED = "closed"
    OPEN = "open"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What to list: a list, and what to narrow it to; `since` is a moment of closing.

    `MINE` are the open tickets of `specialist`, the register's id of one of us as tickets carry it.
    `criticality` is the confirmed one, or the declared one where none is confirmed yet. `words`
    are looked for in the first message, `who` in the client's name and in who wrote.
    """

    list: Worklist
    specialist: str = ""
    client_id: int | None = None
    since: datetime | None = None
    category: str = ""
    channel: Channel | None = None
    criticality: Criticality | None = None
    reason: DeferralReason | None = None
    words: str = ""
    who: str = ""

    @property
    def is_newest_first(self) -> bool:
        """Tell whether what ended last stands first; open tickets stand as the queue does."""
        return self.list is Worklist.CLOSED


@dataclass(frozen=True)
class Page:
    """Lines in their order, and the place to read on from, if anything may follow."""

    lines: tuple[Line, ...]
    after: Place | None


STANDS = tickets.c.closed_at.is_(None) & ~tickets.c.is_merged
LISTS: dict[Worklist, ColumnElement[bool]] = {
    Worklist.FOR_US: STANDS & (tickets.c.turn == Turn.SUPPORT),
    Worklist.QUEUE: STANDS & (tickets.c.status == Status.IN_QUEUE),
    Worklist.MINE: STANDS,
    Worklist.AWAITING_CLIENT: STANDS & (tickets.c.status == Status.AWAITING_CLIENT),
    Worklist.IN_DEVELOPMENT: STANDS & (tickets.c.turn == Turn.DEVELOPMENT),
    Worklist.DEFERRED: STANDS & (tickets.c.status == Status.DEFERRED),
    Worklist.UNIDENTIFIED: STANDS & (tickets.c.status == Status.IDENTIFICATION),
    Worklist.CLOSED: tickets.c.closed_at.is_not(None),
    Worklist.OPEN: STANDS,
}
BY_ARRIVAL = ("is_routine", "received_at", "number")
BY_CLOSING = ("closed_at", "number")
Chosen = Select[*tuple[Any, ...]]


def page(connection: Connection, asked: Asked, limit: int = 50, after: Place | None = None) -> Page:
    """Return the lines of a list from after that place.

    A narrowed page looks through at most WINDOW tickets: it may be short, even empty, while
    `after` says that more may follow.
    """
    lines, end = _reading(asked, limit, after)
    found = read(connection, lines)
    if len(found) > limit:
        return Page(found[:limit], found[limit - 1].place)
    row = connection.execute(end).first() if end is not None else None
    return Page(found, (row[0], row[1], row[2]) if row else None)


def list_lines(connection: Connection, numbers: Iterable[str]) -> tuple[Line, ...]:
    """Return the lines of these tickets, open, closed or merged, in the order of the queue."""
    wanted = tickets.c.number.in_(tuple(numbers))
    return read(connection, lines_of(select(tickets).where(wanted).subquery()))


def count(
    connection: Connection, specialist: str = "", since: datetime | None = None
) -> dict[Worklist, int]:
    """Return how long each list is, in one statement; CAP + 1 stands for anything above CAP.

    MINE are the specialist's; CLOSED are those closed since that moment.
    """
    whose = {Worklist.MINE: specialist or "-"}
    asked = [Asked(list=one, specialist=whose.get(one, ""), since=since) for one in Worklist]
    return dict(zip(Worklist, _counts(connection, asked), strict=True))


def count_deferred(connection: Connection) -> dict[DeferralReason, int]:
    """Return how many tickets are deferred for each reason, capped as in `count` (R54)."""
    asked = [Asked(list=Worklist.DEFERRED, reason=reason) for reason in DeferralReason]
    return dict(zip(DeferralReason, _counts(connection, asked), strict=True))


def _counts(connection: Connection, asked: Iterable[Asked]) -> Iterable[int]:
    return connection.execute(_counting(tuple(asked))).one()


@lru_cache(maxsize=KEPT)
def _counting(asked: tuple[Asked, ...]) -> Chosen:
    return select(*map(_counted, asked))


def _counted(asked: Asked) -> ColumnElement[int]:
    some = select(literal(1).label("one")).where(_list(asked), *_narrowing(asked, tickets))
    counted = select(func.count()).select_from(some.limit(CAP + 1).subquery())
    return counted.scalar_subquery().label(None)


@lru_cache(maxsize=KEPT)
def _reading(asked: Asked, limit: int, after: Place | None) -> tuple[Lines, Chosen | None]:
    """Return the statement of a page, and of a narrowed one that of the end of its window."""
    is_narrowed = bool(_narrowing(asked, tickets))
    looked = _looked(asked, after, WINDOW if is_narrowed else limit + 1).subquery("looked")
    wanted = select(looked).where(*_narrowing(asked, looked))
    chosen = _in_order(wanted, looked, asked).limit(limit + 1).subquery()
    lines = lines_of(chosen, is_newest_first=asked.is_newest_first)
    return lines, _end(looked, asked) if is_narrowed else None


def _list(asked: Asked) -> ColumnElement[bool]:
    """Return the condition that an index answers."""
    wanted = [LISTS[asked.list]]
    if asked.specialist:
        wanted.append(tickets.c.specialist == asked.specialist)
    if asked.client_id is not None:
        wanted.append(tickets.c.client_id == asked.client_id)
    if asked.since is not None and asked.is_newest_first:
        wanted.append(tickets.c.closed_at >= asked.since)
    return and_(*wanted)


def _narrowing(asked: Asked, of: FromClause) -> list[ColumnElement[bool]]:
    """Return the conditions that no index answers: each ticket must be looked at."""
    snapshot = of.c.snapshot
    confirmed, declared = snapshot["confirmed"].astext, snapshot["declared"].astext
    narrow = {
        snapshot["category"].astext: asked.category,
        snapshot["channel"].astext: asked.channel,
        func.coalesce(confirmed, declared): asked.criticality,
        snapshot["deferral"].astext: asked.reason,
    }
    wanted = [column == value for column, value in narrow.items() if value]
    if asked.words:
        wanted.append(_says(of.c.number, asked.words))
    if asked.who:
        wanted.append(_is_of(of, asked.who))
    return wanted


def _says(number: ColumnElement[str], words: str) -> ColumnElement[bool]:
    """Return the condition that a ticket's first message has all the words."""
    first = select(requests.c.number).join(messages, messages.c.id == requests.c.message_id)
    has_all = messages.c.words.bool_op("@@")(search_query(words))
    return first.where(requests.c.number == number, has_all).exists()


def _is_of(of: FromClause, who: str) -> ColumnElement[bool]:
    """Return the condition that a part of a name, login or address is of a ticket's client."""
    client = select(clients.c.name).where(clients.c.id == of.c.client_id).correlate(of)
    told = func.concat_ws(
        " ", client.scalar_subquery(), requests.c.name, requests.c.login, requests.c.address
    )
    is_theirs = func.lower(told).contains(who.strip().lower(), autoescape=True)
    whose = select(requests.c.number).where(requests.c.number == of.c.number, is_theirs)
    return whose.correlate(of).exists()


def _looked(asked: Asked, after: Place | None, limit: int) -> Chosen:
    """Return the tickets of a list from after a place, in the order of one index."""
    found = select(tickets).where(_list(asked))
    if after is not None:
        place = tuple_(*_place(tickets, asked))
        is_after = place < after[1:] if asked.is_newest_first else place > after
        found = found.where(is_after)
    return _in_order(found, tickets, asked).limit(limit)


def _in_order(found: Chosen, of: FromClause, asked: Asked) -> Chosen:
    place = _place(of, asked)
    return found.order_by(*(column.desc() if asked.is_newest_first else column for column in place))


def _place(of: FromClause, asked: Asked) -> Sequence[ColumnElement[Any]]:
    return [of.c[name] for name in (BY_CLOSING if asked.is_newest_first else BY_ARRIVAL)]


def _end(looked: Subquery, asked: Asked) -> Chosen:
    """Return the statement for the last place looked at, if the window ended before the list."""
    names = ("is_routine", "closed_at" if asked.is_newest_first else "received_at", "number")
    numbered = select(*(looked.c[name] for name in names), func.row_number().over().label("nth"))
    return select(numbered.subquery()).where(literal_column("nth") == WINDOW)
