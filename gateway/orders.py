"""Commands on their way to a ticket's process: one at a time for each ticket, each with an answer.

Carries out law 10: a command is carried out, refused with its reason, or kept until it can be
told; a time-out is never called a failure.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from weakref import WeakValueDictionary

from fastapi.concurrency import run_in_threadpool
from pydantic import TypeAdapter
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from domain.occurrences import CommandRefused
from domain.ticket import Ticket
from gateway.pages.translation import _, marked
from gateway.parts import Parts
from gateway.problems import Problem
from gateway.refusals import clause, reason
from storage import handovers, tickets
from workflows.messages import Order, Standing

PATIENCE = timedelta(seconds=15)
UNAVAILABLE = frozenset({RPCStatusCode.UNAVAILABLE, RPCStatusCode.RESOURCE_EXHAUSTED})
UNCLEAR = frozenset({RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED})
OURS = frozenset({"Internal", "RuntimeError"})
ORDER = TypeAdapter(Order)


@dataclass(frozen=True)
class Carried:
    """What became of an order: where the ticket stands, or why that is not known yet."""

    standing: Standing | None
    detail: str = marked("Команда выполнена.")


NOT_CONFIRMED = Carried(
    None, marked("Команда принята, но ещё не подтверждена: повторите запрос с тем же ключом.")
)
KEPT = Carried(
    None,
    marked(
        "Команда сохранена и будет передана, как только процессы станут доступны. Приём "
        "обращений, сообщений и просмотр заявок работают."
    ),
)

WORKS = marked("Просмотр заявок, приём писем и обращений по форме работают.")


class Orders:
    """Gives orders to tickets' processes."""

    def __init__(self, parts: Parts, patience: timedelta = PATIENCE) -> None:
        """Tell the engine of these parts; an answer is waited for that long."""
        self._parts, self._patience = parts, patience
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def give(self, number: str, order: Order) -> Carried:
        """Give the order and say what became of it.

        Raises:
            Problem: when it was refused, or cannot be carried out now.

        """
        lock = self._locks.setdefault(number, asyncio.Lock())
        async with lock:
            try:
                return Carried(await self._update(number, order))
            except WorkflowUpdateRPCTimeoutOrCancelledError:
                return await self._tell_again(number, order)
            except WorkflowUpdateFailedError as failed:
                if standing := await run_in_threadpool(self._carried_before, number, order):
                    return Carried(standing)
                raise await self._refusal(number, order, failed.cause) from None
            except RPCError as fault:
                return await self._fault(number, order, fault)
            except RuntimeError as fault:  # what a client says that could never connect
                if "client connect" not in str(fault):
                    raise
                return await self._keep(number, order)

    async def _update(self, number: str, order: Order) -> Standing:
        handle = self._parts.client.get_workflow_handle(number)
        standing: Standing = await handle.execute_update(
            "command", order, id=order.key, result_type=Standing, rpc_timeout=self._patience
        )
        return standing

    async def _fault(self, number: str, order: Order, fault: RPCError) -> Carried:
        if fault.status in UNAVAILABLE:
            return await self._keep(number, order)
        if fault.status in UNCLEAR:
            return await self._tell_again(number, order)
        if fault.status is RPCStatusCode.NOT_FOUND:
            raise closed(number) if "completed" in str(fault) else not_started()
        if fault.status is RPCStatusCode.FAILED_PRECONDITION:
            raise wedged()
        raise fault

    async def _tell_again(self, number: str, order: Order) -> Carried:
        """Tell an order whose end is unclear by the durable way, too; its key makes it one."""
        await self._keep(number, order)
        return NOT_CONFIRMED

    async def _keep(self, number: str, order: Order) -> Carried:
        await run_in_threadpool(self._hand_over, number, ORDER.dump_python(order, mode="json"))
        return KEPT

    def _hand_over(self, number: str, payload: dict[str, Any]) -> None:
        with self._parts.database.transaction() as connection:
            handovers.add(connection, number, "command", payload)

    async def _refusal(self, number: str, order: Order, cause: BaseException | None) -> Exception:
        if not isinstance(cause, ApplicationError) or cause.type in OURS:
            return cause if isinstance(cause, Exception) else RuntimeError("an update failed")
        ticket = await run_in_threadpool(self._stands, number)
        rule = str(cause.details[0]) if cause.details else ""
        return refused(order, ticket, cause.type or "", rule)

    def _carried_before(self, number: str, order: Order) -> Standing | None:
        """Return where the ticket stands if its journal has this very order as carried out.

        A worker may have died with that news: the process refuses what it does not know it did.
        """
        with self._parts.database.transaction() as connection:
            ticket, journal = tickets.find(connection, number), tickets.journal(connection, number)
        is_there = any(
            event.key == order.key and not isinstance(event, CommandRefused) for event in journal
        )
        if ticket is None or not is_there:
            return None
        return Standing(number, ticket.status, ticket.turn, ticket.sequence)

    def _stands(self, number: str) -> Ticket:
        with self._parts.database.transaction() as connection:
            return tickets.find(connection, number) or Ticket(number)


def refused(order: Order, ticket: Ticket, code: str, rule: str) -> Problem:
    """Return the answer that names the rule and the reason; what was written is kept."""
    way_out = _("Обновите заявку и выберите действие, которое сейчас возможно.")
    cited: dict[str, Any] = {"clause": clause(rule), "text_kept": has_text(order)}
    if order.actor.role != "client":
        cited["rule"] = rule
    return Problem(409, code, reason(code, order.command, ticket), way_out, **cited)


def has_text(order: Order) -> bool:
    """Tell whether words were kept for the order."""
    return any(
        getattr(order.command, name, None) is not None for name in ("text", "message", "tried")
    )


def closed(number: str) -> Problem:
    """Return the answer for a ticket that is closed (R64)."""
    way_out = _("Подайте заявку повторно: POST /api/tickets/{number}/follow-up.")
    way_out = way_out.format(number=number)
    return Problem(409, "closed", _("Заявка уже закрыта."), way_out, clause=clause("R64"))


def not_started() -> Problem:
    """Return the answer for a ticket whose process has yet to begin."""
    detail = _("Заявка зарегистрирована, но её процесс ещё запускается.")
    return _later("not_started", detail)


def wedged() -> Problem:
    """Return the answer for a ticket whose process cannot go on."""
    return _later("wedged", _("Процесс заявки остановлен из-за сбоя; эксплуатация это видит."))


def _later(code: str, detail: str) -> Problem:
    way_out = _("Повторите запрос через несколько секунд с тем же ключом.")
    return Problem(503, code, f"{detail} {_(WORKS)}", way_out, headers={"Retry-After": "5"})
