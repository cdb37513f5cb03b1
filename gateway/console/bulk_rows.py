"""What a command would do to each of several tickets: to which, by which letter, or why not.

Carries out R5, R6, R45, R54-R59, law 10; U10: nothing is done to many that was not shown before.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.correspondence import owed
from domain.permissions import carry_out
from domain.terms import Actor
from domain.ticket import Ticket, apply
from gateway.bodies import Spec
from gateway.console.offers import find_spec, offer, sample
from gateway.console.previews import sendable_at
from gateway.pages.translation import _, marked
from mail.composing import can_be_addressed
from storage import recipients, worklists
from storage.database import Connection
from storage.rules import Rules
from storage.ticket_lines import Line

MOST = 50


@dataclass(frozen=True)
class Act:
    """A command that may be given to several tickets at once."""

    kind: str
    title: str
    will: str
    button: str
    done: str

    @property
    def spec(self) -> Spec:
        """Return the command with its body."""
        found = find_spec(self.kind)
        if found is None:
            raise LookupError(self.kind)
        return found


ACTS: Mapping[str, Act] = {
    act.kind: act
    for act in (
        Act(
            "assign",
            marked("Передать специалисту"),
            marked("перейдёт к выбранному специалисту"),
            marked("Передать заявки"),
            marked("передана"),
        ),
        Act(
            "defer",
            marked("Отложить"),
            marked("будет отложена по этой причине"),
            marked("Отложить и поставить письма"),
            marked("отложена"),
        ),
        Act(
            "merge",
            marked("Присоединить к одной заявке"),
            marked("присоединится; новые письма попадут в ту заявку"),
            marked("Присоединить заявки"),
            marked("присоединена"),
        ),
        Act(
            "await_release",
            marked("Ждать выпуска"),
            marked("будет ждать выпуска и проснётся сама"),
            marked("Поставить в ожидание"),
            marked("ждёт выпуска"),
        ),
    )
}


@dataclass(frozen=True)
class Prospect:
    """One ticket before the command: possible or why not, and the letter that would leave.

    `leaves_at` is None where no letter would; `recipient` is empty where it must be posted.
    """

    number: str
    line: Line | None = None
    why_not: str = ""
    rule: str = ""
    is_target: bool = False
    recipient: str = ""
    leaves_at: datetime | None = None

    @property
    def is_possible(self) -> bool:
        """Tell whether the command would be given."""
        return not self.why_not and not self.is_target


@dataclass(frozen=True)
class Foresight:
    """Foresees what a command of this person would do to tickets; `into` is where they join."""

    act: Act
    actor: Actor
    rules: Rules
    now: datetime
    into: str = ""

    def prospects(self, connection: Connection, numbers: Iterable[str]) -> tuple[Prospect, ...]:
        """Return the tickets in the order of the queue; those that nobody has stand last."""
        asked = [*numbers]
        lines = worklists.list_lines(connection, {*asked, *filter(None, [self.into])})
        known = {line.number: line for line in lines}
        addresses = recipients.addresses(connection, known)
        target = known.get(self.into)
        shown = [self._prospect(line, target, addresses[line.number]) for line in lines]
        lacking = [
            Prospect(one, why_not=_("такой заявки нет")) for one in asked if one not in known
        ]
        return (*shown, *lacking)

    def _prospect(self, line: Line, target: Line | None, address: str) -> Prospect:
        if self.act.kind == "merge" and line.number == self.into:
            return Prospect(line.number, line, is_target=True)
        offered = offer(self.act.spec, line.ticket, self.actor)
        if not offered.is_possible:
            return Prospect(line.number, line, offered.why_not, offered.rule)
        if target is not None and target.client_id != line.client_id:
            return Prospect(line.number, line, _("это заявки разных клиентов"), "R6")
        if not self._has_letter(line.ticket):
            return Prospect(line.number, line)
        recipient = address if can_be_addressed(address) else ""
        leaves_at = sendable_at(self.rules, self.now)
        return Prospect(line.number, line, recipient=recipient, leaves_at=leaves_at)

    def _has_letter(self, ticket: Ticket) -> bool:
        (event,) = carry_out(ticket, sample(self.act.spec.command), self.actor, self.now)
        return bool(owed(event, apply(ticket, event)))
