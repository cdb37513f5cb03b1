"""What staff order about letters that wait, carried out with the event that records it.

The register has the last word: of a letter that left unknown to its process, the order becomes a
refusal (R45, laws 7 and 10), and what the journal says has happened.
"""

from domain.events import LetterCancelled, LetterUrged, TicketEvent
from domain.occurrences import CommandRefused
from domain.permissions import gone
from mail.composing import dated
from storage import letter_overrides, messages
from storage.database import Connection

ORDERS: tuple[type[LetterCancelled], type[LetterUrged]] = (LetterCancelled, LetterUrged)
COMMANDS = {LetterCancelled: "cancel_letter", LetterUrged: "send_urgently"}


def possible(connection: Connection, happened: tuple[TicketEvent, ...]) -> tuple[TicketEvent, ...]:
    """Return the events with each order refused whose letter does not wait in the register."""
    return tuple(_possible(connection, event) for event in happened)


def carry_out(connection: Connection, happened: tuple[TicketEvent, ...]) -> None:
    """Change the letters as the recorded events say.

    Raises:
        LetterMovedError: when one has left meanwhile; nothing of the stretch may be kept then.

    """
    for event in happened:
        if isinstance(event, LetterCancelled):
            reason = _kept_back(_words(connection, event))
            letter_overrides.cancel(connection, event.letter, event.at, reason)
        elif isinstance(event, LetterUrged):
            _urge(connection, event)


def _urge(connection: Connection, event: LetterUrged) -> None:
    waiting = letter_overrides.find_waiting(connection, event.letter)
    if waiting is None:
        raise letter_overrides.LetterMovedError(event.letter)
    why = _words(connection, event) or "причина записана в журнале"
    mime = dated(bytes(waiting.mime), event.at)
    letter_overrides.urge(connection, event.letter, event.at, event.by, why, mime)


def _possible(connection: Connection, event: TicketEvent) -> TicketEvent:
    if not isinstance(event, ORDERS):
        return event
    if letter_overrides.find_waiting(connection, event.letter) is not None:
        return event
    refused = gone(event.letter)
    return CommandRefused(
        at=event.at,
        by=event.by,
        key=event.key,
        command=COMMANDS[type(event)],
        reason=refused.reason,
        refused_by=refused.rule,
    )


def _kept_back(words: str) -> str:
    told = f": {words}" if words else ""
    return f"отправку отменил сотрудник поддержки{told}"


def _words(connection: Connection, event: LetterCancelled | LetterUrged) -> str:
    number = event.letter.partition("/")[0]
    return messages.find_text(connection, number, event.text) if event.text is not None else ""
