"""A ticket as it is shown: to staff with rules and names, to its client in the client's words.

Carries out R5, R44, R47, R48; a client sees no notes, no ids of ours, no numbers of our rules.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain import events, occurrences
from domain.calendar import MOSCOW, Calendar
from domain.clocks import Clock, ClockKind, clocks
from domain.derivation import explain, segments
from domain.events import TicketEvent
from domain.journal import rule_of, sentence
from domain.letters import LetterKind, is_internal
from domain.terms import Channel, Criticality, LetterState, TicketKind
from domain.ticket import Ticket
from domain.words import name
from gateway.files import file_shown
from gateway.forms import Asked
from gateway.models import (
    ClockShown,
    LetterShown,
    LineShown,
    MessageShown,
    NextStep,
    RequestShown,
    SegmentShown,
    TicketShown,
)
from gateway.pages.translation import _, marked, present
from gateway.refusals import clause
from storage.files import Attachment

HIDDEN = (
    events.Noted,
    events.Assigned,
    events.Diagnosed,
    events.LetterCancelled,
    events.LetterUrged,
    occurrences.CommandRefused,
    occurrences.ReviewFellDue,
    occurrences.LetterBounced,
    occurrences.LetterFailed,
)
CLOCKS = {
    ClockKind.REACTION: (marked("время реакции"), "R47"),
    ClockKind.CLIENT: (marked("ожидание клиента"), "R51"),
    ClockKind.DEVELOPMENT: (marked("работа отдела разработки"), "R48"),
    ClockKind.RELEASE: (marked("ожидание выпуска"), "R51"),
}
LETTERS = {
    LetterState.PREPARED: marked("подготовлено"),
    LetterState.WAITING: marked("ждёт отправки"),
    LetterState.SENDING: marked("отправляется"),
    LetterState.ACCEPTED: marked("принято почтовым сервером"),
    LetterState.BOUNCED: marked("вернулось"),
    LetterState.FAILED: marked("не принято почтовым сервером"),
    LetterState.WITHHELD: marked("не отправляется"),
    LetterState.TO_POST: marked("ждёт отправки обычной почтой"),
}
UNSETTLED = {
    LetterState.PREPARED: marked("отложено: почтовый сервер пока не принял"),
    LetterState.SENDING: marked("неизвестно, ушло ли: проверяется по журналу отправленных"),
}
Row = Mapping[Any, Any]


@dataclass(frozen=True)
class CaseRead:
    """All that the register holds of a ticket, in one read."""

    row: Row
    ticket: Ticket
    request: Row
    journal: tuple[TicketEvent, ...]
    messages: tuple[tuple[Row, tuple[Attachment, ...]], ...]
    letters: tuple[Row, ...]
    staff: Mapping[str, str]


@dataclass(frozen=True)
class Showing:
    """How a ticket is shown: to whom, by which calendar, at what moment."""

    for_client: bool
    calendar: Calendar
    at: datetime
    has_scanner: bool = False

    def ticket(self, read: CaseRead) -> TicketShown:
        """Return the whole ticket."""
        ticket, row = read.ticket, read.row
        return TicketShown(
            number=row["number"],
            status=row["status"],
            status_name=name(ticket.status, present.get()),
            turn=ticket.turn,
            kind=ticket.kind,
            category=ticket.category,
            subject=row["subject"],
            declared=ticket.declared,
            confirmed=ticket.confirmed,
            specialist=read.staff.get(ticket.specialist, ""),
            entitled=ticket.entitled,
            client_id=row["client_id"],
            received_at=row["received_at"].astimezone(MOSCOW),
            accepted_at=moscow(ticket.accepted_at),
            closed_at=moscow(row["closed_at"]),
            deferral=name(ticket.deferral, present.get()) if ticket.deferral else "",
            ground=name(ticket.ground, present.get()) if ticket.ground else "",
            release=ticket.release,
            follow_up_of=ticket.follow_up_of,
            merged_into=ticket.merged_into,
            is_escalated=ticket.escalated,
            needs_review=ticket.review_due and not self.for_client,
            next_step=self._next(row),
            request=self._request(read.request),
            messages=[self._message(row, files, read.staff) for row, files in read.messages],
            letters=[self._letter(row) for row in self.letters_told(read.letters)],
            timeline=self._timeline(read),
            clocks=[self._clock(clock) for clock in clocks(read.journal, self.calendar, self.at)],
        )

    def cited(self, rule: str) -> str:
        """Return a rule as its reader knows it."""
        return clause(rule) if self.for_client else rule

    def _next(self, row: Row) -> NextStep | None:
        if row["due_at"] is None:
            return None
        at, is_provisional = moscow(row["due_at"]), self.calendar.is_provisional(row["due_at"])
        rule = self.cited(row["due_rule"])
        return NextStep(what=row["due_what"], at=at, rule=rule, is_provisional=is_provisional)

    def _request(self, row: Row) -> RequestShown:
        return RequestShown(
            channel=Channel(row["channel"]),
            kind=TicketKind(row["kind"]),
            declared=Criticality(row["declared"]),
            description=row["visible_text"],
            told=row["told"],
            missing=[Asked.of(field) for field in row["missing"]],
            requisites=row["requisites"],
            name=row["name"],
            address=row["address"],
            phone=row["phone"],
            login=row["login"],
            is_verified=row["is_verified"],
            called_at=moscow(row["called_at"]),
        )

    def _message(
        self, row: Row, attached: Iterable[Attachment], staff: Mapping[str, str]
    ) -> MessageShown:
        return MessageShown(
            id=row["id"],
            direction=row["direction"],
            channel=row["channel"],
            author=self._author(row["author"], staff),
            at=row["at"].astimezone(MOSCOW),
            text=row["visible_text"],
            whole_text=row["text"] if row["text"] != row["visible_text"] else "",
            standing=row["standing"],
            sender="" if self.for_client else row["sender_address"],
            files=[
                file_shown(
                    file,
                    row["number"],
                    has_scanner=self.has_scanner,
                    for_client=self.for_client,
                )
                for file in attached
            ],
        )

    def letters_told(self, letters: Iterable[Row]) -> Iterable[Row]:
        """Return the letters of which this reader may know."""
        return (
            row
            for row in letters
            if not self.for_client
            or not (is_internal(LetterKind(row["kind"])) or _is_kept_from_client(row))
        )

    def _letter(self, row: Row) -> LetterShown:
        state = LetterState(row["state"])
        is_ours = not self.for_client
        return LetterShown(
            key=row["key"] if is_ours else "",
            kind=row["kind"],
            recipient=row["recipient"],
            subject=row["subject"],
            text=row["text"],
            state=state,
            state_name=_state_name(state, row),
            reason=row["reason"] if is_ours else "",
            prepared_at=row["prepared_at"].astimezone(MOSCOW),
            leaves_at=moscow(row["leaves_at"]),
            attempts=row["attempts"],
            next_try_at=moscow(row["next_try_at"]),
            accepted_at=moscow(row["accepted_at"]),
            bounced_at=moscow(row["bounced_at"]),
        )

    def _timeline(self, read: CaseRead) -> list[LineShown]:
        numbered = enumerate(read.journal, start=1)
        return [
            LineShown(
                sequence=None if self.for_client else place,
                at=event.at.astimezone(MOSCOW),
                kind=event.kind,
                by=self._author(event.by, read.staff),
                rule=self.cited(rule_of(event)),
                sentence=sentence(event, present.get()),
                messages=[] if self.for_client else _words_of(event),
            )
            for place, event in numbered
            if not (self.for_client and isinstance(event, HIDDEN))
        ]

    def _author(self, by: str, staff: Mapping[str, str]) -> str:
        role, __, id_ = by.partition(":")
        if role in {"client", "third_person"}:
            return _("вы") if self.for_client else _("клиент")
        return ("" if self.for_client else staff.get(id_, "")) or (
            _("служба") if role == "system" else _("поддержка")
        )

    def _clock(self, clock: Clock) -> ClockShown:
        parts = [
            segment
            for ran in clock.intervals
            for segment in segments(self.calendar, ran.starts_at, ran.ends_at)
        ]
        title, rule = CLOCKS[clock.kind]
        return ClockShown(
            kind=clock.kind,
            title=_(title),
            rule=self.cited(rule),
            seconds=clock.amount.seconds,
            is_running=clock.is_running,
            sentence=explain(parts, present.get()),
            calendar_version=self.calendar.version,
            segments=[
                SegmentShown(
                    starts_at=segment.starts_at,
                    ends_at=segment.ends_at,
                    is_counted=segment.reason is None,
                    why=segment.reason.text if segment.reason else "",
                )
                for segment in parts
            ],
        )


def _is_kept_from_client(letter: Row) -> bool:
    """Tell whether a letter was kept back, or still can be: nothing of it was told yet (R45)."""
    is_owed = letter["kind"] == LetterKind.CONFIRMATION
    return not is_owed and (
        letter["cancelled_at"] is not None or letter["state"] == LetterState.WAITING
    )


def _state_name(state: LetterState, letter: Row) -> str:
    """Tell a letter that was refused for now, or whose end is unclear, from one just begun."""
    if letter["next_try_at"] is None or letter["first_refused_at"] is None:
        return _(LETTERS[state])
    return _(UNSETTLED.get(state, LETTERS[state]))


def _words_of(event: TicketEvent) -> list[int]:
    ids = (
        getattr(event, field, None) for field in ("text", "evidence", "message", "tried", "found")
    )
    return [id_ for id_ in ids if id_ is not None]


def moscow(at: datetime | None) -> datetime | None:
    """Return the moment by the clock of Moscow."""
    return at.astimezone(MOSCOW) if at else None
