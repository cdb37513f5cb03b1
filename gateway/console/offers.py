"""Which commands are possible on a ticket now, and why the others are not; none is hidden.

Carries out law 10 before anybody tries: the same table decides that decides in the process.
"""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from typing import Any, get_type_hints

from domain.commands import TicketCommand
from domain.permissions import PERMISSIONS, Refused, permit
from domain.terms import Actor, Role
from domain.ticket import Ticket
from domain.words import command_name
from gateway.bodies import SPECS, Spec
from gateway.pages.translation import present
from gateway.refusals import reason

# Of these only what is filled in can be wrong; the form of the command says so.
OF_THE_FORM = frozenset({"argument", "ground", "release", "left", "confirmation", "closing"})
OF_A_LETTER = frozenset({"cancel_letter", "send_urgently"})
ON_THE_PAGE = frozenset({"answer", "ask_client", "note"})  # they have forms of their own there
OF_CLIENTS = frozenset({"withdraw", "escalate"})


@dataclass(frozen=True)
class Offer:
    """A command as it is offered: possible, or not for a reason of the rule."""

    kind: str
    title: str
    rule: str
    is_possible: bool
    why_not: str = ""


def offers(ticket: Ticket, actor: Actor) -> Mapping[str, Offer]:
    """Return every command of the role by its kind; those of a single letter are not among them."""
    chosen = (spec for spec in SPECS if _is_offered(spec, actor.role))
    return {spec.kind: offer(spec, ticket, actor) for spec in chosen}


def offer(spec: Spec, ticket: Ticket, actor: Actor) -> Offer:
    """Tell whether the command is possible now, or why not."""
    command, rule = sample(spec.command), PERMISSIONS[spec.command].rule
    title = command_name(spec.kind, present.get()).capitalize()
    try:
        permit(ticket, command, actor)
    except Refused as refused:
        if refused.code not in OF_THE_FORM:
            why = reason(refused.code, command, ticket)
            return Offer(spec.kind, title, refused.rule or rule, is_possible=False, why_not=why)
    return Offer(spec.kind, title, rule, is_possible=True)


def find_spec(kind: str) -> Spec | None:
    """Return the command of this name, if there is one."""
    return next((spec for spec in SPECS if spec.kind == kind), None)


def sample(command: type[TicketCommand]) -> TicketCommand:
    """Return the command with anything in its fields, to ask whether it is allowed at all."""
    hints = get_type_hints(command)
    asked = (one for one in fields(command) if one.default is MISSING)
    return command(**{one.name: _anything(hints[one.name]) for one in asked})


def in_words(offered: Iterable[Offer]) -> tuple[list[Offer], list[Offer]]:
    """Part the offers into what is possible and what is not."""
    known = list(offered)
    return [one for one in known if one.is_possible], [one for one in known if not one.is_possible]


def _is_offered(spec: Spec, role: Role) -> bool:
    is_apart = spec.kind in OF_A_LETTER | OF_CLIENTS
    return role in PERMISSIONS[spec.command].roles and not is_apart


def _anything(hint: Any) -> Any:  # noqa: ANN401 - the fields of commands are codes, ids, numbers
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return next(iter(hint))
    return "0" if hint is str else 0
