"""A letter as its client will read it, before anybody has written it: nothing is kept.

Carries out R45, R46, R54-R59, R63, U7: the command is carried out on a copy of the ticket, and the
letter it would cause is put into words from the same facts as the real one.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from datetime import datetime
from typing import Any

from domain.commands import TicketCommand
from domain.correspondence import departure, owed
from domain.events import TicketEvent
from domain.letter_facts import Cause, facts_of
from domain.letters import LetterKind, Links, for_recipient, is_internal
from domain.occurrences import Closed
from domain.permissions import carry_out
from domain.terms import Actor
from domain.ticket import Ticket, apply
from mail.composing import can_be_addressed
from mail.wording import render
from storage import correspondence, tickets
from storage.database import Connection
from storage.rules import Rules

WORDS = frozenset(
    {"text", "evidence", "message", "tried", "found"}
)  # named by ids that are none yet


@dataclass(frozen=True)
class Preview:
    """A letter before it is written: where it goes, its words, when it would leave."""

    recipient: str
    subject: str
    text: str
    leaves_at: datetime
    is_now: bool


@dataclass(frozen=True)
class Previewer:
    """Shows what a command of this person on this ticket would write now."""

    number: str
    actor: Actor
    rules: Rules
    now: datetime

    def letter(self, connection: Connection, asked: TicketCommand, words: str) -> Preview | None:
        """Return the letter that the command would cause, or None where it causes none.

        Raises:
            Refused: when the command is not possible.

        """
        event, after, at = self._happen(connection, asked)
        kinds = [kind for kind in owed(event, after) if not is_internal(kind)]
        if not kinds:
            return None
        case = replace(correspondence.read(connection, self.number, None), words=words)
        case = replace(case, is_reachable=can_be_addressed(case.address))
        cause, settings = Cause(event, after.sequence, after), self.rules.settings
        links = Links(documentation=settings.documentation_url)
        facts = for_recipient(kinds[0], facts_of(case, cause, kinds[0], settings, links))
        said = render(kinds[0], facts)
        return Preview(
            case.address, f"[{self.number}] {said.subject}", said.body, at, is_now=at <= self.now
        )

    def _happen(
        self, connection: Connection, asked: TicketCommand
    ) -> tuple[TicketEvent, Ticket, datetime]:
        """Return what would happen last, the ticket after it, and when its letter would leave."""
        ticket = tickets.find(connection, self.number) or Ticket(self.number)
        (event,) = carry_out(ticket, asked, self.actor, self.now)
        after = apply(ticket, event)
        at = sendable_at(self.rules, self.now)
        if event.kind == "closing_began":
            event = Closed(at=at, key="preview")
            after = apply(after, event)
        return event, after, at


def sendable_at(rules: Rules, now: datetime) -> datetime:
    """Return when a letter of ours would leave if it were written now (R45)."""
    return departure(LetterKind.ANSWER, now, rules.calendar, rules.settings)


def command_of(command: type[TicketCommand], values: Mapping[str, Any]) -> TicketCommand:
    """Return the command of these values; its words have no id yet."""
    given: dict[str, Any] = {}
    for one in fields(command):
        if one.name == "kind":
            continue
        if one.name in WORDS:
            given[one.name] = 0
        elif one.name in values or one.default is MISSING:
            given[one.name] = values[one.name]
    return command(**given)
