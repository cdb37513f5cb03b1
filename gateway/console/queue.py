"""The queue: what waits for whom, in the order it is worked off, always as the register has it.

Carries out R5, R47, R49, R50, R54; U1, F48: confirmed critical tickets first, then by arrival.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Annotated
from urllib.parse import urlencode
from uuid import uuid4

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field, field_validator

from domain.calendar import MOSCOW
from domain.scope import CATALOGUE
from domain.terms import Channel, Criticality, DeferralReason
from gateway import places
from gateway.console.queue_lines import Row, rows
from gateway.pages.rendering import Page
from gateway.pages.translation import marked
from gateway.pages.visitors import StaffPage, the_visitor
from storage import mentions, people, presence, sessions, views, worklists
from storage.database import Connection
from storage.mentions import Mention
from storage.people import Staff
from storage.views import View
from storage.worklists import CAP, Asked, Worklist

router = APIRouter(include_in_schema=False)

SHOWN = 50
MINE_SHOWN = 20
LISTS = {
    Worklist.QUEUE: marked("В очереди"),
    Worklist.FOR_US: marked("Ждут нас"),
    Worklist.MINE: marked("Мои"),
    Worklist.AWAITING_CLIENT: marked("Ждём клиента"),
    Worklist.IN_DEVELOPMENT: marked("У разработчиков"),
    Worklist.DEFERRED: marked("Отложены"),
    Worklist.UNIDENTIFIED: marked("Не опознаны"),
    Worklist.OPEN: marked("Все открытые"),
    Worklist.CLOSED: marked("Закрыты сегодня"),
}


class Choice(BaseModel):
    """Which list, narrowed to what, from which place on; what is not understood narrows nothing."""

    list: Worklist = Worklist.QUEUE
    specialist: Annotated[str, Field(max_length=20)] = ""
    client: Annotated[int | None, Field(ge=1, lt=2**63)] = None
    channel: Channel | None = None
    criticality: Criticality | None = None
    reason: DeferralReason | None = None
    category: Annotated[str, Field(max_length=40)] = ""
    q: Annotated[str, Field(max_length=200)] = ""
    who: Annotated[str, Field(max_length=100)] = ""
    after: Annotated[str, Field(max_length=200)] = ""

    @field_validator("client", "channel", "criticality", "reason", mode="before")
    @classmethod
    def _nothing_is_no_choice(cls, value: object) -> object:
        return value or None

    @property
    def is_narrowed(self) -> bool:
        """Tell whether anything but the list was chosen."""
        return bool(set(self.asked) - {"list"})

    @property
    def asked(self) -> dict[str, str]:
        """Return what was chosen, as an address asks it, without the place."""
        told = self.model_dump(mode="json", exclude_defaults=True, exclude={"after"})
        return {name: str(value) for name, value in told.items()}

    def question(self, **changed: str) -> str:
        """Return the question of the address that asks this, with some of it changed."""
        asked = {**self.asked, **changed}
        return urlencode({name: value for name, value in asked.items() if value})


@dataclass(frozen=True)
class Shown:
    """All that the page shows."""

    rows: list[Row]
    mine: list[Row]
    after: str
    counts: dict[Worklist, int]
    staff: tuple[Staff, ...]
    views: tuple[View, ...]
    mentions: tuple[Mention, ...]
    on_shift: tuple[str, ...]
    deferred: Mapping[DeferralReason, int]

    @property
    def leaps(self) -> list[Row]:
        """Return what stands out of turn."""
        return [row for row in self.rows if not row.line.is_routine]

    @property
    def arrivals(self) -> list[Row]:
        """Return what stands in the order of arrival."""
        return [row for row in self.rows if row.line.is_routine]

    @property
    def oldest(self) -> Row | None:
        """Return the row that waits for us longest."""
        waiting = [row for row in self.rows if row.clock and row.is_ours]
        return max(waiting, key=lambda row: row.clock.seconds if row.clock else 0, default=None)

    @property
    def unseen(self) -> int:
        """Count the notes that call the visitor and were not seen yet."""
        return sum(not one.is_seen for one in self.mentions)

    def count(self, one: Worklist) -> str:
        """Return how long a list is; beyond the cap nobody counts."""
        return _capped(self.counts[one])

    def count_deferred(self, reason: DeferralReason) -> str:
        """Return how many tickets are deferred for a reason; beyond the cap nobody counts."""
        return _capped(self.deferred[reason])


def _capped(count: int) -> str:
    return str(count) if count <= CAP else f"{CAP}+"


@router.get("/queue")
def queue(page: StaffPage, choice: Annotated[Choice, Query()]) -> HTMLResponse:
    """Show a list."""
    with page.parts.database.transaction() as connection:
        shown = read(connection, page, choice)
    return page.show(
        "console/queue.html",
        shown=shown,
        choice=choice,
        lists=LISTS,
        new_key=lambda: uuid4().hex,
        channels=tuple(Channel),
        criticalities=tuple(Criticality),
        reasons=tuple(DeferralReason),
        matters=CATALOGUE,
    )


def read(connection: Connection, page: Page, choice: Choice) -> Shown:
    """Read what the page shows, in a number of statements that does not grow."""
    me, calendar, now = the_visitor(page).bearer, page.parts.rules().calendar, page.now
    after = places.read(places.QUEUED, choice.after) if choice.after else None
    found = worklists.page(connection, asked_of(choice, str(me.id), now), SHOWN, after)
    is_plain = choice.list is Worklist.QUEUE and not choice.is_narrowed and after is None
    own = Asked(list=Worklist.MINE, specialist=str(me.id))
    mine = worklists.page(connection, own, MINE_SHOWN).lines if is_plain else ()
    numbers = [line.number for line in (*found.lines, *mine)]
    there = presence.list_at(connection, numbers, now, me.id)
    return Shown(
        rows(found.lines, calendar, now, there),
        rows(mine, calendar, now, there),
        places.written(places.QUEUED, found.after) if found.after else "",
        worklists.count(connection, str(me.id), midnight(now)),
        people.list_staff(connection),
        views.list_of(connection, me.id),
        mentions.list_of(connection, me.id),
        sessions.list_on_shift(connection, now),
        worklists.count_deferred(connection) if choice.list is Worklist.DEFERRED else {},
    )


def asked_of(choice: Choice, me: str, now: datetime) -> Asked:
    """Return the choice as the register is asked."""
    is_mine = choice.list is Worklist.MINE
    return Asked(
        list=choice.list,
        specialist=me if is_mine else choice.specialist,
        client_id=choice.client,
        since=midnight(now) if choice.list is Worklist.CLOSED else None,
        category=choice.category,
        channel=choice.channel,
        criticality=choice.criticality,
        reason=choice.reason,
        words=choice.q,
        who=choice.who,
    )


def midnight(now: datetime) -> datetime:
    """Return the moment at which the present day of Moscow began."""
    return datetime.combine(now.astimezone(MOSCOW).date(), time(0), MOSCOW)
