"""What is known of one letter: its sender, its ticket, where it belongs, the appeal it makes.

Carries out R28, R33, R44, R64, Q2, Q8, Q12 and laws 3, 11: what counts is what stands in the
register, not what the letter says of itself.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.calendar import MOSCOW
from domain.correspondence import departure
from domain.filing import (
    MOST_A_DAY,
    ONE_DAY,
    Filing,
    LetterFacts,
    confirm_at,
    file_letter,
    is_only_thanks,
)
from domain.letters import LetterKind
from domain.terms import TicketKind
from domain.words import name
from gateway.incoming import Incoming
from storage import filing, people
from storage.database import Connection
from storage.filing import KnownTicket, OurLetter
from storage.people import Person
from storage.requests import Registration
from storage.rules import Rules

# A letter filed later than this, after an outage or out of an old mailbox, counts as of its filing.
LATE = timedelta(minutes=1)
USED_UP = f"на этот адрес за сутки уже ушло подтверждений: {MOST_A_DAY}, больше нельзя"


@dataclass(frozen=True)
class Case:
    """A letter, what the register knows of it, and where it belongs."""

    incoming: Incoming
    person: Person | None
    ticket: KnownTicket | None
    lost: OurLetter | None
    filing: Filing
    is_id_known: bool = False

    @property
    def author(self) -> str:
        """Return who speaks, as the journal writes it."""
        return f"client:{self.person.user_id}" if self.person else "client"

    @property
    def number(self) -> str:
        """Return the ticket to which the letter goes."""
        return self.filing.ticket or ""


def case_of(connection: Connection, incoming: Incoming) -> Case:
    """Look up what the register knows of a letter, and decide where it belongs."""
    letter = incoming.letter
    today = incoming.kept.received_at.astimezone(MOSCOW).date()
    is_id_known = filing.meet(connection, letter.sender.address, incoming.header_id)
    person = people.find_user_by_email(connection, letter.sender.address, today)
    ticket = filing.find_ticket(connection, incoming.signed)
    lost = filing.find_letter(connection, incoming.bounced)
    facts = _facts(connection, incoming, ticket, lost)
    known = person if incoming.is_trusted else None
    return Case(incoming, known, ticket, lost, file_letter(facts), is_id_known)


def registration_of(
    connection: Connection, case: Case, rules: Rules, now: datetime
) -> Registration:
    """Return the appeal that the letter makes, with when or why not it may be confirmed (R33)."""
    accepted_at = rules.calendar.next_working_moment(case.incoming.kept.received_at)
    registration = case.incoming.registration(case.person, accepted_at)
    link = case.filing.possible_link or ""
    registration = replace(registration, suggested_link=link)
    if withheld := _silence(case):
        return replace(registration, withheld=withheld)
    return paced(connection, registration, rules, now)


def follow_up_of(registration: Registration, closed: KnownTicket) -> Registration:
    """Give the new ticket the people and the subject of the closed one (Q8)."""
    return replace(
        registration,
        follow_up_of=closed.number,
        subject=closed.subject,
        kind=TicketKind(closed.kind),
        language=closed.language,
        client_id=registration.client_id or closed.client_id,
        user_id=registration.user_id or closed.user_id,
        name=closed.name,
        phone=registration.phone or closed.phone,
        login=registration.login or closed.login,
        is_verified=registration.is_verified or closed.is_verified,
        missing=(),
    )


def _facts(
    connection: Connection,
    incoming: Incoming,
    ticket: KnownTicket | None,
    lost: OurLetter | None,
) -> LetterFacts:
    letter = incoming.letter
    signed = ticket.number if ticket else ""
    suggested = filing.find_ticket(connection, incoming.suggested)
    return LetterFacts(
        signed_ticket=signed or None,
        sender_trusted=incoming.is_trusted,
        sender_participates=filing.participates(connection, signed, letter.sender.address),
        ticket_closed=ticket is not None and ticket.is_closed,
        suggested_ticket=suggested.number if suggested else None,
        is_automatic=incoming.is_automatic,
        is_bounce=letter.bounce is not None,
        bounce_ticket=lost.number if lost else None,
        is_bounce_of_ours=lost is not None,
        is_own_mail=incoming.is_ours,
        is_only_thanks=not letter.attachments and is_only_thanks(letter.visible_text),
        is_unreadable=letter.unreadable is not None,
    )


def paced(
    connection: Connection, registration: Registration, rules: Rules, now: datetime
) -> Registration:
    """Say when the confirmation may leave, or that none may any more (law 3)."""
    at = registration.received_at
    departs_at = _departure(now if now - at > LATE else at, rules)
    confirmed = filing.confirmed(connection, registration.address, departs_at - ONE_DAY)
    paced_at = confirm_at(departs_at, confirmed)
    if paced_at is None:
        return replace(registration, withheld=USED_UP)
    leaves_at = _departure(paced_at, rules)
    return replace(registration, confirm_at=leaves_at if leaves_at > at else None)


def _departure(at: datetime, rules: Rules) -> datetime:
    return departure(LetterKind.CONFIRMATION, at, rules.calendar, rules.settings)


def _silence(case: Case) -> str:
    """Say why no machine of ours may answer the letter at all."""
    incoming = case.incoming
    if not incoming.letter.sender.address:
        return "в письме нет адреса отправителя"
    return incoming.silence or ("" if case.filing.confirms else name(case.filing.reason))
