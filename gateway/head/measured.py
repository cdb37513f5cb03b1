"""The reactions of a period as the head's pages read them, with names for their codes.

Carries out R47 and law 6 (each ticket by the calendar that it ran under), R48, R51.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from domain.calendar import WorkingTime
from domain.clocks import ClockKind, clocks
from domain.reports import Dimension, Period, Reaction
from domain.scope import category_name
from domain.terms import Channel, DeferralReason, TicketKind
from domain.words import name
from gateway.pages.moments import amount
from gateway.pages.rendering import Page
from gateway.pages.translation import _, marked, present
from storage import reactions
from storage.calendars import Calendars
from storage.database import Connection, Database
from storage.reactions import Names, Ruling

MOST_JOURNALS = 1000
WAITS = (ClockKind.CLIENT, ClockKind.DEVELOPMENT, ClockKind.RELEASE)
TABS = {
    Dimension.REASON: (marked("по причине отсрочки"), marked("не откладывались")),
    Dimension.CATEGORY: (marked("по категории"), marked("без категории")),
    Dimension.SPECIALIST: (marked("по специалисту"), marked("специалист не назначен")),
    Dimension.CLIENT: (marked("по клиенту"), marked("клиент не определён")),
    Dimension.KIND: (marked("по виду"), marked("вид не указан")),
    Dimension.CHANNEL: (marked("по каналу"), marked("канал не указан")),
}
WAIT_NAMES = {
    ClockKind.CLIENT: (marked("ждали клиента"), "R51"),
    ClockKind.DEVELOPMENT: (marked("у разработки"), "R48"),
    ClockKind.RELEASE: (marked("ждали выпуска"), "R51"),
}
CODES: Mapping[Dimension, type[DeferralReason | TicketKind | Channel]] = {
    Dimension.REASON: DeferralReason,
    Dimension.KIND: TicketKind,
    Dimension.CHANNEL: Channel,
}
Waits = dict[ClockKind, list[tuple[str, WorkingTime]]]
KNOWN: WeakKeyDictionary[Database, Calendars] = WeakKeyDictionary()


@dataclass(frozen=True)
class Told:
    """The reactions of a period with the names of whom they concern."""

    every: tuple[Reaction, ...]
    names: Names


def read(page: Page, connection: Connection, period: Period) -> Told:
    """Read the reactions of a period, each by the calendar that its ticket ran under."""
    found = reactions.list_reactions(connection, period, ruling_of(page, connection))
    return Told(found, reactions.read_names(connection, found))


def read_waits(page: Page, connection: Connection, every: Sequence[Reaction]) -> Waits:
    """Measure what the newest of these tickets waited for others, each by its own calendar."""
    newest = every[-MOST_JOURNALS:]
    journals = reactions.list_journals(connection, [one.number for one in newest])
    calendar_of = ruling_of(page, connection)
    waits: Waits = {kind: [] for kind in ClockKind}
    for one in newest:
        calendar = calendar_of(one.calendar_version)
        for clock in clocks(journals.get(one.number, ()), calendar, page.now):
            waits[clock.kind].append((one.number, clock.amount))
    return waits


def ruling_of(page: Page, connection: Connection) -> Ruling:
    """Return the way from a ticket's version to its calendar; each is put together once."""
    known = KNOWN.setdefault(page.parts.database, Calendars())
    current = page.parts.rules().calendar
    return reactions.ruling(connection, current, known)


def code_name(dimension: Dimension, code: str, names: Names) -> str:
    """Name a code in the reader's language."""
    if not code:
        return _(TABS[dimension][1])
    language = present.get()
    match dimension:
        case Dimension.SPECIALIST:
            return names.specialists.get(code, code)
        case Dimension.CLIENT:
            return names.clients.get(code, code)
        case Dimension.CATEGORY:
            return category_name(code, language)
    codes = CODES[dimension]
    return name(codes(code), language) if code in set(codes) else code


def bin_name(since: WorkingTime, until: WorkingTime | None) -> str:
    """Name a stretch of working time: «2 ч 00 мин – 4 ч 00 мин», «от 18 ч 00 мин»."""
    if until is None:
        return _("от {amount}").format(amount=amount(since.seconds))
    return f"{amount(since.seconds)} – {amount(until.seconds)}"
