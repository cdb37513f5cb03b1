"""What a letter may tell of a ticket, put together from the register's words before any wording.

Carries out R10, R23-R26, R33, R41-R43, R58, R63, Q14. What is shown before a letter is written
and the letter itself are made of the same facts.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain import intake
from domain.editions import Settings
from domain.events import TicketEvent
from domain.letters import (
    AttachedFile,
    Contacts,
    Language,
    LetterFacts,
    LetterKind,
    Links,
    form_of_address,
)
from domain.scope import find_entry
from domain.terms import Ground
from domain.ticket import Ticket

LISTING_QUESTIONS = frozenset({LetterKind.QUESTION, LetterKind.REMINDER})
# A line of a list: «1. …», «2) …», «- …», «· …».
POINT = re.compile(r"\s*(?:\d{1,2}[.)]|[-–—•·*])\s+(?P<point>\S.*)")


@dataclass(frozen=True, kw_only=True)
class CaseFile:
    """A ticket's request with the words that a letter is to carry."""

    number: str
    kind: str
    declared: str
    channel: str
    name: str
    address: str
    is_verified: bool
    language: str
    subject: str
    description: str
    told: dict[str, str]
    missing: list[str]
    follow_up_of: str
    withheld: str
    confirm_at: datetime | None
    is_bounced: bool
    received_at: datetime
    called_at: datetime | None
    words: str
    in_reply_to: str
    references: list[str]
    files: list[dict[str, Any]]
    link_generation: int = 0
    is_registered_address: bool = False
    split_from: str = ""
    is_reachable: bool = True


@dataclass(frozen=True)
class Cause:
    """An event at its place in the journal, and the ticket as it stands after it."""

    event: TicketEvent
    sequence: int
    ticket: Ticket


def facts_of(
    case: CaseFile, cause: Cause, kind: LetterKind, settings: Settings, links: Links
) -> LetterFacts:
    """Return all that the wording of the letter may know; `case.words` are what it carries."""
    ticket = cause.ticket
    return LetterFacts(
        number=case.number,
        language=Language(case.language),
        received_at=case.received_at,
        accepted_at=ticket.accepted_at or case.received_at,
        is_verified=case.is_verified,
        is_registered_address=case.is_registered_address,
        is_on_paper=not case.is_reachable,
        contacts=Contacts(address=settings.service_address, head_address=settings.head_address),
        links=links,
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
        split_from=case.split_from,
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
