"""Files one letter: what is known of it, the decision, and everything that follows from it.

Carries out R28, R33, R41, R43, R64, Q2, Q8, Q12 and laws 1, 2, 11: each letter becomes one message
of one ticket, or one item that a person sees. The decision itself is `domain.filing`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from domain.filing import Place
from domain.words import name
from gateway.cases import Case, case_of, follow_up_of, registration_of
from gateway.incoming import House, Incoming, incoming_of, unopened
from gateway.relay import Clock, wall_clock
from mail.reading import ReceivedLetter, read
from storage import (
    account_letters,
    files,
    filing,
    handovers,
    letters,
    messages,
    raw_letters,
    requests,
    review_items,
)
from storage.database import Connection
from storage.files import Attachment, FileStore
from storage.filing import Claimed, OurLetter
from storage.raw_letters import RawLetter, RawState
from storage.requests import Registration
from storage.rules import Rules


@dataclass(frozen=True)
class Settlement:
    """What became of a letter, and why; the number of its ticket where it has one."""

    state: RawState
    reason: str
    number: str = ""


class FilingDesk:
    """Files letters, each in the caller's one transaction."""

    def __init__(
        self,
        store: FileStore,
        rules: Callable[[], Rules],
        house: House,
        clock: Clock = wall_clock,
        read_letter: Callable[[bytes], ReceivedLetter] = read,
    ) -> None:
        """Put files into this store; `house` tells which letters are our own."""
        self._store, self._rules, self._house, self._clock = store, rules, house, clock
        self._read_letter = read_letter

    def file(self, connection: Connection, claimed: Claimed) -> Settlement:
        """File a letter; the same letter again changes nothing."""
        if claimed.is_repetition:
            return Settlement(RawState.DUPLICATE, "the same bytes came before")
        case = case_of(connection, self._read(claimed.letter))
        return STEPS[case.filing.place](self, connection, case)

    def file_by_hand(self, connection: Connection, kept: RawLetter, reason: str) -> Settlement:
        """File a letter that could not be read, because a person says so: as a file, unopened."""
        case = case_of(connection, unopened(self._read(kept), reason))
        settlement = STEPS[case.filing.place](self, connection, case)
        raw_letters.settle(connection, kept.id, settlement.state, settlement.reason)
        return settlement

    def _read(self, kept: RawLetter) -> Incoming:
        return incoming_of(kept, self._read_letter(kept.content), self._house)

    # Where a letter may go

    def open_ticket(self, connection: Connection, case: Case) -> Settlement:
        """Register a new appeal (R27, R28)."""
        return self._register(connection, case, self._appeal(connection, case))

    def follow_up(self, connection: Connection, case: Case) -> Settlement:
        """Register the matter anew, linked with the closed ticket (R64, Q8)."""
        if case.ticket is None:
            return self.open_ticket(connection, case)
        appeal = follow_up_of(self._appeal(connection, case), case.ticket)
        return self._register(connection, case, appeal)

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
            why = name(case.filing.reason)
            review_items.add(connection, "thanks", reason=why, number=case.number, message_id=id_)
        return self._filed(connection, case, id_)

    def attach_bounce(self, connection: Connection, case: Case) -> Settlement:
        """Note on the ticket that a letter of ours did not arrive (R33, R46)."""
        message = case.incoming.message_for(case.number, "bounce", "machine")
        id_, is_new = messages.add_client_message(connection, message)
        if is_new and case.lost is not None:
            self._tell_of_loss(connection, case, case.lost)
        elif is_new:
            self._show_loss(connection, case)
        return self._filed(connection, case, id_ if is_new else None)

    def keep_bounce(self, connection: Connection, case: Case) -> Settlement:
        """Show a bounce of a letter about an account, or of no letter that we know."""
        raw_id, why = case.incoming.kept.id, name(case.filing.reason)
        if case.lost is not None:
            self._tell_of_lost_link(connection, case, case.lost)
        else:
            review_items.add(connection, "undeliverable", reason=why, raw_id=raw_id)
        return Settlement(RawState.FILED, case.filing.reason)

    def keep_own(self, connection: Connection, case: Case) -> Settlement:
        """Leave a letter of our own where it is kept: an answer to it would begin a loop."""
        del connection
        return Settlement(RawState.FILED, case.filing.reason)

    def keep_unreadable(self, connection: Connection, case: Case) -> Settlement:
        """Show a person what could not be read."""
        reason = case.incoming.letter.unreadable or name(case.filing.reason)
        review_items.add(
            connection,
            "unreadable",
            reason=reason,
            number=case.filing.ticket,
            raw_id=case.incoming.kept.id,
        )
        return Settlement(RawState.UNREADABLE, reason)

    # What the steps above are made of

    def _appeal(self, connection: Connection, case: Case) -> Registration:
        return registration_of(connection, case, self._rules(), self._clock())

    def _register(
        self, connection: Connection, case: Case, registration: Registration
    ) -> Settlement:
        entry = requests.register(connection, registration)
        if entry.is_new and registration.suggested_link:
            link = registration.suggested_link
            review_items.add(connection, "possible_link", number=entry.number, reason=link)
        return self._filed(
            connection, case, entry.message_id if entry.is_new else None, entry.number
        )

    def _add(self, connection: Connection, case: Case, standing: str, author: str) -> Settlement:
        message = case.incoming.message_for(case.number, standing, author)
        id_, is_new = messages.add_client_message(connection, message)
        return self._filed(connection, case, id_ if is_new else None)

    def _filed(
        self, connection: Connection, case: Case, message_id: int | None, opened: str = ""
    ) -> Settlement:
        """Enter the files of a new message; one that stands already makes the letter a repetition.

        Their bytes are in the store before this transaction commits.
        """
        if message_id is None:
            return Settlement(RawState.DUPLICATE, "the same letter came before", opened)
        carried = [
            Attachment(file.name, file.content_type, self._store.put(file.content), file.size)
            for file in case.incoming.letter.attachments
        ]
        if carried:
            files.add(connection, message_id, carried)
        if case.is_id_known:
            self._flag_reused_id(connection, case, message_id, opened or case.number)
        return Settlement(RawState.FILED, case.filing.reason, opened or case.number)

    def _flag_reused_id(
        self, connection: Connection, case: Case, message_id: int, number: str
    ) -> None:
        """Show that other words came under a Message-ID that is known: nothing was left out."""
        reason = f"другое письмо с тем же Message-ID {case.incoming.header_id}"[:500]
        review_items.add(
            connection, "reused_id", reason=reason, number=number, message_id=message_id
        )

    def _show_loss(self, connection: Connection, case: Case) -> None:
        """Show a hard bounce that names no letter of ours; only a proved id marks an address."""
        bounce, raw_id = case.incoming.letter.bounce, case.incoming.kept.id
        if bounce is not None and bounce.hard:
            review_items.add(
                connection,
                "undeliverable",
                reason=bounce.status,
                number=case.number,
                raw_id=raw_id,
            )

    def _tell_of_loss(self, connection: Connection, case: Case, lost: OurLetter) -> None:
        bounce = case.incoming.letter.bounce
        if bounce is None:
            return
        told = {"letter": lost.key, "is_hard": bounce.hard, "key": case.incoming.key}
        handovers.add(connection, case.number, "letter_bounced", told)
        if bounce.hard:
            self._mark_lost(connection, case, lost, bounce.status)
            reason = f"{lost.key}: {bounce.status}"
            review_items.add(
                connection,
                "undeliverable",
                reason=reason,
                number=lost.number,
                raw_id=case.incoming.kept.id,
            )

    def _tell_of_lost_link(self, connection: Connection, case: Case, lost: OurLetter) -> None:
        """Show that a letter about an account did not arrive; what came back opens nothing."""
        bounce, kept = case.incoming.letter.bounce, case.incoming.kept
        if bounce is None:
            return
        if bounce.hard:
            self._mark_lost(connection, case, lost, bounce.status)
        account_letters.end_link(connection, lost.key, kept.received_at)
        account_letters.show_loss(connection, lost.key, bounce.status, kept.id)

    def _mark_lost(self, connection: Connection, case: Case, lost: OurLetter, status: str) -> None:
        at = case.incoming.kept.received_at
        letters.bounce(connection, case.incoming.bounced, at, status)
        filing.mark_bounced(connection, lost.key, status, at)


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
