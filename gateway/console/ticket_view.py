"""All that the page of a ticket shows, read at once in a number of statements that never grows.

Carries out R2, R5, R44, R47; U4, U9, U12. What a ticket has much of is read in one statement.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from domain.calendar import MOSCOW, Calendar
from domain.clocks import Clock, clocks
from domain.journal import rule_of
from domain.letters import Language
from domain.words import command_name
from gateway.auth import Visitor
from gateway.console import kept_replies, missing
from gateway.console.conversation import Entry, conversation, last_received
from gateway.console.mentions import with_called
from gateway.console.offers import Offer, offers
from gateway.console.previews import sendable_at
from gateway.console.ticket_clocks import Chip, Derived, chip, derived, own_clock
from gateway.console.with_development import WithDevelopment, with_development
from gateway.models import LineShown, TicketShown
from gateway.pages.rendering import Page
from gateway.pages.translation import _, marked, present
from gateway.pages.visitors import the_visitor
from gateway.shown import CLOCKS, CaseRead, Showing
from gateway.tickets import read_case
from storage import calendars, client_card, drafts, handovers, people, ratings, splits
from storage.client_card import Card
from storage.database import Connection
from storage.drafts import Draft
from storage.people import Staff
from storage.ratings import Rating
from storage.rules import Rules
from storage.saved_replies import KeptReply
from storage.splits import Splits

OBLIGATIONS = {
    "accept": marked("начнётся работа"),
    "remind": marked("уйдёт напоминание клиенту"),
    "review": marked("пора проверить отложенную"),
    "close": marked("закроется, уйдёт письмо с результатом"),
}
TURNS = {
    "support": marked("ход наш"),
    "client": marked("ход клиента"),
    "development": marked("ход разработки"),
    "calendar": marked("ждём рабочего времени"),
    "nobody": marked("ничей ход"),
}
CHANNELS = {
    "email": marked("письмом"),
    "web": marked("из кабинета"),
    "phone": marked("по телефону"),
    "paper": marked("на бумаге"),
}


@dataclass(frozen=True)
class Moment:
    """Something that the ticket will do by itself."""

    at: datetime
    what: str
    rule: str
    is_provisional: bool = False


@dataclass(frozen=True)
class Step:
    """A line of the timeline with the words that belong to it."""

    line: LineShown
    rule: str
    words: str
    anchor: str


@dataclass(frozen=True, kw_only=True)
class TicketView:
    """A ticket as one of us sees it."""

    read: CaseRead
    shown: TicketShown
    entries: tuple[Entry, ...]
    steps: tuple[Step, ...]
    chip: Chip
    clocks: tuple[Derived, ...]
    development: WithDevelopment | None
    calendar_version: int
    planned: tuple[Moment, ...]
    offers: Mapping[str, Offer]
    points: tuple[missing.Point, ...]
    card: Card | None
    drafts: Mapping[str, Draft]
    replies: tuple[KeptReply, ...]
    orders: tuple[str, ...]
    rating: Rating | None
    splits: Splits
    staff: tuple[Staff, ...]
    seen: int
    leaves_at: datetime
    now: datetime

    @property
    def number(self) -> str:
        """Return the ticket's number."""
        return self.shown.number

    @property
    def client(self) -> str:
        """Return who the client is, or who wrote where no client is known."""
        request = self.read.request
        return self.card.client.name if self.card else (request["name"] or request["address"])

    @property
    def turn(self) -> str:
        """Say whose move the ticket waits for."""
        return _(TURNS[self.shown.turn])

    @property
    def channel(self) -> str:
        """Say how the request came."""
        return _(CHANNELS[self.shown.request.channel])

    @property
    def is_sent_now(self) -> bool:
        """Tell whether a letter written now leaves now."""
        return self.leaves_at <= self.now

    @property
    def language(self) -> Language:
        """Return the language in which the client is written to."""
        return Language(self.read.request["language"])

    @property
    def lacks(self) -> int:
        """Count what the regulation asks for and nobody told."""
        return sum(point.is_missing for point in self.points)

    def noted(self, words: str) -> Markup:
        """Return a note's words with the colleagues that it calls marked."""
        return with_called(words, self.staff)

    def may_split(self, entry: Entry) -> bool:
        """Tell whether a message can be made a ticket of its own."""
        is_first = entry.message == self.read.request["message_id"]
        is_theirs = entry.side == "in" and not entry.rule and not is_first
        return is_theirs and self.may("note") and self.may("assign")

    def may(self, kind: str) -> bool:
        """Tell whether a command is possible now."""
        return kind in self.offers and self.offers[kind].is_possible


def view_of(page: Page, number: str) -> TicketView:
    """Read the ticket for its page.

    Raises:
        Problem: when there is no such ticket, or it is another organisation's.

    """
    visitor, rules = the_visitor(page), page.parts.rules()
    with page.parts.database.transaction() as connection:
        read = read_case(connection, visitor, number)
        calendar = _calendar(connection, read, rules)
        orders = handovers.list_orders(connection, number)
        return _view(
            page,
            read,
            calendar,
            card=_card(connection, read, page.now),
            drafts=_drafts(connection, visitor, number),
            replies=kept_replies.in_language(connection, read.request["language"], page.now),
            orders=tuple(_name(order.payload) for order in orders),
            rating=ratings.find(connection, number) if read.row["closed_at"] else None,
            splits=splits.read(connection, number),
            staff=people.list_staff(connection),
            leaves_at=sendable_at(rules, page.now),
        )


def _view(  # noqa: PLR0913 - one for each thing that was read beside the ticket
    page: Page,
    read: CaseRead,
    calendar: Calendar,
    *,
    card: Card | None,
    drafts: Mapping[str, Draft],
    replies: tuple[KeptReply, ...],
    orders: tuple[str, ...],
    rating: Rating | None,
    splits: Splits,
    staff: tuple[Staff, ...],
    leaves_at: datetime,
) -> TicketView:
    now, visitor = page.now, the_visitor(page)
    has_scanner = page.parts.settings.has_scanner
    shown = Showing(for_client=False, calendar=calendar, at=now, has_scanner=has_scanner).ticket(
        read
    )
    entries = conversation(shown, read)
    measured = clocks(read.journal, calendar, now)
    head, derivations = _clocks(read, measured, calendar, now)
    return TicketView(
        read=read,
        shown=shown,
        entries=entries,
        steps=_steps(shown, read, entries),
        chip=head,
        clocks=derivations,
        development=with_development(read, measured),
        calendar_version=calendar.version,
        planned=_planned(shown, entries),
        offers=offers(read.ticket, visitor.actor),
        points=missing.points(read),
        card=card,
        drafts=drafts,
        replies=replies,
        orders=orders,
        rating=rating,
        splits=splits,
        staff=staff,
        seen=last_received(read),
        leaves_at=leaves_at,
        now=now,
    )


def _calendar(connection: Connection, read: CaseRead, rules: Rules) -> Calendar:
    """Return the calendar in force; what is closed keeps the one it ran under (law 6)."""
    if read.row["closed_at"] is None:
        return rules.calendar
    return calendars.load(connection, read.row["calendar_version"] or None)


def _card(connection: Connection, read: CaseRead, now: datetime) -> Card | None:
    if read.row["client_id"] is None:
        return None
    on, number = now.astimezone(MOSCOW).date(), read.row["number"]
    return client_card.read_card(connection, read.row["client_id"], on, number)


def _drafts(connection: Connection, visitor: Visitor, number: str) -> dict[str, Draft]:
    return drafts.list_at(connection, visitor.bearer.id, f"{number}/")


def _clocks(
    read: CaseRead, measured: Sequence[Clock], calendar: Calendar, now: datetime
) -> tuple[Chip, tuple[Derived, ...]]:
    own = own_clock(read.ticket, measured, calendar, now)
    others = (derived(one, *_title(one.kind), calendar) for one in measured)
    return chip(read.ticket, own, calendar, now), tuple(filter(None, (own, *others)))


def _title(kind: str) -> tuple[str, str]:
    title, rule = next(known for code, known in CLOCKS.items() if code == kind)
    return _(title), rule


def _planned(shown: TicketShown, entries: Sequence[Entry]) -> tuple[Moment, ...]:
    """Return what the ticket will do by itself, the soonest first."""
    step = shown.next_step
    due = (
        [Moment(step.at, _(OBLIGATIONS.get(step.what, step.what)), step.rule, step.is_provisional)]
        if step and step.at
        else []
    )
    leaving = [
        Moment(entry.letter.leaves_at, _("уйдёт {letter}").format(letter=entry.what), "R45")
        for entry in entries
        if entry.letter and entry.is_waiting and entry.letter.leaves_at
    ]
    return tuple(sorted((*due, *leaving), key=lambda moment: moment.at))


def _steps(shown: TicketShown, read: CaseRead, entries: Sequence[Entry]) -> tuple[Step, ...]:
    texts = {row["id"]: str(row["text"]) for row, __ in read.messages}
    anchors = {entry.anchor.partition("-")[0]: entry.anchor for entry in entries}
    return tuple(
        _step(line, rule_of(event), texts, anchors)
        for line, event in zip(shown.timeline, read.journal, strict=True)
    )


def _step(line: LineShown, rule: str, texts: Mapping[int, str], anchors: Mapping[str, str]) -> Step:
    places = [f"l{line.sequence}", f"n{line.sequence}", *(f"m{id_}" for id_ in line.messages)]
    anchor = next((anchors[place] for place in places if place in anchors), "")
    words = " ".join(texts[id_] for id_ in line.messages if id_ in texts)
    return Step(line, rule, "" if anchor else words, anchor)


def _name(payload: Mapping[str, object]) -> str:
    command = payload.get("command")
    kind = str(command.get("kind", "")) if isinstance(command, dict) else ""
    return command_name(kind, present.get())
