"""Files one letter: what is known of it, the decision, and everything that follows from it.

Carries out R28, R33, R41, R43, R64, Q2, Q8, Q12 and laws 1, 2, 11: each letter becomes one message
of one ticket, or one item that a person sees. The decision itself is `domain.filing`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from domain.calendar import MOSCOW
from domain.filing import Filing, LetterFacts, Place, file_letter, is_only_thanks
from domain.terms import TicketKind
from gateway.incoming import House, Incoming, read_incoming
from storage import files, filing, handovers, letters, messages, people, requests, review_items
from storage.database import Connection
from storage.files import Attachment, FileStore
from storage.filing import Claimed, KnownTicket, OurLetter
from storage.people import Person
from storage.raw_letters import RawState
from storage.requests import Registration
from storage.rules import Rules

# A program whose answers show none of the marks of RFC 3834 must not be answered for ever.
MOST_CONFIRMATIONS = 20
WITHIN = timedelta(hours=1)


@dataclass(frozen=True)
class Settlement:
    """What became of a letter, and why."""

    state: RawState
    reason: str


@dataclass(frozen=True)
class Case:
    """A letter, what the register knows of it, and where it belongs."""

    incoming: Incoming
    person: Person | None
    ticket: KnownTicket | None
    lost: OurLetter | None
    filing: Filing

    @property
    def author(self) -> str:
        """Return who speaks, as the journal writes it."""
        return f"client:{self.person.user_id}" if self.person else "client"

    @property
    def number(self) -> str:
        """Return the ticket to which the letter goes."""
        return self.filing.ticket or ""


class FilingDesk:
    """Files letters, each in the caller's one transaction."""

    def __init__(self, store: FileStore, rules: Callable[[], Rules], house: House) -> None:
        """Put files into this store; `house` tells which letters are our own."""
        self._store, self._rules, self._house = store, rules, house

    def file(self, connection: Connection, claimed: Claimed) -> Settlement:
        """File a letter; the same letter again changes nothing."""
        if claimed.is_repetition:
            return Settlement(RawState.DUPLICATE, "the same bytes came before")
        case = self._case(connection, read_incoming(claimed.letter, self._house))
        return STEPS[case.filing.place](self, connection, case)

    def _case(self, connection: Connection, incoming: Incoming) -> Case:
        sender = incoming.letter.sender
        today = incoming.kept.received_at.astimezone(MOSCOW).date()
        person = people.find_user_by_email(connection, sender.address, today)
        ticket = filing.find_ticket(connection, incoming.signed)
        lost = filing.find_letter(connection, incoming.bounced)
        facts = self._facts(connection, incoming, ticket, lost)
        return Case(incoming, person if sender.trusted else None, ticket, lost, file_letter(facts))

    def _facts(
        self,
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
            sender_trusted=letter.sender.trusted,
            sender_participates=filing.participates(connection, signed, letter.sender.address),
            ticket_closed=ticket is not None and ticket.is_closed,
            suggested_ticket=suggested.number if suggested else None,
            is_automatic=bool(incoming.silence),
            is_bounce=letter.bounce is not None,
            bounce_ticket=lost.number if lost else None,
            is_own_mail=incoming.is_ours,
            is_only_thanks=not letter.attachments and is_only_thanks(letter.visible_text),
            is_unreadable=letter.unreadable is not None,
        )

    # Where a letter may go

    def open_ticket(self, connection: Connection, case: Case) -> Settlement:
        """Register a new appeal (R27, R28)."""
        registration = replace(
            self._registration(case), suggested_link=case.filing.possible_link or ""
        )
        return self._register(connection, case, registration)

    def follow_up(self, connection: Connection, case: Case) -> Settlement:
        """Register the matter anew, linked with the closed ticket (R64, Q8)."""
        if case.ticket is None:
            return self.open_ticket(connection, case)
        registration = _taken_up(self._registration(case), case.ticket)
        return self._register(connection, case, registration)

    def append(self, connection: Connection, case: Case) -> Settlement:
        """Add a participant's words; they resume what waited for them (R53)."""
        return self._add(connection, case, "participant", case.author)

    def append_as_third_person(self, connection: Connection, case: Case) -> Settlement:
        """Add the words of somebody who only was shown our letter."""
        return self._add(connection, case, "third_person", "third person")

    def keep_automatic(self, connection: Connection, case: Case) -> Settlement:
        """Add what a machine answered; it resumes nothing."""
        return self._add(connection, case, "automatic", "machine")

    def hold_thanks(self, connection: Connection, case: Case) -> Settlement:
        """Keep thanks for a closed ticket and let a person decide (Q8)."""
        message = case.incoming.message_for(case.number, "participant", case.author)
        id_ = filing.keep_message(connection, message)
        if id_ is not None:
            review_items.add(
                connection, "thanks", reason=case.filing.reason, number=case.number, message_id=id_
            )
        return self._filed(connection, case, id_)

    def attach_bounce(self, connection: Connection, case: Case) -> Settlement:
        """Note on the ticket that a letter of ours did not arrive (R33, R46)."""
        message = case.incoming.message_for(case.number, "bounce", "machine")
        id_, is_new = messages.add_client_message(connection, message)
        if is_new and case.lost is not None:
            self._tell_of_loss(connection, case, case.lost)
        return self._filed(connection, case, id_ if is_new else None)

    def keep_bounce(self, connection: Connection, case: Case) -> Settlement:
        """Show a bounce of no letter that we know."""
        raw_id = case.incoming.kept.id
        review_items.add(connection, "undeliverable", reason=case.filing.reason, raw_id=raw_id)
        return Settlement(RawState.FILED, case.filing.reason)

    def keep_own(self, connection: Connection, case: Case) -> Settlement:
        """Leave a letter of our own where it is kept: an answer to it would begin a loop."""
        del connection
        return Settlement(RawState.FILED, case.filing.reason)

    def keep_unreadable(self, connection: Connection, case: Case) -> Settlement:
        """Show a person what could not be read."""
        reason = case.incoming.letter.unreadable or case.filing.reason
        review_items.add(
            connection,
            "unreadable",
            reason=reason,
            number=case.filing.ticket,
            raw_id=case.incoming.kept.id,
        )
        return Settlement(RawState.UNREADABLE, reason)

    # What the steps above are made of

    def _registration(self, case: Case) -> Registration:
        calendar = self._rules().calendar
        accepted_at = calendar.next_working_moment(case.incoming.kept.received_at)
        return case.incoming.registration(case.person, accepted_at)

    def _register(
        self, connection: Connection, case: Case, registration: Registration
    ) -> Settlement:
        withheld = _withheld(connection, case)
        entry = requests.register(connection, replace(registration, withheld=withheld))
        return self._filed(connection, case, entry.message_id if entry.is_new else None)

    def _add(self, connection: Connection, case: Case, standing: str, author: str) -> Settlement:
        message = case.incoming.message_for(case.number, standing, author)
        id_, is_new = messages.add_client_message(connection, message)
        return self._filed(connection, case, id_ if is_new else None)

    def _filed(self, connection: Connection, case: Case, message_id: int | None) -> Settlement:
        """Enter the files of a new message; one that stands already makes the letter a repetition.

        Their bytes are in the store before this transaction commits.
        """
        if message_id is None:
            return Settlement(RawState.DUPLICATE, "the same letter came before")
        carried = [
            Attachment(file.name, file.content_type, self._store.put(file.content), file.size)
            for file in case.incoming.letter.attachments
        ]
        if carried:
            files.add(connection, message_id, carried)
        return Settlement(RawState.FILED, case.filing.reason)

    def _tell_of_loss(self, connection: Connection, case: Case, lost: OurLetter) -> None:
        bounce = case.incoming.letter.bounce
        if bounce is None:
            return
        told = {"letter": lost.key, "is_hard": bounce.hard, "key": case.incoming.key}
        handovers.add(connection, lost.number, "letter_bounced", told)
        if bounce.hard:
            at = case.incoming.kept.received_at
            letters.bounce(connection, case.incoming.bounced, at, bounce.status)
            reason = f"{lost.key}: {bounce.status}"
            review_items.add(
                connection,
                "undeliverable",
                reason=reason,
                number=lost.number,
                raw_id=case.incoming.kept.id,
            )


STEPS: Mapping[Place, Callable[[FilingDesk, Connection, Case], Settlement]] = {
    Place.NEW_TICKET: FilingDesk.open_ticket,
    Place.FOLLOW_UP: FilingDesk.follow_up,
    Place.APPEND: FilingDesk.append,
    Place.APPEND_AS_THIRD_PERSON: FilingDesk.append_as_third_person,
    Place.KEEP_AUTOMATIC: FilingDesk.keep_automatic,
    Place.HOLD_THANKS: FilingDesk.hold_thanks,
    Place.ATTACH_BOUNCE: FilingDesk.attach_bounce,
    Place.KEEP_BOUNCE: FilingDesk.keep_bounce,
    Place.KEEP_OWN: FilingDesk.keep_own,
    Place.KEEP_UNREADABLE: FilingDesk.keep_unreadable,
}


def _withheld(connection: Connection, case: Case) -> str:
    """Say why no confirmation may leave, where it may not (R33, law 3)."""
    incoming = case.incoming
    address = incoming.letter.sender.address
    if not case.filing.confirms:
        return incoming.silence or case.filing.reason
    if not address:
        return "the letter names no address of its sender"
    since = incoming.kept.received_at - WITHIN
    if filing.count_confirmed(connection, address, since) >= MOST_CONFIRMATIONS:
        return f"{MOST_CONFIRMATIONS} confirmations went to this address within an hour"
    return ""


def _taken_up(registration: Registration, closed: KnownTicket) -> Registration:
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
