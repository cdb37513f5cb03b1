"""The life of one ticket, from its registration to its closing letter.

Handlers change the ticket at once and never wait for the world; `run` alone writes, in order,
and sees the letters off. Carries out R16-R19, R33, R44-R48, R53-R59, R63; laws 1, 4, 10, 12.
"""

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from activities.letters import Delivered, Delivery
from activities.register import Leaving, Planned, Planning, Recorded, Recording, RegisterActivities
from domain.events import ClientAnswered, TicketEvent
from domain.occurrences import (
    CommandRefused,
    LetterBounced,
    LetterFailed,
    ReleasePublished,
    Rescheduled,
)
from domain.permissions import Refused, carry_out, permit
from domain.terms import LetterState, Status
from domain.ticket import Ticket, apply
from workflows import steps
from workflows.agenda import Agenda
from workflows.display import attributes, changes, details, waits_for
from workflows.messages import (
    BounceCame,
    CalendarChanged,
    ClientMessageCame,
    Order,
    ReleaseCameOut,
    Standing,
    TicketInput,
)

SEEN_WINDOW = 200


@workflow.defn(name="Ticket")
class TicketWorkflow:
    """Acknowledge, diagnose, hand off, wait for the client, close and notify."""

    @workflow.init
    def __init__(self, start: TicketInput) -> None:
        """Begin anew or go on where the run before stopped."""
        self.ticket = start.ticket or Ticket(start.number)
        self.recorded = self.ticket
        self.unrecorded: list[TicketEvent] = []
        self.agenda = Agenda(start.due, start.calendar_version, start.calendar_version)
        self.agenda.leaving = {key: Leaving(key, at) for key, at in start.leaving}
        self.seen = list(start.seen)
        self.is_asked_to_roll = False
        if start.registered:
            self.happen(start.registered)
        self.shown = attributes(self.ticket, None)

    @workflow.run
    async def run(self, start: TicketInput) -> Standing:
        """Carry the ticket until it is closed and its last letter has left."""
        del start
        while not self.is_over():
            if self.should_roll():
                await self.roll_on()
            await self.do_what_is_owed()
            if not self.is_over():
                await self.news_or_due()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.standing()

    async def do_what_is_owed(self) -> None:
        """Record, see letters off and carry out what fell due, until nothing is left to do now."""
        while True:
            now = workflow.now()
            if self.unrecorded:
                await self.record()
            elif self.agenda.is_outdated:
                await self.replan()
            elif self.agenda.letters_due(now) or self.agenda.tries_done():
                await self.see_letters_off()
            elif self.agenda.is_due(now):
                await self.carry_out_due()
            else:
                return

    async def news_or_due(self) -> None:
        """Wait for a message, a settled letter, or the next moment of our own."""
        moment = self.agenda.next_moment()
        left = max(moment - workflow.now(), timedelta(0)) if moment else None
        summary = waits_for(self.ticket, self.agenda.due, moment)
        try:
            await workflow.wait_condition(self.has_news, timeout=left, timeout_summary=summary)
        except TimeoutError:
            return

    async def record(self) -> None:
        """Write all that has happened since the last record, with the letters it causes."""
        batch, after = tuple(self.unrecorded), self.ticket
        recording = Recording(self.recorded, batch, workflow.now())
        summary = steps.summary_of(batch)
        written: Recorded = await steps.at_once(
            RegisterActivities.record_events, recording, summary
        )
        self.unrecorded = self.unrecorded[len(batch) :]
        self.recorded = after
        self.agenda.note(written)
        self.show()

    async def replan(self) -> None:
        """Ask the new calendar what comes next; say so on the ticket where it moved (law 6)."""
        before = self.agenda.due
        planned = await self.plan()
        now = workflow.now()
        self.agenda.move_letters(planned.window_at, now)
        if before and planned.due and before.at != planned.due.at:
            self.happen(
                Rescheduled(
                    at=now,
                    calendar_version=planned.calendar_version,
                    due_before=before.at,
                    due_after=planned.due.at,
                )
            )

    async def carry_out_due(self) -> None:
        """Do what fell due, unless the present calendar says that it has not."""
        await self.plan()
        due, now = self.agenda.due, workflow.now()
        if due is not None and due.at <= now:
            self.happen(due.happen(now))

    async def plan(self) -> Planned:
        """Take over what the present calendar says."""
        planning = Planning(self.ticket, workflow.now(), self.agenda.newest_calendar)
        planned: Planned = await steps.at_once(
            RegisterActivities.plan_next, planning, "спросить календарь"
        )
        self.agenda.adopt(planned)
        return planned

    async def see_letters_off(self) -> None:
        """Give each letter whose moment has come to the gate; one that stays goes on trying."""
        for key in self.agenda.tries_done():
            self.settle_letter(await self.agenda.tries[key])
        for letter in self.agenda.letters_due(workflow.now()):
            try:
                delivered = await steps.once(Delivery(letter.key, workflow.now()))
            except ActivityError:
                self.agenda.tries[letter.key] = steps.keep_trying(letter.key)
            else:
                self.settle_letter(delivered)

    def settle_letter(self, delivered: Delivered) -> None:
        """Take over how a letter stands; one that never will leave is reported."""
        self.agenda.settle(delivered)
        if delivered.state is LetterState.FAILED:
            self.happen(LetterFailed(at=workflow.now(), letter=delivered.key))

    # What people ask and the world tells

    @workflow.update(name="command")
    async def command(self, order: Order) -> Standing:
        """Carry out a command, once for its key, and answer when it stands in the register."""
        self.take_order(order)
        await workflow.wait_condition(lambda: not self.unrecorded)
        return self.standing()

    @command.validator
    def refuse_command(self, order: Order) -> None:
        """Refuse what the regulation does not allow, before it leaves a trace."""
        if order.key not in self.seen:
            with steps.refusals():
                permit(self.ticket, order.command, order.actor)

    @workflow.signal(name="command")
    def command_by_signal(self, order: Order) -> None:
        """Carry out a command that could not be asked; a refusal becomes an event (law 10)."""
        try:
            with steps.faults():
                self.take_order(order, refuse=False)
        except ApplicationError:
            workflow.logger.exception("a command came as a signal and failed")

    @workflow.signal
    def client_message(self, came: ClientMessageCame) -> None:
        """Take in a client's message; it resumes at once what waited for it (R53)."""
        if self.is_new(came.key):
            self.happen(
                ClientAnswered(
                    at=self.moment_of(came.at),
                    by=came.by,
                    message=came.message,
                    channel=came.channel,
                    resumes=came.resumes,
                )
            )

    @workflow.signal
    def letter_bounced(self, came: BounceCame) -> None:
        """Note that a letter of ours came back."""
        if self.is_new(came.key):
            bounced = LetterBounced(at=workflow.now(), letter=came.letter, is_hard=came.is_hard)
            self.happen(bounced)

    @workflow.signal
    def release_published(self, came: ReleaseCameOut) -> None:
        """Wake up when the awaited release came out (R56)."""
        is_awaited = self.ticket.status is Status.AWAITING_RELEASE
        if is_awaited and self.ticket.release == came.release:
            self.happen(ReleasePublished(at=workflow.now(), release=came.release))

    @workflow.signal
    def calendar_changed(self, came: CalendarChanged) -> None:
        """Ask the calendar again."""
        self.agenda.newest_calendar = max(self.agenda.newest_calendar, came.version)

    @workflow.signal
    def roll(self) -> None:
        """Go on in a new run, for operations."""
        self.is_asked_to_roll = True

    @workflow.query
    def current(self) -> Ticket:
        """Return the ticket as it stands."""
        return self.ticket

    # What the steps above are made of

    def take_order(self, order: Order, *, refuse: bool = True) -> None:
        """Carry out an order that is new, checking it once more: the state may have moved."""
        if order.key in self.seen:
            return
        try:
            happened = carry_out(self.ticket, order.command, order.actor, workflow.now())
        except Refused as refused:
            if refuse:
                raise steps.refusal(refused) from None
            happened = (self.refused(order, refused),)
        self.is_new(order.key)
        for event in happened:
            self.happen(event)

    def refused(self, order: Order, refused: Refused) -> CommandRefused:
        """Return the event of a refused command."""
        return CommandRefused(
            at=workflow.now(),
            by=str(order.actor),
            command=order.command.kind,
            reason=refused.reason,
            refused_by=refused.rule,
        )

    def happen(self, event: TicketEvent) -> None:
        """Take the event as the new state; the run loop records it."""
        self.ticket = apply(self.ticket, event)
        self.unrecorded.append(event)

    def is_new(self, key: str) -> bool:
        """Remember the key; tell whether it was unknown, over the window that runs carry on."""
        if key in self.seen:
            return False
        self.seen = [*self.seen[-SEEN_WINDOW + 1 :], key]
        return True

    def moment_of(self, at: datetime) -> datetime:
        """Return when a fact happened: its own moment, never before the state nor after now."""
        return min(max(at, self.ticket.since or at), workflow.now())

    def has_news(self) -> bool:
        """Tell whether anything waits for the run loop."""
        agenda = self.agenda
        is_new = bool(self.unrecorded or agenda.is_outdated or agenda.tries_done())
        return is_new or self.should_roll()

    def is_over(self) -> bool:
        """Tell whether the ticket is closed and nothing of it is left to leave."""
        return not (self.ticket.is_open or self.unrecorded or self.agenda.leaving)

    def should_roll(self) -> bool:
        """Tell whether to go on in a new run: asked to, grown long, or newly deployed."""
        info = workflow.info()
        return (
            self.is_asked_to_roll
            or info.is_continue_as_new_suggested()
            or info.is_target_worker_deployment_version_changed()
        )

    async def roll_on(self) -> None:
        """Go on in a new run with all that this one knows; nothing in flight is dropped."""
        await workflow.wait_condition(workflow.all_handlers_finished)
        await self.do_what_is_owed()
        if not self.unrecorded and not self.is_over():
            workflow.continue_as_new(self.carried_on())

    def carried_on(self) -> TicketInput:
        """Return all that the next run must know; a letter under way is tried there anew."""
        letters = self.agenda.leaving.values()
        return TicketInput(
            number=self.ticket.number,
            ticket=self.ticket,
            leaving=tuple((letter.key, letter.leaves_at) for letter in letters),
            seen=tuple(self.seen),
            due=self.agenda.due,
            calendar_version=self.agenda.calendar_version,
        )

    def standing(self) -> Standing:
        """Return where the ticket stands."""
        ticket = self.ticket
        return Standing(ticket.number, ticket.status, ticket.turn, ticket.sequence)

    def show(self) -> None:
        """Show operators whose turn it is; one upsert for each change of state (§6)."""
        now_shown = attributes(self.ticket, self.agenda.due)
        if updates := changes(self.shown, now_shown):
            workflow.upsert_search_attributes(updates)
            self.shown = now_shown
        workflow.set_current_details(details(self.ticket, self.agenda.due))
