"""What a client and support have said to each other, as the client may read it.

Carries out R2, R45, R46: no notes, nothing of third persons, no letter that has not left.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain import correspondence
from domain.events import TicketEvent
from domain.letters import LetterKind, cause_of
from gateway.console.conversation import FAMILIES, escalations
from gateway.models import FileShown, MessageShown
from gateway.pages.translation import _, marked
from gateway.shown import CaseRead, Showing
from gateway.sight import Row

CHANNELS = {
    "email": marked("письмом"),
    "web": marked("на странице заявки"),
    "phone": marked("по телефону"),
    "paper": marked("на бумаге"),
}
KINDS: Mapping[str, str] = {
    LetterKind.CONFIRMATION: marked("подтверждение"),
    LetterKind.QUESTION: marked("вопрос вам"),
    LetterKind.REMINDER: marked("напоминание"),
    LetterKind.ANSWER: marked("ответ"),
    LetterKind.DEFERRAL_R55: marked("решение отложено"),
    LetterKind.DEFERRAL_R56: marked("решение отложено"),
    LetterKind.DEFERRAL_R57: marked("решение отложено"),
    LetterKind.DEFERRAL_R58: marked("решение отложено"),
    LetterKind.DEFERRAL_R59: marked("решение отложено"),
    LetterKind.HANDED_OFF: marked("передано разработчикам"),
    LetterKind.DEVELOPMENT_OUTCOME: marked("заключение разработчиков"),
    LetterKind.AWAITING_RELEASE: marked("ждём выпуска обновления"),
    LetterKind.RELEASED: marked("обновление вышло"),
    LetterKind.CLOSING: marked("результат работ"),
    LetterKind.NO_ACTIVE_SUPPORT: marked("нет действующей поддержки"),
    LetterKind.CANNOT_BE_SERVED: marked("обращение нельзя обслужить"),
}


@dataclass(frozen=True)
class Carried:
    """A file that came with a message, and where this visitor finds it."""

    shown: FileShown
    base: str

    @property
    def address(self) -> str:
        """Return where it is downloaded."""
        return f"{self.base}/files/{self.shown.digest}"

    @property
    def picture(self) -> str:
        """Return where its picture is shown, if it has one."""
        return f"{self.address}/picture" if self.shown.picture else ""

    @property
    def family(self) -> str:
        """Return what kind of file it is, in a word."""
        return FAMILIES.get(self.shown.content_type, "")


@dataclass(frozen=True, kw_only=True)
class Said:
    """One message or letter; `letter` is its exact text where `words` are not all of it."""

    side: Literal["in", "out"]
    at: datetime
    who: str
    what: str
    words: str
    letter: str = ""
    kind: str = ""
    place: int = 0
    files: tuple[Carried, ...] = ()


@dataclass(frozen=True)
class Reading:
    """Who reads a ticket, and where its files are for them."""

    actor: str
    base: str


def talk(
    read: CaseRead, showing: Showing, texts: Mapping[int, str], reading: Reading
) -> tuple[Said, ...]:
    """Return what was said, oldest first; `texts` are all words of the ticket by their ids."""
    shown = showing.ticket(read)
    rows = {row["id"]: row for row, __ in read.messages}
    to_head = escalations(read)
    said = (*_received(shown.messages, rows, reading, to_head), *_sent(read, showing, texts))
    return tuple(sorted(said, key=lambda one: one.at))


def _received(
    messages: list[MessageShown],
    rows: Mapping[int, Row],
    reading: Reading,
    to_head: frozenset[int],
) -> Iterator[Said]:
    for message in messages:
        row = rows[message.id]
        is_own, is_to_head = row["author"] == reading.actor, message.id in to_head
        yield Said(
            side="in",
            at=message.at,
            who=_("Вы") if is_own else row["sender_name"] or _("Ваша организация"),
            what=_("руководителю поддержки") if is_to_head else _(CHANNELS[message.channel]),
            words=message.text,
            files=tuple(Carried(file, reading.base) for file in message.files),
        )


def _sent(read: CaseRead, showing: Showing, texts: Mapping[int, str]) -> Iterator[Said]:
    for row in showing.letters_told(read.letters):
        place, kind = cause_of(row["key"])
        event = read.journal[place - 1] if 0 < place <= len(read.journal) else None
        words = texts.get(_words(event, read) or 0, "")
        yield Said(
            side="out",
            at=row["accepted_at"] or row["prepared_at"],
            who=_author(event, read),
            what=_(KINDS.get(kind, "")),
            words=words,
            letter=row["text"],
            kind=kind,
            place=place,
        )


def _words(event: TicketEvent | None, read: CaseRead) -> int | None:
    """Return the id of what a person wrote for the letter; a reminder repeats its question."""
    if event is None or event.kind == "client_reminded":
        return None
    return correspondence.words(event, read.ticket)


def _author(event: TicketEvent | None, read: CaseRead) -> str:
    """Return who of us wrote, by name; the service itself where nobody did."""
    by = event.by if event else ""
    if event is not None and event.kind == "closed":
        began = (one for one in reversed(read.journal) if one.kind == "closing_began")
        by = next((one.by for one in began), by)
    role, __, id_ = by.partition(":")
    return (read.staff.get(id_, "") if role != "client" else "") or _("Служба поддержки")
