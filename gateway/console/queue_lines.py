"""A ticket as a row of the console's lists: its clock, whose turn it is, what comes next.

Carries out R44, R47, R49, R50, R54; U1. The clock of a row counts what the row waits for now: our
first reply, our next step, or somebody else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.calendar import Calendar
from domain.terms import Criticality, Status, Turn
from gateway.console.ticket_clocks import REASONS, Chip
from gateway.console.ticket_view import OBLIGATIONS
from gateway.pages.translation import _, marked
from storage.presence import Present
from storage.ticket_lines import Line

TURNS = {
    Turn.SUPPORT: marked("наш"),
    Turn.CLIENT: marked("клиента"),
    Turn.DEVELOPMENT: marked("разработки"),
    Turn.CALENDAR: marked("рабочего времени"),
    Turn.NOBODY: "",
}


@dataclass(frozen=True)
class Row:
    """A row: its line of the register, its clock, and who of us is there."""

    line: Line
    clock: Chip | None
    present: tuple[Present, ...]

    @property
    def is_ours(self) -> bool:
        """Tell whether it waits for us."""
        return self.line.turn is Turn.SUPPORT

    @property
    def turn(self) -> str:
        """Return whose move it is, in a word."""
        return _(TURNS[self.line.turn])

    @property
    def is_declared_critical(self) -> bool:
        """Tell whether the client calls it critical and nobody has judged that yet (Q5)."""
        ticket = self.line.ticket
        return ticket.confirmed is None and ticket.declared is Criticality.CRITICAL

    @property
    def criticality(self) -> Criticality:
        """Return the judged criticality, else the declared one."""
        return self.line.ticket.confirmed or self.line.ticket.declared

    @property
    def next_step(self) -> str:
        """Return what the ticket does next by itself, or what it waits for us to do."""
        if self.line.due_at is not None:
            return _(OBLIGATIONS[self.line.due_what])
        if self.is_declared_critical and self.is_ours:
            return _("решить о критичности")
        if self.line.status is Status.IDENTIFICATION:
            return _("определить клиента")
        return _(STEPS.get(self.line.status, ""))


STEPS = {
    Status.IN_QUEUE: marked("взять в работу"),
    Status.IN_DIAGNOSIS: marked("ответить клиенту"),
    Status.IN_DEVELOPMENT: marked("ответ разработки"),
    Status.AWAITING_RELEASE: marked("выпуск обновления"),
}


def rows(
    lines: Iterable[Line],
    calendar: Calendar,
    now: datetime,
    there: Mapping[str, tuple[Present, ...]],
) -> list[Row]:
    """Return the rows of these lines as they stand now."""
    return [Row(line, clock(line, calendar, now), there.get(line.number, ())) for line in lines]


def clock(line: Line, calendar: Calendar, now: datetime) -> Chip | None:
    """Return the clock of a row; None where nothing is waited for."""
    ticket = line.ticket
    if ticket.accepted_at is None or line.turn is Turn.NOBODY:
        return None
    if line.turn in REASONS:
        return _waited(ticket.since or now, calendar, now, _(REASONS[line.turn]))
    since = ticket.accepted_at if ticket.replied_at is None else line.client_wrote_at
    seconds = calendar.working_time_between(since or ticket.since or now, now).seconds
    if line.turn is Turn.SUPPORT and calendar.is_open(now):
        return Chip(seconds, "running", _("идёт"))
    return Chip(seconds, "paused", _("вне рабочего времени"))


def _waited(since: datetime, calendar: Calendar, now: datetime, why: str) -> Chip:
    return Chip(calendar.working_time_between(since, now).seconds, "paused", why)
