"""Which command is allowed when and by whom, and the events it causes: one table (§4, law 10).

Carries out R2, R4, R5, R17-R19, R27, R33, R40, R45, R50, R53-R60, R63-R65, Q5-Q8, Q12, Q13.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from domain import commands, events, occurrences
from domain.commands import TicketCommand
from domain.events import TicketEvent
from domain.letters import LetterKind, cause_of
from domain.terms import CLIENT_CAN_END, Actor, DeferralReason, Ground, Outcome, Role, Status
from domain.ticket import Ticket

STAFF = frozenset({Role.SPECIALIST, Role.HEAD})
HEAD = frozenset({Role.HEAD})
CLIENT = frozenset({Role.CLIENT, Role.SPECIALIST, Role.HEAD})
DEVELOPMENT = frozenset({Role.DEVELOPMENT, Role.HEAD})
EVERYBODY = frozenset({Role.SPECIALIST, Role.HEAD, Role.DEVELOPMENT})

OPEN = frozenset(Status) - {Status.CLOSED}
AT_WORK = frozenset(
    {
        Status.IN_DIAGNOSIS,
        Status.AWAITING_CLIENT,
        Status.DEFERRED,
        Status.IN_DEVELOPMENT,
        Status.AWAITING_RELEASE,
    }
)
WITH_US = frozenset({Status.IN_DIAGNOSIS, Status.AWAITING_CLIENT, Status.DEFERRED})
SOLVABLE = WITH_US | {Status.AWAITING_RELEASE}
LONGEST_ID = 18  # digits of a 64-bit number
LONGEST_HOLD = 300  # seconds
CLOSINGS = frozenset(
    {LetterKind.CLOSING, LetterKind.NO_ACTIVE_SUPPORT, LetterKind.CANNOT_BE_SERVED}
)
WAITING = AT_WORK - {Status.IN_DIAGNOSIS}
CLOSABLE: Mapping[Ground, frozenset[Status]] = {
    Ground.SOLVED: SOLVABLE,
    Ground.WITHDRAWN: OPEN - {Status.CLOSING},
    Ground.NO_ACTIVE_SUPPORT: SOLVABLE | {Status.REGISTERED, Status.IN_QUEUE},
    Ground.CANNOT_BE_SERVED: SOLVABLE | {Status.IDENTIFICATION, Status.IN_QUEUE},
}


Held = commands.Answer | commands.AskClient | commands.Defer | commands.MarkOutOfScope


class Refused(Exception):  # noqa: N818 - the field's word for it; it is an answer, not a fault
    """A command that the regulation does not allow now.

    `code` is stable for programs, `rule` names the rule, the text says why and what to do.
    """

    def __init__(self, code: str, rule: str, reason: str) -> None:
        """Name the rule and the reason."""
        super().__init__(reason)
        self.code, self.rule, self.reason = code, rule, reason


@dataclass(frozen=True)
class Permission:
    """In which states and by whom a command is allowed, and the rule that says so."""

    roles: frozenset[Role]
    states: frozenset[Status]
    rule: str


PERMISSIONS: Mapping[type[TicketCommand], Permission] = {
    commands.Identify: Permission(STAFF, frozenset({Status.IDENTIFICATION}), "Q12"),
    commands.Take: Permission(STAFF, frozenset({Status.IN_QUEUE}), "R49"),
    commands.Assign: Permission(STAFF, OPEN, "R5"),
    commands.ConfirmCriticality: Permission(STAFF, OPEN, "R50"),
    commands.Note: Permission(EVERYBODY, OPEN, "R17"),
    commands.Answer: Permission(STAFF, AT_WORK, "R46"),
    commands.AskClient: Permission(STAFF, WITH_US, "R40"),
    commands.Remind: Permission(STAFF, frozenset({Status.AWAITING_CLIENT, Status.DEFERRED}), "Q6"),
    commands.Defer: Permission(STAFF, WITH_US, "R54"),
    commands.Resume: Permission(STAFF, WAITING, "R53"),
    commands.HandOff: Permission(STAFF, WITH_US, "R19"),
    commands.ReturnFromDevelopment: Permission(
        DEVELOPMENT, frozenset({Status.IN_DEVELOPMENT}), "R48"
    ),
    commands.AwaitRelease: Permission(STAFF, WITH_US, "R56"),
    commands.RequestAccess: Permission(STAFF, WITH_US, "R60"),
    commands.Close: Permission(STAFF, OPEN - {Status.CLOSING}, "R63"),
    commands.FollowUp: Permission(CLIENT, frozenset({Status.CLOSED}), "R64"),
    commands.Escalate: Permission(CLIENT, frozenset(Status), "R65"),
    commands.ReplyToEscalation: Permission(HEAD, OPEN, "R65"),
    commands.Reopen: Permission(STAFF, frozenset({Status.CLOSING}), "Q8"),
    commands.Merge: Permission(STAFF, OPEN - {Status.CLOSING}, "R6"),
    commands.Unmerge: Permission(STAFF, OPEN, "R6"),
    commands.Withdraw: Permission(CLIENT, OPEN - {Status.CLOSING}, "R27"),
    commands.Reclassify: Permission(STAFF, OPEN, "R6"),
    commands.MarkOutOfScope: Permission(STAFF, WITH_US, "R58"),
    commands.Serve: Permission(STAFF, OPEN, "Q13"),
    commands.Diagnose: Permission(STAFF, AT_WORK, "R17"),
    commands.CancelLetter: Permission(STAFF, OPEN, "R45"),
    commands.SendUrgently: Permission(STAFF, OPEN, "R45"),
}
OF_THE_MERGED = commands.Unmerge | commands.Note | commands.CancelLetter | commands.SendUrgently


def permit(ticket: Ticket, command: TicketCommand, actor: Actor) -> None:
    """Check that the actor may give the command now.

    Raises:
        Refused: with the rule and the way out.

    """
    permission = PERMISSIONS[type(command)]
    if actor.role not in permission.roles:
        raise Refused("role", permission.rule, f"{command.kind}: not allowed to {actor.role}")
    if ticket.merged_into and not isinstance(command, OF_THE_MERGED):
        raise Refused("merged", "R6", f"the ticket is part of {ticket.merged_into}")
    if ticket.status not in permission.states:
        allowed = ", ".join(sorted(permission.states))
        reason = f"{command.kind}: not in {ticket.status}, only in {allowed}"
        raise Refused("state", permission.rule, reason)
    for refusal in CONDITIONS.get(type(command), ()):
        refusal(ticket, command)


def carry_out(
    ticket: Ticket, command: TicketCommand, actor: Actor, at: datetime
) -> tuple[TicketEvent, ...]:
    """Return the events that the permitted command causes at that moment.

    Raises:
        Refused: as `permit` does.

    """
    permit(ticket, command, actor)
    return CARRIED_OUT[type(command)](command, {"at": at, "by": str(actor)}, actor)


def _names_a_client(_: Ticket, command: commands.Identify) -> None:
    is_number = command.client.isascii() and command.client.isdecimal()
    if not is_number or len(command.client) > LONGEST_ID:
        raise Refused("argument", "Q12", "name the client by the register's number")


def _closing_has_its_ground(ticket: Ticket, command: commands.Close) -> None:
    if ticket.status not in CLOSABLE[command.ground]:
        allowed = ", ".join(sorted(CLOSABLE[command.ground]))
        reason = f"close ({command.ground}): not in {ticket.status}, only in {allowed}"
        raise Refused("ground", "R63", reason)


def _outcome_names_its_release(_: Ticket, command: commands.ReturnFromDevelopment) -> None:
    if command.outcome is Outcome.FIXED_IN_RELEASE and not command.release:
        raise Refused("release", "R56", "name the release that carries the fix")


def _is_merged(ticket: Ticket, _: commands.Unmerge) -> None:
    if not ticket.merged_into:
        raise Refused("merged", "R6", "the ticket is not part of another one")


def _is_unentitled(ticket: Ticket, _: commands.Serve) -> None:
    if ticket.entitled:
        raise Refused("entitled", "Q13", "the client has active support; nothing to decide")


def _is_escalated(ticket: Ticket, _: commands.ReplyToEscalation) -> None:
    if not ticket.escalated:
        raise Refused("escalated", "R65", "the client has not written to the head")


def _waits_for_the_client(ticket: Ticket, _: commands.Remind) -> None:
    if ticket.deferral is not None and ticket.deferral not in CLIENT_CAN_END:
        raise Refused("deferral", "Q6", "nothing is expected of the client")


def _hold_is_short(_: Ticket, command: Held) -> None:
    if not 0 <= command.hold <= LONGEST_HOLD:
        raise Refused("argument", "R45", f"hold: from 0 to {LONGEST_HOLD} seconds")


def _letter_may_be_kept_back(ticket: Ticket, command: commands.CancelLetter) -> None:
    place, kind = cause_of(command.letter)
    if not place or not command.letter.startswith(f"{ticket.number}/"):
        raise gone(command.letter)
    if kind == LetterKind.CONFIRMATION:
        raise Refused("confirmation", "R33", "every appeal is confirmed")
    if kind in CLOSINGS:
        raise Refused("closing", "R63", "the result is told; reopen or follow up instead")


def gone(letter: str) -> Refused:
    """Return the refusal for a letter that does not wait for a moment to come (R45)."""
    return Refused("left", "R45", f"{letter[:60]}: does not wait; it left, or is on its way")


CONDITIONS: Mapping[type[TicketCommand], tuple[Callable[[Ticket, Any], None], ...]] = {
    commands.Identify: (_names_a_client,),
    commands.Close: (_closing_has_its_ground,),
    commands.Remind: (_waits_for_the_client,),
    commands.ReturnFromDevelopment: (_outcome_names_its_release,),
    commands.Unmerge: (_is_merged,),
    commands.Serve: (_is_unentitled,),
    commands.ReplyToEscalation: (_is_escalated,),
    commands.CancelLetter: (_letter_may_be_kept_back,),
    **dict.fromkeys(
        (commands.Answer, commands.AskClient, commands.Defer, commands.MarkOutOfScope),
        (_hold_is_short,),
    ),
}

Stamp = dict[str, Any]
CarryOut = Callable[[Any, Stamp, Actor], tuple[TicketEvent, ...]]


def _as(event: type[TicketEvent]) -> CarryOut:
    """Return how a command becomes the event of its own noun, field by field."""

    def happen(command: TicketCommand, stamp: Stamp, _: Actor) -> tuple[TicketEvent, ...]:
        values = {f.name: getattr(command, f.name) for f in fields(command) if f.name != "kind"}
        held = _held(values.pop("hold", 0), stamp)
        return (event(**values, **held, **stamp),)

    return happen


def _held(hold: int, stamp: Stamp) -> Stamp:
    """Return the moment before which a held letter does not leave, if it is held (U6)."""
    return {"not_before": stamp["at"] + timedelta(seconds=hold)} if hold else {}


def _take(command: commands.Take, stamp: Stamp, actor: Actor) -> tuple[TicketEvent, ...]:
    return (events.Taken(specialist=actor.id, text=command.text, **stamp),)


def _remind(_: commands.Remind, stamp: Stamp, __: Actor) -> tuple[TicketEvent, ...]:
    return (occurrences.ClientReminded(**stamp),)


def _follow_up(_: commands.FollowUp, __: Stamp, ___: Actor) -> tuple[TicketEvent, ...]:
    return ()


def _withdraw(command: commands.Withdraw, stamp: Stamp, _: Actor) -> tuple[TicketEvent, ...]:
    return (events.ClosingBegan(ground=Ground.WITHDRAWN, text=command.text, **stamp),)


def _out_of_scope(
    command: commands.MarkOutOfScope, stamp: Stamp, _: Actor
) -> tuple[TicketEvent, ...]:
    reason, category = DeferralReason.OUT_OF_SCOPE, command.category
    stamp |= _held(command.hold, stamp)
    return (events.Deferred(reason=reason, text=command.text, category=category, **stamp),)


CARRIED_OUT: Mapping[type[TicketCommand], CarryOut] = {
    commands.Identify: _as(events.Identified),
    commands.Take: _take,
    commands.Assign: _as(events.Assigned),
    commands.ConfirmCriticality: _as(events.CriticalityConfirmed),
    commands.Note: _as(events.Noted),
    commands.Answer: _as(events.Answered),
    commands.AskClient: _as(events.ClientAsked),
    commands.Remind: _remind,
    commands.Defer: _as(events.Deferred),
    commands.Resume: _as(events.Resumed),
    commands.HandOff: _as(events.HandedOff),
    commands.ReturnFromDevelopment: _as(events.ReturnedFromDevelopment),
    commands.AwaitRelease: _as(events.ReleaseAwaited),
    commands.RequestAccess: _as(events.AccessRequested),
    commands.Close: _as(events.ClosingBegan),
    commands.FollowUp: _follow_up,
    commands.Escalate: _as(events.Escalated),
    commands.ReplyToEscalation: _as(events.EscalationAnswered),
    commands.Reopen: _as(events.Resumed),
    commands.Merge: _as(events.Merged),
    commands.Unmerge: _as(events.Unmerged),
    commands.Withdraw: _withdraw,
    commands.Reclassify: _as(events.Reclassified),
    commands.MarkOutOfScope: _out_of_scope,
    commands.Serve: _as(events.ServedWithoutContract),
    commands.Diagnose: _as(events.Diagnosed),
    commands.CancelLetter: _as(events.LetterCancelled),
    commands.SendUrgently: _as(events.LetterUrged),
}
