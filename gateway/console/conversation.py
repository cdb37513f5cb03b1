"""The conversation of a ticket in its order: letters in, letters out, notes, each with its words.

Carries out R5, R46, F24, F25; U8. What a letter's author wrote stands first, the letter exactly as
it was sent behind it.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from domain.events import TicketEvent
from domain.letters import LetterKind, is_internal
from domain.terms import Channel, LetterState
from gateway.models import FileShown, LetterShown, MessageShown, TicketShown
from gateway.pages.translation import _, marked
from gateway.shown import CaseRead
from gateway.sight import Row

Side = Literal["in", "out", "note"]
KINDS: Mapping[str, tuple[str, str]] = {
    LetterKind.CONFIRMATION: (marked("подтверждение"), "R33"),
    LetterKind.QUESTION: (marked("вопрос клиенту"), "R40"),
    LetterKind.REMINDER: (marked("напоминание"), "Q6"),
    LetterKind.ANSWER: (marked("ответ клиенту"), "R46"),
    LetterKind.DEFERRAL_R55: (marked("решение отложено"), "R55"),
    LetterKind.DEFERRAL_R56: (marked("решение отложено"), "R56"),
    LetterKind.DEFERRAL_R57: (marked("решение отложено"), "R57"),
    LetterKind.DEFERRAL_R58: (marked("решение отложено"), "R58"),
    LetterKind.DEFERRAL_R59: (marked("решение отложено"), "R59"),
    LetterKind.HANDED_OFF: (marked("передано в разработку"), "R19"),
    LetterKind.DEVELOPMENT_OUTCOME: (marked("заключение разработки"), "R48"),
    LetterKind.AWAITING_RELEASE: (marked("ждём выпуска"), "R56"),
    LetterKind.RELEASED: (marked("выпуск вышел"), "R21"),
    LetterKind.CLOSING: (marked("результат работ"), "R63"),
    LetterKind.NO_ACTIVE_SUPPORT: (marked("нет действующей поддержки"), "R7"),
    LetterKind.CANNOT_BE_SERVED: (marked("обращение нельзя обслужить"), "R32"),
    LetterKind.CRITICAL_ALERT: (marked("оповещение нам о критичной"), "Q5"),
}
CHANNELS: Mapping[Channel, str] = {
    Channel.EMAIL: marked("клиент · письмо"),
    Channel.WEB: marked("клиент · кабинет"),
    Channel.PHONE: marked("клиент · по телефону"),
    Channel.PAPER: marked("клиент · на бумаге"),
}
STANDINGS: Mapping[str, str] = {
    "third_person": marked("третье лицо: ожидание не прервано"),
    "automatic": marked("ответ программы: ожидание не прервано"),
    "bounce": marked("отчёт о недоставке"),
}
NOTES: Mapping[str, str] = {
    "noted": marked("Внутренняя заметка"),
    "handed_off": marked("Передано разработке"),
    "diagnosed": marked("Диагностика"),
}
FAMILIES = {
    "image/png": "PNG",
    "image/jpeg": "JPG",
    "image/gif": "GIF",
    "application/pdf": "PDF",
    "application/zip": "ZIP",
}
STOPPED = frozenset({LetterState.BOUNCED, LetterState.FAILED, LetterState.WITHHELD})
WAITING = frozenset({LetterState.PREPARED, LetterState.WAITING})


@dataclass(frozen=True)
class FileEntry:
    """A file in the conversation, with the ways to it that go by the session."""

    shown: FileShown
    number: str

    @property
    def address(self) -> str:
        """Return where it is downloaded."""
        return f"/tickets/{self.number}/files/{self.shown.digest}"

    @property
    def picture(self) -> str:
        """Return where its picture is shown, if it has one."""
        return f"{self.address}/picture" if self.shown.picture else ""

    @property
    def family(self) -> str:
        """Return what kind of file it is, in a word."""
        ending = self.shown.name.rpartition(".")[2].upper() if "." in self.shown.name else ""
        return FAMILIES.get(self.shown.content_type, ending[:5])


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One letter or note; `words` are its author's own, `letter` ours as it was sent."""

    side: Side
    anchor: str
    at: datetime
    who: str
    what: str
    rule: str = ""
    words: str = ""
    place: float = 0.0
    message: int | None = None
    whole: str = ""
    sender: str = ""
    warning: str = ""
    html: str = ""
    files: tuple[FileEntry, ...] = ()
    letter: LetterShown | None = None
    parts: tuple[tuple[str, str], ...] = field(default=())

    @property
    def is_waiting(self) -> bool:
        """Tell whether it is a letter that has yet to leave."""
        return self.letter is not None and self.letter.state in WAITING

    @property
    def is_stopped(self) -> bool:
        """Tell whether it is a letter that did not arrive and needs somebody."""
        return self.letter is not None and self.letter.state in STOPPED

    @property
    def is_automatic(self) -> bool:
        """Tell whether the service wrote it by itself, so that its text may stay folded."""
        return self.letter is not None and not self.words


def conversation(shown: TicketShown, read: CaseRead) -> tuple[Entry, ...]:
    """Return everything that was said on the ticket, in the order of its journal.

    What the process has yet to hear of stands at the end.
    """
    rows: dict[int, Row] = {row["id"]: row for row, __ in read.messages}
    said = (
        *_received(shown, read, rows),
        *_sent(shown, read, rows),
        *_internal(read, rows),
    )
    return tuple(sorted(said, key=lambda entry: (entry.place, entry.at)))


def last_received(read: CaseRead) -> int:
    """Return the id of the newest message that came from outside; 0 where none did."""
    return max((row["id"] for row, __ in read.messages if is_received(row)), default=0)


def is_received(row: Row) -> bool:
    """Tell whether a message came from outside, not from one of us."""
    return bool(row["direction"] == "in") or str(row["author"]).startswith("client:")


def escalations(read: CaseRead) -> frozenset[int]:
    """Return the ids of what its client wrote to the head of support (R65)."""
    return frozenset(event.message for event in read.journal if event.kind == "escalated")


def _received(shown: TicketShown, read: CaseRead, rows: Mapping[int, Row]) -> Iterator[Entry]:
    places, to_head = _places(read), escalations(read)
    for message in shown.messages:
        row = rows[message.id]
        if is_received(row):
            entry = _received_entry(message, row, read, places.get(message.id, math.inf))
            is_to_head = message.id in to_head
            what = _("письмо руководителю")
            yield replace(entry, what=what, rule="R65") if is_to_head else entry


def _places(read: CaseRead) -> dict[int, float]:
    """Return where in the journal each message came; the first one came before all else."""
    told = (
        (getattr(event, "message", None), float(place))
        for place, event in enumerate(read.journal, start=1)
    )
    places = {id_: place for id_, place in told if id_ is not None}
    return {**places, read.request["message_id"]: 0.0}


def _received_entry(message: MessageShown, row: Row, read: CaseRead, place: float) -> Entry:
    number = shown_number(read)
    return Entry(
        side="in",
        anchor=f"m{message.id}",
        place=place,
        at=message.at,
        who=row["sender_name"] or read.request["name"] or message.sender or _("клиент"),
        what=_(CHANNELS[message.channel]),
        words=message.text,
        message=message.id,
        whole=message.whole_text,
        sender=message.sender,
        warning=_(STANDINGS[message.standing]) if message.standing in STANDINGS else "",
        html=f"/tickets/{number}/messages/{message.id}/html" if row["raw_id"] else "",
        files=tuple(FileEntry(file, number) for file in message.files),
    )


def _sent(shown: TicketShown, read: CaseRead, rows: Mapping[int, Row]) -> Iterator[Entry]:
    for letter in shown.letters:
        event = _cause(read, letter)
        what, rule = KINDS[letter.kind]
        yield Entry(
            place=float(letter.key.split("/")[1]),
            side="note" if is_internal(LetterKind(letter.kind)) else "out",
            anchor=f"l{letter.key.split('/')[1]}-{letter.kind}",
            at=letter.prepared_at,
            who=_author(event, read),
            what=_(what),
            rule=rule,
            words=_text(rows, _words(event, read)),
            message=_words(event, read),
            letter=letter,
        )


def _internal(read: CaseRead, rows: Mapping[int, Row]) -> Iterator[Entry]:
    for place, event in enumerate(read.journal, start=1):
        if event.kind in NOTES:
            yield Entry(
                side="note",
                anchor=f"n{place}",
                place=float(place),
                at=event.at,
                who=_author(event, read),
                what=_(NOTES[event.kind]),
                words=_text(rows, getattr(event, "evidence", None) or getattr(event, "text", None)),
                parts=_parts(event, rows),
            )


def _parts(event: TicketEvent, rows: Mapping[int, Row]) -> tuple[tuple[str, str], ...]:
    """Return what a diagnosis consists of, each under its name."""
    named = (("tried", marked("Что пробовали")), ("found", marked("Что нашли")))
    told = ((_(title), _text(rows, getattr(event, field_, None))) for field_, title in named)
    return tuple((title, words) for title, words in told if words)


def _cause(read: CaseRead, letter: LetterShown) -> TicketEvent | None:
    place = int(letter.key.split("/")[1])
    return read.journal[place - 1] if 0 < place <= len(read.journal) else None


def _words(event: TicketEvent | None, read: CaseRead) -> int | None:
    """Return the id of what a person wrote for the letter of this event."""
    if event is not None and event.kind == "closed":
        return read.ticket.result
    text: int | None = getattr(event, "text", None)
    return text


def _text(rows: Mapping[int, Row], id_: int | None) -> str:
    return str(rows[id_]["text"]) if id_ is not None and id_ in rows else ""


def _author(event: TicketEvent | None, read: CaseRead) -> str:
    """Return who of us wrote; the service itself where nobody did."""
    by = event.by if event else ""
    if event is not None and event.kind == "closed":
        began = (one for one in reversed(read.journal) if one.kind == "closing_began")
        by = next((one.by for one in began), by)
    return read.staff.get(by.partition(":")[2], "") or _("служба, сама")


def shown_number(read: CaseRead) -> str:
    """Return the number of the ticket that was read."""
    return str(read.row["number"])
