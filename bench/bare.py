"""The bare limit of a process: the same messages, timers, statements and letters, nothing else.

Known limits of the engine and the register show here; what ours takes beyond them is ours.
"""

import smtplib
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid

from temporalio import activity, workflow
from temporalio.common import SearchAttributeKey

from bench.bare_register import BareRegister, Entry

QUEUE = "bare"
SERVICE = "support@bare.example"
JOURNAL = "journal@bare.example"
A_MOMENT = timedelta(seconds=10)
STATUS = SearchAttributeKey.for_keyword("TicketStatus")
WRITES = {"asked", "answered", "registered", "reminded", "closed"}
PARAGRAPH = "Ваше обращение принято в работу. Мы сообщим, как только будет что сообщить.\n"


@dataclass(frozen=True)
class Step:
    """What is to be written for a ticket."""

    number: str
    step: str


@dataclass(frozen=True)
class BareInput:
    """A ticket; `attributes` asks for an upsert at each step, as ours makes."""

    number: str
    attributes: bool = False


class BareActivities:
    """Writes a step, sends a letter, looks up nothing."""

    def __init__(self, register: BareRegister, sink_port: int) -> None:
        """Write there and send there."""
        self._register, self._port = register, sink_port
        self._own = threading.local()

    @activity.defn
    def record(self, step: Step) -> str | None:
        """Write a step with its letter in one transaction; return the letter's key."""
        line = self._register.connection()
        with line.transaction():
            entry = self._entry(step)
            self._register.record(line, entry)
        return entry.key

    @activity.defn
    def plan(self, step: Step) -> float:
        """Say when the next step is due."""
        return 1.0 if step.step == "asked" else 0.0

    @activity.defn
    def deliver(self, key: str) -> str:
        """Take a letter in hand, send it, write that it was taken."""
        recipient, mime = self._register.claim(key)
        self._send(recipient, mime)
        self._register.settle(key)
        return key

    @activity.defn
    def confirm(self, number: str) -> None:
        """Compose and send the letter of a ticket that came by mail."""
        appeal = self._register.read(self._register.connection(), number)
        self._send(appeal.address, compose(number, appeal.address, appeal.subject))

    def _entry(self, step: Step) -> Entry:
        if step.step not in WRITES:
            return Entry(step.number, step.step)
        appeal = self._register.read(self._register.connection(), step.number)
        mime = compose(step.number, appeal.address, appeal.subject)
        return Entry(step.number, step.step, appeal.address, mime)

    def _send(self, recipient: str, mime: bytes) -> None:
        if not hasattr(self._own, "smtp"):
            self._own.smtp = smtplib.SMTP("127.0.0.1", self._port)
        self._own.smtp.sendmail(SERVICE, [recipient, JOURNAL], mime)


def compose(number: str, recipient: str, subject: str) -> bytes:
    """Write a letter with the standard library."""
    letter = EmailMessage()
    letter["From"], letter["To"] = SERVICE, recipient
    letter["Subject"], letter["Message-ID"] = f"[{number}] {subject}", make_msgid(domain="bare")
    letter.set_content(PARAGRAPH * 12)
    return letter.as_bytes(policy=SMTP)


@dataclass
class _State:
    todo: list[str] = field(default_factory=lambda: ["registered"])
    done: list[str] = field(default_factory=list)
    timer: timedelta | None = None


@workflow.defn(name="BareLife")
class BareLife:
    """A plain ticket's life: handlers note, the run loop writes and sends."""

    @workflow.init
    def __init__(self, start: BareInput) -> None:
        """Begin with the ticket registered."""
        self.state = _State()
        self.start = start

    @workflow.run
    async def run(self, start: BareInput) -> int:
        """Carry the ticket until it is closed."""
        del start
        while "closed" not in self.state.done:
            try:
                await workflow.wait_condition(
                    lambda: bool(self.state.todo), timeout=self.state.timer
                )
            except TimeoutError:
                await self.plan("reminded")
                self.state.todo.append("reminded")
            while self.state.todo:
                await self.do(self.state.todo[0])
        await workflow.wait_condition(workflow.all_handlers_finished)
        return len(self.state.done)

    async def do(self, step: str) -> None:
        """Write a step, see its letter off."""
        self.state.timer = timedelta(seconds=1) if step == "asked" else None
        key = await workflow.execute_local_activity_method(
            BareActivities.record, Step(self.start.number, step), start_to_close_timeout=A_MOMENT
        )
        self.state.todo.remove(step)
        self.state.done.append(step)
        if key:
            await workflow.execute_local_activity_method(
                BareActivities.deliver, key, start_to_close_timeout=A_MOMENT
            )
        if self.start.attributes:
            workflow.upsert_search_attributes([STATUS.value_set(step)])
        if step == "closing":
            await self.plan("closed")
            self.state.todo.append("closed")

    async def plan(self, step: str) -> float:
        """Ask when the next step is due."""
        return await workflow.execute_local_activity_method(
            BareActivities.plan, Step(self.start.number, step), start_to_close_timeout=A_MOMENT
        )

    @workflow.update
    async def command(self, step: str) -> int:
        """Take a step and answer when it stands in the register."""
        self.state.todo.append(step)
        await workflow.wait_condition(lambda: step in self.state.done)
        return len(self.state.done)

    @workflow.signal
    def client_message(self, message: int) -> None:
        """Take in a client's message."""
        del message
        self.state.todo.append("client_answered")


@workflow.defn(name="BareLetter")
class BareLetter:
    """A letter's confirmation: one activity composes and sends it."""

    @workflow.run
    async def run(self, number: str) -> None:
        """Confirm."""
        await workflow.execute_local_activity_method(
            BareActivities.confirm, number, start_to_close_timeout=A_MOMENT
        )


@workflow.defn(name="BareWaiter")
class BareWaiter:
    """An open ticket that waits a month and answers an update at once."""

    def __init__(self) -> None:
        """Begin with nothing asked."""
        self.asked = 0

    @workflow.update
    async def write(self, step: str) -> int:
        """Answer when one line is written."""
        await workflow.execute_local_activity_method(
            BareActivities.record, Step("", step), start_to_close_timeout=A_MOMENT
        )
        self.asked += 1
        return self.asked

    @workflow.run
    async def run(self) -> int:
        """Wait."""
        await workflow.wait_condition(lambda: self.asked < 0, timeout=timedelta(days=30))
        return self.asked

    @workflow.query
    def current(self) -> int:
        """Return how often it was asked."""
        return self.asked

    @workflow.update
    def command(self, step: str) -> int:
        """Answer at once."""
        del step
        self.asked += 1
        return self.asked
