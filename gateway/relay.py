"""Tells the processes what the register holds for them: after the commit, as often as needed.

Woken by the register's own notification, with a bounded number in flight: a storm of starts
would starve the worker. Several relays share the work. Carries out law 2, and R64 for a message
that comes for a ticket just closed.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from math import inf
from time import monotonic
from typing import Any

from pydantic import TypeAdapter
from temporalio.client import Client
from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from domain.occurrences import Registered
from domain.ticket import Ticket, apply
from storage import calendars, handovers, requests, tickets
from storage.database import Database
from storage.handovers import Handover
from workflows import TASK_QUEUE
from workflows.display import LEVELS, at_start, attributes
from workflows.messages import (
    BounceCame,
    CalendarChanged,
    ClientMessageCame,
    LetterInput,
    Order,
    ReleaseCameOut,
    TicketInput,
)

IN_FLIGHT = 2
BATCH = 32
GLANCE_SECONDS = 5.0
LONGEST_DELAY = timedelta(minutes=1)

REGISTERED = TypeAdapter(Registered)
MOMENT = TypeAdapter(datetime)
SIGNALS: dict[str, TypeAdapter[Any]] = {
    "client_message": TypeAdapter(ClientMessageCame),
    "letter_bounced": TypeAdapter(BounceCame),
    "release_published": TypeAdapter(ReleaseCameOut),
    "calendar_changed": TypeAdapter(CalendarChanged),
    "command": TypeAdapter(Order),
}

log = logging.getLogger(__name__)
Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


class Relay:
    """Hands over what is pending, oldest first, a few at a time."""

    def __init__(self, database: Database, client: Client, clock: Clock = wall_clock) -> None:
        """Take from this register, tell this engine."""
        self._database, self._client, self._clock = database, client, clock
        self._room = asyncio.Semaphore(IN_FLIGHT)
        self._woken = asyncio.Event()
        self._retry_at = inf  # by the monotonic clock: the soonest of what this relay put back

    async def run(self) -> None:
        """Hand over until cancelled, whatever goes wrong meanwhile."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            while True:
                self._woken.clear()
                if await self._hand_over_or_report() < BATCH:
                    await self._rest()

    async def hand_over(self) -> int:
        """Hand over one batch of what is pending; return how much of it went well."""
        taken = await asyncio.to_thread(self._claim)
        done = await asyncio.gather(*(self._tell(handover) for handover in taken))
        ids = [handover.id for handover, is_done in zip(taken, done, strict=True) if is_done]
        if ids:
            await asyncio.to_thread(self._finish, ids)
        return len(ids)

    async def _hand_over_or_report(self) -> int:
        try:
            return await self.hand_over()
        except Exception:
            log.exception("the register cannot be read; trying again")
            return 0

    async def _tell(self, handover: Handover) -> bool:
        """Tell one process one thing; on a fault put it back and say why."""
        async with self._room:
            try:
                await self._say(handover)
            except Exception as fault:  # noqa: BLE001 - whatever it is, the handover must be tried again
                await asyncio.to_thread(
                    self._put_back, handover, f"{type(fault).__name__}: {fault}"
                )
                return False
        return True

    async def _say(self, handover: Handover) -> None:
        if start := STARTS.get(handover.kind):
            await start(self, handover)
            return
        message = SIGNALS[handover.kind].validate_python(handover.payload)
        handle = self._client.get_workflow_handle(handover.number)
        try:
            await handle.signal(handover.kind, message)
        except RPCError as refused:
            if refused.status is not RPCStatusCode.NOT_FOUND:
                raise
            if not await asyncio.to_thread(self._is_over, handover, str(refused)):
                raise
            await asyncio.to_thread(self._follow_up, handover)

    async def _start(self, handover: Handover) -> None:
        """Start the ticket's process; one that was started, or even ended, before is as good."""
        with suppress(WorkflowAlreadyStartedError):
            await self._start_process(handover)

    async def _start_process(self, handover: Handover) -> None:
        registered = REGISTERED.validate_python(handover.payload)
        ticket = apply(Ticket(handover.number), registered)
        await self._client.start_workflow(
            "Ticket",
            TicketInput(handover.number, registered),
            id=handover.number,
            task_queue=TASK_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=at_start(attributes(ticket, None)),
            static_summary=f"{handover.number}: {ticket.channel}, {ticket.kind}",
            start_delay=self._until(registered.at),
            priority=Priority(
                priority_key=LEVELS[ticket.declared], fairness_key=ticket.client or "unknown"
            ),
        )

    async def _start_letter(self, handover: Handover) -> None:
        """Start the process of a letter about an account; its key is all that it is told.

        One that ended may begin anew: where its letter is settled it finds nothing to do.
        """
        at = MOMENT.validate_python(handover.payload["at"])
        await self._client.start_workflow(
            "AccountLetter",
            LetterInput(handover.number),
            id=handover.number,
            task_queue=TASK_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=handover.number,
            start_delay=self._until(at),
        )

    def _until(self, at: datetime) -> timedelta | None:
        """Return how long a request dated ahead of the engine's clock still has to wait."""
        ahead = at - wall_clock()
        return ahead if ahead > timedelta(seconds=1) else None

    def _claim(self) -> list[Handover]:
        with self._database.transaction() as connection:
            return handovers.claim(connection, wall_clock(), BATCH)

    def _finish(self, ids: list[int]) -> None:
        with self._database.transaction() as connection:
            handovers.finish(connection, ids, wall_clock())

    def _put_back(self, handover: Handover, error: str) -> None:
        delay = min(timedelta(milliseconds=250) * 2 ** min(handover.attempts, 10), LONGEST_DELAY)
        self._retry_at = min(self._retry_at, monotonic() + delay.total_seconds())
        with self._database.transaction() as connection:
            handovers.fail(connection, handover.id, wall_clock() + delay, error)

    def _is_over(self, handover: Handover, said: str) -> bool:
        """Tell whether the process has ended: the engine says so, or forgot it and we know."""
        if "completed" in said:
            return True
        with self._database.transaction() as connection:
            row = tickets.find_row(connection, handover.number)
            return row is not None and row["closed_at"] is not None

    def _follow_up(self, handover: Handover) -> None:
        """Open a linked ticket for a message that came when its ticket had just been closed."""
        if handover.kind != "client_message" or not handover.payload["resumes"]:
            return
        with self._database.transaction() as connection:
            calendar = calendars.load(connection)
            at = self._clock()
            accepted_at = calendar.next_working_moment(at)
            message = int(handover.payload["message"])
            requests.follow_up(connection, handover.number, message, accepted_at)

    async def _rest(self) -> None:
        """Wait until something new is entered, something put back comes due, or for a glance."""
        pause = min(max(self._retry_at - monotonic(), 0), GLANCE_SECONDS)
        self._retry_at = inf
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._woken.wait()

    async def _listen(self) -> None:
        """Wake the relay whenever something is entered; listen anew when the line breaks."""
        while True:
            try:
                async for _ in self._database.notifications("handovers"):
                    self._woken.set()
            except Exception:  # noqa: BLE001 - the glance every few seconds goes on meanwhile
                log.warning("the register does not answer; listening again soon")
            await asyncio.sleep(1)


STARTS: Mapping[str, Callable[[Relay, Handover], Awaitable[None]]] = {
    "start": Relay._start,  # noqa: SLF001 - its own
    "account_letter": Relay._start_letter,  # noqa: SLF001 - its own
}
