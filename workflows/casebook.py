"""What a ticket's process knows: the ticket, what of it is not written yet, what it has seen.

Changed at once by the handlers, written by the run loop alone (law 1, §6).
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime
from functools import reduce

from domain.events import TicketEvent
from domain.occurrences import CommandRefused
from domain.permissions import Refused, carry_out, permit
from domain.ticket import Ticket, apply
from workflows.agenda import Agenda
from workflows.messages import Order, Standing

SEEN_WINDOW = 200
LONGEST = 1000


class Casebook:
    """A ticket with the events that are not written yet and the keys of what came."""

    def __init__(self, ticket: Ticket, seen: tuple[str, ...], agenda: Agenda) -> None:
        """Begin with a ticket as the register has it, and the agenda that knows its letters."""
        self.ticket, self.agenda = ticket, agenda
        self.written = ticket
        self.unwritten: list[TicketEvent] = []
        self.seen = list(seen)

    def happen(self, *happened: TicketEvent) -> None:
        """Take the events as the new state, all or none; the run loop writes them.

        Raises:
            Refused: when the register could not keep one of them.

        """
        for event in happened:
            _check_keepable(event)
        self.ticket = reduce(apply, happened, self.ticket)
        self.unwritten.extend(happened)

    def permit(self, order: Order, now: datetime) -> None:
        """Check an order that has not been carried out yet.

        Raises:
            Refused: with the rule and the way out.

        """
        if order.key not in self.seen:
            permit(self.ticket, order.command, order.actor)
            self.agenda.refuse_gone(order.command, self.unwritten, now)

    def carry_out(self, order: Order, now: datetime) -> None:
        """Carry out an order, once for its key; the state may have moved since it was checked.

        Raises:
            Refused: with the rule and the way out.

        """
        if order.key not in self.seen:
            self.permit(order, now)
            happened = carry_out(self.ticket, order.command, order.actor, now)
            self.happen(*(replace(event, key=order.key) for event in happened))
            self.remember(order.key)

    def happen_once(self, key: str, event: TicketEvent) -> None:
        """Take an event, once for its key.

        Raises:
            Refused: when the register could not keep it.

        """
        if key not in self.seen:
            self.happen(replace(event, key=key))
            self.remember(key)

    def refuse(self, command: str, by: str, refused: Refused, now: datetime, key: str = "") -> None:
        """Note that something could not be carried out, where nobody waits for the answer."""
        self.happen(
            CommandRefused(
                at=now,
                by=by,
                key=key,
                command=command,
                reason=refused.reason,
                refused_by=refused.rule,
            )
        )

    def take_order(self, order: Order, now: datetime) -> None:
        """Carry out an order that came as a signal; a refusal becomes an event (law 10)."""
        try:
            self.carry_out(order, now)
        except Refused as refused:
            self.refuse(order.command.kind, str(order.actor), refused, now, order.key)
            self.remember(order.key)

    def remember(self, key: str) -> None:
        """Keep the key in the window that runs carry on."""
        self.seen = [*self.seen[-SEEN_WINDOW + 1 :], key]

    def since(self, at: datetime, now: datetime) -> datetime:
        """Return when a fact happened: its own moment, never before the state nor after now."""
        return min(max(at, self.ticket.since or at), now)

    def wrote(self, batch: Sequence[TicketEvent], journal: Sequence[TicketEvent] = ()) -> None:
        """Take over what stands in the register now: the batch, or the journal where it differs.

        What has happened since the batch was given to the register follows after it.
        """
        self.unwritten = self.unwritten[len(batch) :]
        self.written = reduce(apply, journal or batch, self.written)
        self.ticket = reduce(apply, self.unwritten, self.written)
        for event in journal:
            if event.key and event.key not in self.seen:
                self.remember(event.key)

    @property
    def standing(self) -> Standing:
        """Return where the ticket stands."""
        ticket = self.ticket
        return Standing(ticket.number, ticket.status, ticket.turn, ticket.sequence)


def _check_keepable(event: TicketEvent) -> None:
    """Refuse codes that the register cannot keep: one of them would stop every later record."""
    for field in fields(event):
        value = getattr(event, field.name)
        if isinstance(value, str) and (len(value) > LONGEST or "\0" in value):
            raise Refused("argument", "", f"{field.name}: too long, or not plain text")
