"""The life of one ticket, from its registration to its closing letter.

Handlers change the ticket at once and never wait for the world; `run` alone writes, in order,
and sees the letters off. Carries out R16-R19, R33, R44-R48, R53-R59, R63; laws 1, 4, 10, 12.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import FailureError

from activities.letters import Delivered, Delivery
from activities.register import Leaving, Planned, Planning, Recorded, Recording, RegisterActivities
from domain.events import ClientAnswered
from domain.occurrences import LetterBounced, LetterFailed, ReleasePublished, Rescheduled
from domain.permissions import Refused
from domain.terms import SYSTEM, LetterState, Status
from domain.ticket import Ticket
from workflows import steps
from workflows.agenda import Agenda
from workflows.casebook import Casebook
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


@workflow.defn(name="Ticket")
class TicketWorkflow:
    """Acknowledge, diagnose, hand off, wait for the client, close and notify."""

    @workflow.init
    def __init__(self, start: TicketInput) -> None:
        """Begin anew or go on where the run before stopped."""
        self.agenda = Agenda(start.due, start.calendar_version, start.calendar_version)
        held = dict(start.held)
        self.agenda.leaving = {key: Leaving(key, at, held.get(key)) for key, at in start.leaving}
        self.book = Casebook(start.ticket or Ticket(start.number), start.seen, self.agenda)
        self.is_asked_to_roll = False
        if start.registered:
            self.book.happen(start.registered)
        self.shown = attributes(self.book.ticket, None)

    @workflow.run
    async def run(self, start: TicketInput) -> Standing:
        """Carry the ticket until it is closed and its last letter has left."""
        del start
        while not self.is_over():
            await self.do_what_is_owed()
            self.show()
            if self.should_roll():
                await self.roll_on()
            if not self.is_over():
                await self.news_or_due()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.book.standing

    async def do_what_is_owed(self) -> None:
        """Record, see letters off and carry out what fell due, until nothing is left to do now."""
        while True:
            now = workflow.now()
            if self.book.unwritten:
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
        summary = waits_for(self.book.ticket, self.agenda.due, moment)
        try:
            await workflow.wait_condition(self.has_news, timeout=left, timeout_summary=summary)
        except TimeoutError:
            return

    async def record(self) -> None:
        """Write all that has happened since the last record, with the letters it causes."""
        batch = tuple(self.book.unwritten)
        recording = Recording(self.book.written, batch, workflow.now())
        summary = steps.summary_of(batch)
        written: Recorded = await steps.at_once(
            RegisterActivities.record_events, recording, summary
        )
        self.book.wrote(batch, written.journal)
        self.agenda.note(written, written.journal or batch)

    async def replan(self) -> None:
        """Ask the new calendar what comes next; say so on the ticket where it moved (law 6)."""
        before, now = self.agenda.due, workflow.now()
        planned = await self.plan()
        self.agenda.move_letters(planned.window_at, now)
        is_same_state = not self.book.unwritten
        if is_same_state and before and planned.due and before.at != planned.due.at:
            self.book.happen(
                Rescheduled(
                    at=workflow.now(),
                    key=f"calendar:{planned.calendar_version}:{planned.due.at.isoformat()}",
                    calendar_version=planned.calendar_version,
                    due_before=before.at,
                    due_after=planned.due.at,
                )
            )

    async def carry_out_due(self) -> None:
        """Do what fell due, unless the calendar or a message that came meanwhile says otherwise."""
        await self.replan()
        due, now = self.agenda.due, workflow.now()
        if due is not None and due.at <= now and not self.book.unwritten:
            self.book.happen(due.happen(now))

    async def plan(self) -> Planned:
        """Take over what the present calendar says."""
        now = workflow.now()
        waiting = tuple(letter.key for letter in self.agenda.letters_waiting(now))
        planning = Planning(self.book.ticket, now, self.agenda.newest_calendar, waiting)
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
            except FailureError:
                self.agenda.tries[letter.key] = steps.keep_trying(letter.key)
            else:
                self.settle_letter(delivered)

    def settle_letter(self, delivered: Delivered) -> None:
        """Take over how a letter stands; one that never will leave is reported."""
        self.agenda.settle(delivered)
        if delivered.state is LetterState.FAILED:
            failed = LetterFailed(at=workflow.now(), letter=delivered.key, key=delivered.key)
            self.book.happen(failed)

    # What people ask and the world tells

    @workflow.update(name="command")
    async def command(self, order: Order) -> Standing:
        """Carry out a command, once for its key, and answer when it stands in the register."""
        with steps.refusals():
            self.book.carry_out(order, workflow.now())
        await workflow.wait_condition(self.is_settled)
        return self.book.standing

    @command.validator
    def refuse_command(self, order: Order) -> None:
        """Refuse what the regulation does not allow, before it leaves a trace."""
        with steps.refusals():
            self.book.permit(order, workflow.now())

    @workflow.signal(name="command")
    def command_by_signal(self, order: Order) -> None:
        """Carry out a command that could not be asked; a refusal becomes an event (law 10)."""
        with self.harmless("command"):
            self.book.take_order(order, workflow.now())

    @workflow.signal
    def client_message(self, came: ClientMessageCame) -> None:
        """Take in a client's message; it resumes at once what waited for it (R53)."""
        with self.harmless("client_message"):
            self.book.happen_once(
                came.key,
                ClientAnswered(
                    at=self.book.since(came.at, workflow.now()),
                    by=came.by,
                    message=came.message,
                    channel=came.channel,
                    resumes=came.resumes,
                ),
            )

    @workflow.signal
    def letter_bounced(self, came: BounceCame) -> None:
        """Note that a letter of ours came back."""
        with self.harmless("letter_bounced"):
            bounced = LetterBounced(at=workflow.now(), letter=came.letter, is_hard=came.is_hard)
            self.book.happen_once(came.key, bounced)

    @workflow.signal
    def release_published(self, came: ReleaseCameOut) -> None:
        """Wake up when the awaited release came out (R56)."""
        ticket = self.book.ticket
        with self.harmless("release_published"):
            if (ticket.status, ticket.release) == (Status.AWAITING_RELEASE, came.release):
                key = f"release:{came.release}"
                published = ReleasePublished(at=workflow.now(), release=came.release, key=key)
                self.book.happen(published)

    @workflow.signal
    def calendar_changed(self, came: CalendarChanged) -> None:
        """Ask the calendar again."""
        with self.harmless("calendar_changed"):
            self.agenda.newest_calendar = max(self.agenda.newest_calendar, came.version)

    @workflow.signal
    def roll(self) -> None:
        """Go on in a new run, for operations."""
        self.is_asked_to_roll = True

    @workflow.query
    def current(self) -> Ticket:
        """Return the ticket as it stands."""
        return self.book.ticket

    @contextmanager
    def harmless(self, signal: str) -> Iterator[None]:
        """Turn a fault of a signal into an event: raised, it would wedge the ticket (law 10)."""
        try:
            yield
        except Exception as fault:  # noqa: BLE001 - whatever it is, the ticket must go on
            workflow.logger.exception("a signal could not be handled")
            refused = Refused("fault", "", type(fault).__name__)
            self.book.refuse(signal, str(SYSTEM), refused, workflow.now())

    def has_news(self) -> bool:
        """Tell whether anything waits for the run loop."""
        return self.has_work() or self.should_roll()

    def has_work(self) -> bool:
        """Tell whether something came that only the run loop can do."""
        agenda = self.agenda
        return bool(self.book.unwritten or agenda.is_outdated or agenda.tries_done())

    def is_still(self) -> bool:
        """Tell whether nobody waits for an answer and nothing waits to be written."""
        return workflow.all_handlers_finished() and not self.has_work()

    def is_settled(self) -> bool:
        """Tell whether the register shows the ticket as it stands, and nothing is due now."""
        return not self.book.unwritten and not self.agenda.is_due(workflow.now())

    def is_over(self) -> bool:
        """Tell whether the ticket is closed and nothing of it is left to leave."""
        return not (self.book.ticket.is_open or self.book.unwritten or self.agenda.leaving)

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
        await workflow.wait_condition(lambda: self.is_still() or self.has_work())
        if self.is_still() and not self.is_over():
            workflow.continue_as_new(self.carried_on())

    def carried_on(self) -> TicketInput:
        """Return all that the next run must know; a letter under way is tried there anew."""
        letters = self.agenda.leaving.values()
        return TicketInput(
            number=self.book.ticket.number,
            ticket=self.book.ticket,
            leaving=tuple((letter.key, letter.leaves_at) for letter in letters),
            held=tuple((each.key, each.not_before) for each in letters if each.not_before),
            seen=tuple(self.book.seen),
            due=self.agenda.due,
            calendar_version=self.agenda.calendar_version,
        )

    def show(self) -> None:
        """Show operators whose turn it is; one upsert for each change of state (§6)."""
        now_shown = attributes(self.book.ticket, self.agenda.due)
        if updates := changes(self.shown, now_shown):
            workflow.upsert_search_attributes(updates)
            self.shown = now_shown
        workflow.set_current_details(details(self.book.ticket, self.agenda.due))
