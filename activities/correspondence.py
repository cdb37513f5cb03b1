"""Composes the letter that an event owes, once, from the register's own words.

Carries out R10, R23-R26, R33, R41-R43, R46, R58, R63-R65, Q9, Q14 and law 3.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.calendar import Calendar
from domain.correspondence import (
    BOUNCING,
    HELD,
    OUTSIDE_WINDOW,
    SPACED,
    departure,
    not_before,
    words,
)
from domain.editions import Settings
from domain.letter_facts import CaseFile, Cause, facts_of
from domain.letters import (
    LetterFacts,
    LetterKind,
    Links,
    for_recipient,
    is_internal,
    may_be_held_back,
    message_key,
)
from domain.terms import LetterState
from mail.composing import LetterEnvelope, can_be_addressed, compose
from mail.identity import Keyring, sign
from mail.status_links import LIFETIME, Permit, page
from storage import correspondence
from storage.database import Connection
from storage.letters import PreparedLetter

NO_ADDRESS = "у клиента нет адреса почты (Q9)"
UNREACHABLE = "на такой адрес электронной почты письмо отправить нельзя (Q9)"


@dataclass(frozen=True)
class Stationery:
    """What every letter of this installation has in common."""

    keys: Keyring = field(repr=False)
    domain: str
    instance: str
    site: str


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
        held_until = not_before(cause.event)
        departs_at = self._departs_at(case, kind, max(at, held_until or at))
        facts = for_recipient(kind, self._facts(case, cause, kind, departs_at))
        envelope = self._envelope(case, cause, kind, departs_at)
        letter = compose(kind, facts, envelope)
        state, reason, leaves_at = _fate(case, kind, departs_at, at)
        is_held = state is LetterState.WAITING and departs_at == held_until
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
            not_before=held_until,
            reason=HELD if is_held else reason,
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

    def _facts(self, case: CaseFile, cause: Cause, kind: LetterKind, at: datetime) -> LetterFacts:
        known = replace(case, is_reachable=bool(_reachable(case)))
        return facts_of(known, cause, kind, self.settings, self._links(case, at))

    def _links(self, case: CaseFile, at: datetime) -> Links:
        """Return the pages that the letter offers; the ticket's own for 90 days from its moment."""
        site = self.stationery.site.rstrip("/")
        permit = Permit(case.number, case.link_generation, at + LIFETIME)
        ticket_page = page(site, permit, self.stationery.keys)
        return Links(
            ticket_page=ticket_page,
            documentation=self.settings.documentation_url,
            regulation=f"{site}/regulation",
            follow_up=f"{ticket_page}/again",
            console=f"{site}/tickets/{case.number}",
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
