"""Composes the letter that an event owes, once, from the register's own words.

Carries out R10, R23-R26, R33, R41-R43, R46, R58, R63-R65, Q9, Q14 and law 3.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime

from domain import intake
from domain.calendar import Calendar
from domain.correspondence import BOUNCING, OUTSIDE_WINDOW, SPACED, departure, words
from domain.editions import Settings
from domain.events import TicketEvent
from domain.letters import (
    AttachedFile,
    Contacts,
    Language,
    LetterFacts,
    LetterKind,
    Links,
    for_recipient,
    form_of_address,
    is_internal,
    may_be_held_back,
    message_key,
)
from domain.scope import find_entry
from domain.terms import Ground, LetterState
from domain.ticket import Ticket
from mail.composing import LetterEnvelope, can_be_addressed, compose
from mail.identity import Keyring, sign
from storage import correspondence
from storage.correspondence import CaseFile
from storage.database import Connection
from storage.letters import PreparedLetter

LISTING_QUESTIONS = frozenset({LetterKind.QUESTION, LetterKind.REMINDER})
NO_ADDRESS = "у клиента нет адреса почты (Q9)"
UNREACHABLE = "на такой адрес электронной почты письмо отправить нельзя (Q9)"
# A line of a list: «1. …», «2) …», «- …», «· …».
POINT = re.compile(r"\s*(?:\d{1,2}[.)]|[-–—•·*])\s+(?P<point>\S.*)")


@dataclass(frozen=True)
class Stationery:
    """What every letter of this installation has in common."""

    keys: Keyring = field(repr=False)
    domain: str
    instance: str
    site: str


@dataclass(frozen=True)
class Cause:
    """An event at its place in the journal, and the ticket as it stands after it."""

    event: TicketEvent
    sequence: int
    ticket: Ticket


@dataclass(frozen=True)
class Correspondence:
    """Writes letters on one stationery, by one calendar and one edition's settings."""

    stationery: Stationery
    calendar: Calendar
    settings: Settings

    def prepare(
        self, connection: Connection, cause: Cause, kind: LetterKind, at: datetime
    ) -> PreparedLetter:
        """Compose the letter as it will leave; `at` is the present moment."""
        case = correspondence.read(
            connection, cause.ticket.number, words(cause.event, cause.ticket)
        )
        facts = for_recipient(kind, self._facts(case, cause, kind))
        departs_at = self._departs_at(case, kind, at)
        envelope = self._envelope(case, cause, kind, departs_at)
        letter = compose(kind, facts, envelope)
        state, reason, leaves_at = _fate(case, kind, departs_at, at)
        return PreparedLetter(
            key=message_key(case.number, cause.sequence, kind),
            number=case.number,
            sequence=cause.sequence,
            kind=kind,
            recipient=envelope.to,
            subject=letter.subject,
            text=letter.text,
            message_id=letter.message_id,
            mime=letter.mime,
            state=state,
            prepared_at=at,
            leaves_at=leaves_at,
            reason=reason,
        )

    def _departs_at(self, case: CaseFile, kind: LetterKind, at: datetime) -> datetime:
        """Return when the letter may leave; confirmations to one address keep their distance."""
        is_spaced = kind is LetterKind.CONFIRMATION and case.confirm_at is not None
        earliest = max(at, case.confirm_at) if is_spaced and case.confirm_at else at
        return departure(kind, earliest, self.calendar, self.settings)

    def _envelope(
        self, case: CaseFile, cause: Cause, kind: LetterKind, departs_at: datetime
    ) -> LetterEnvelope:
        keys, domain = self.stationery.keys, self.stationery.domain
        to = self.settings.alert_address if is_internal(kind) else _reachable(case)
        return LetterEnvelope(
            to=to or self.settings.service_address,
            to_name="" if is_internal(kind) else case.name,
            message_id=sign(case.number, cause.sequence, kind, keys, domain),
            date_at=departs_at,
            instance=self.stationery.instance,
            sender=self.settings.service_address,
            in_reply_to="" if is_internal(kind) else case.in_reply_to,
            references=() if is_internal(kind) else tuple(case.references),
        )

    def _facts(self, case: CaseFile, cause: Cause, kind: LetterKind) -> LetterFacts:
        ticket = cause.ticket
        return LetterFacts(
            number=case.number,
            language=Language(case.language),
            received_at=case.received_at,
            accepted_at=ticket.accepted_at or case.received_at,
            is_verified=case.is_verified,
            is_on_paper=not _reachable(case),
            contacts=self._contacts(),
            links=self._links(case.number),
            name=form_of_address(case.name),
            subject=case.subject,
            description=case.description,
            ticket_kind=case.kind,
            platform_version=case.told.get(intake.Field.PLATFORM_VERSION, ""),
            product_version=case.told.get(intake.Field.PRODUCT_VERSION, ""),
            frequency=case.told.get(intake.Field.FREQUENCY, ""),
            criticality=case.declared if intake.Field.CRITICALITY in case.told else "",
            files=tuple(_file(file) for file in case.files),
            missing=tuple(case.missing),
            call_at=case.called_at,
            previous_number=case.follow_up_of,
            text=_text(case.words, kind),
            matter=case.subject,
            way_out=_way_out(ticket, kind, Language(case.language)),
            questions=_questions(case.words),
            reminder_ordinal=max(ticket.reminders, 1),
            waiting_since_at=ticket.since,
            closed_at=ticket.closed_at,
            is_withdrawn=ticket.ground is Ground.WITHDRAWN,
            is_access_given=ticket.access,
            outcome=getattr(cause.event, "outcome", None),
            release_version=ticket.release,
        )

    def _contacts(self) -> Contacts:
        settings = self.settings
        return Contacts(address=settings.service_address, head_address=settings.head_address)

    def _links(self, number: str) -> Links:
        return Links(
            ticket_page="",
            documentation=self.settings.documentation_url,
            console=f"{self.stationery.site}/api/tickets/{number}",
        )


def _fate(
    case: CaseFile, kind: LetterKind, departs_at: datetime, at: datetime
) -> tuple[LetterState, str, datetime | None]:
    """Return the state a letter begins in, why, and when it leaves.

    Only the confirmation may be withheld: what people of ours write is never kept from a client.
    """
    if kind is LetterKind.CONFIRMATION and case.withheld:
        return LetterState.WITHHELD, case.withheld, None
    if not _reachable(case) and not is_internal(kind):
        return LetterState.TO_POST, UNREACHABLE if case.address else NO_ADDRESS, None
    if case.is_bounced and may_be_held_back(kind):
        return LetterState.WITHHELD, BOUNCING, None
    if departs_at <= at:
        return LetterState.SENDING, "", departs_at
    is_spaced = case.confirm_at is not None and kind is LetterKind.CONFIRMATION
    return LetterState.WAITING, SPACED if is_spaced else OUTSIDE_WINDOW, departs_at


def _reachable(case: CaseFile) -> str:
    """Return the client's address if a letter can be sent there; else it goes by post (Q9)."""
    return case.address if can_be_addressed(case.address) else ""


def _way_out(ticket: Ticket, kind: LetterKind, language: Language) -> str:
    """Return where the catalogue of scope sends the client; nothing for an older category."""
    entry = find_entry(ticket.category) if kind is LetterKind.DEFERRAL_R58 else None
    return entry.way_out(language) if entry else ""


def _file(row: dict[str, str | int]) -> AttachedFile:
    content_type = str(row["content_type"])
    return AttachedFile(
        name=str(row["name"]),
        size_bytes=int(row["size_bytes"]),
        is_picture=content_type.startswith("image/"),
        is_accepted_format=intake.is_accepted_picture(content_type),
    )


def _questions(said: str) -> tuple[str, ...]:
    """Return the points of a list that the words contain, without their numbers."""
    return tuple(match["point"] for line in said.splitlines() if (match := POINT.match(line)))


def _text(said: str, kind: LetterKind) -> str:
    """Return the words; without the points of their list where the letter lists them itself."""
    if kind not in LISTING_QUESTIONS:
        return said
    return "\n".join(line for line in said.splitlines() if not POINT.match(line)).strip()
