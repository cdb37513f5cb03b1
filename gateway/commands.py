"""Every command on a ticket: words kept first, the turn of the queue kept, the process asked.

Carries out R5, R17-R19, R40, R49, R50, R53-R59, R63-R65; laws 7, 9 and 10.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from domain import commands
from domain.commands import TicketCommand
from domain.permissions import PERMISSIONS
from domain.terms import Status, Turn
from domain.words import name
from gateway.auth import AnyVisitor, StaffVisitor, TheParts, Visitor, only, require
from gateway.bodies import SPECS, Spec
from gateway.completing import COMPLETED, Values
from gateway.forms import Strict
from gateway.orders import Carried, Orders, closed
from gateway.pages.translation import _, present
from gateway.parts import Parts
from gateway.problems import Problem, documented
from gateway.refusals import clause
from gateway.sight import visible
from storage import messages, takings, tickets
from storage.database import Connection
from storage.messages import StaffText
from workflows.messages import Order, Standing

router = APIRouter(prefix="/api", tags=["Команды"])
MOST_TRIES = 5
WORDS = (
    "text",
    "evidence",
    "tried",
    "found",
)  # the fields of bodies that commands name by the id of a message
ACCEPTED: dict[int | str, dict[str, Any]] = {202: {"description": "Принято, ещё не подтверждено"}}


async def orders_of(request: Request) -> Orders:
    """Return the one way to the processes that this application has."""
    orders: Orders = request.app.state.orders
    return orders


OptionalKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Имя команды: повтор с тем же ключом не выполнит её ещё раз.",
    ),
]
TheOrders = Annotated[Orders, Depends(orders_of)]
Number = Annotated[str, Path(max_length=20, examples=["PS-000042"])]


class Given(BaseModel):
    """Что стало с командой."""

    number: str
    key: Annotated[str, Field(description="С этим ключом команду можно безопасно повторить")]
    is_confirmed: Annotated[bool, Field(description="Процесс заявки выполнил команду")]
    detail: str
    status: Status | None = None
    status_name: str = ""
    turn: Turn | None = None


@dataclass(frozen=True)
class Asking:
    """A command as it was asked: by whom, for which ticket, under which key, with what body."""

    visitor: Visitor
    number: str
    key: str
    body: Strict
    kind: str

    @property
    def order_key(self) -> str:
        """Return the key that nothing else has: no other person, command or words."""
        told = f"{self.kind}:{self.body.model_dump_json()}"
        return f"{self.visitor.actor}:{self.key}:{sha256(told.encode()).hexdigest()[:16]}"

    def key_of(self, field: str) -> str:
        """Return the key under which the words of a field are kept."""
        return f"command:{self.number}:{self.order_key}:{field}"


async def give(
    parts: Parts, orders: Orders, spec: Spec, asking: Asking, response: Response
) -> Given:
    """Carry out a command: 200 when the process says so, 202 when that is not known yet.

    Raises:
        Problem: when it is refused, with the reason.

    """
    require(asking.visitor, PERMISSIONS[spec.command].roles)
    try:
        command = await run_in_threadpool(prepare, parts, spec, asking)
        order = Order(command, asking.visitor.actor, asking.order_key)
        carried = await orders.give(asking.number, order)
    except Problem as problem:
        carried = await run_in_threadpool(_carried_before, parts, asking, problem)
    response.status_code = 200 if carried.standing else 202
    return _given(asking, carried)


def _carried_before(parts: Parts, asking: Asking, problem: Problem) -> Carried:
    """Answer the repetition of a command that closed its ticket as it was answered before.

    Raises:
        Problem: the one given, when this command did no such thing.

    """
    if problem.body["code"] != "closed":
        raise problem
    with parts.database.transaction() as connection:
        ticket = tickets.find(connection, asking.number)
        written = messages.find_by_key(connection, asking.key_of("text"))
    if ticket is None or written is None or ticket.result != written:
        raise problem
    return Carried(Standing(ticket.number, ticket.status, ticket.turn, ticket.sequence))


def prepare(parts: Parts, spec: Spec, asking: Asking) -> TicketCommand:
    """Keep the words and put together the command that names them.

    Raises:
        Problem: when the ticket is not there or closed, or the command needs what it lacks.

    """
    with parts.database.transaction() as connection:
        row = visible(connection, asking.visitor, asking.number)
        if row["status"] == Status.CLOSED:
            raise closed(asking.number)
        values = asking.body.model_dump()
        complete = COMPLETED.get(spec.command)
        values = complete(connection, parts, row, values) if complete else values
        return spec.command(**_with_words_kept(connection, parts, spec, asking, values))


def _with_words_kept(
    connection: Connection, parts: Parts, spec: Spec, asking: Asking, values: Values
) -> Values:
    kept = {
        field: messages.add_staff_text(connection, _written(asking, field, values[field], parts))
        for field in WORDS
        if values.get(field) is not None
    }
    if spec.command is commands.Escalate:
        return {"message": kept["text"]}
    return {**values, **kept}


def _written(asking: Asking, field: str, words: str, parts: Parts) -> StaffText:
    author, at = str(asking.visitor.actor), parts.clock()
    return StaffText(asking.number, words, author, at, asking.key_of(field))


@router.post(
    "/queue/take-next",
    summary="Взять первую заявку очереди",
    responses=documented(401, 403, 409, 503),
)
async def take_next(
    visitor: StaffVisitor, parts: TheParts, orders: TheOrders, response: Response
) -> Given:
    """Берёт в работу ту заявку, чья сейчас очередь (R49, R50)."""
    given = await take_first(visitor, parts, orders, response, uuid4().hex)
    response.headers["Idempotency-Key"] = given.key
    return given


async def take_first(
    visitor: Visitor, parts: Parts, orders: Orders, response: Response, key: str
) -> Given:
    """Take the ticket whose turn it is, or the one after it where another is quicker.

    The same key takes one alone.

    Raises:
        Problem: when the queue is empty, or others took every ticket that was first.

    """
    spec = next(spec for spec in SPECS if spec.command is commands.Take)
    for __ in range(MOST_TRIES):
        number = await run_in_threadpool(_first, parts, visitor, key)
        asking = Asking(visitor, number, key, spec.body(), spec.kind)
        try:
            return await give(parts, orders, spec, asking, response)
        except Problem as problem:  # another specialist was quicker: the next one is first now
            if problem.body["code"] not in {"state", "out_of_turn"}:
                raise
    raise Problem(409, "contended", _("Первые заявки разобрали другие."), _("Повторите запрос."))


def _first(parts: Parts, visitor: Visitor, key: str) -> str:
    """Return the first of the queue, or what this key took before.

    It is asked for last: what was taken since is not the first any more, and would be a second.
    """
    me = visitor.bearer
    with parts.database.transaction() as connection:
        waiting = tickets.queue(connection, limit=1)
        taken = takings.find_by_key(connection, str(me.id), f"{me.actor}:{key}:")
    if taken:
        return taken
    if not waiting:
        way_out = _("Новые заявки появятся здесь сами.")
        raise Problem(409, "queue_empty", _("Очередь пуста."), way_out)
    return str(waiting[0]["number"])


def _given(asking: Asking, carried: Carried) -> Given:
    standing = carried.standing
    return Given(
        number=asking.number,
        key=asking.key,
        is_confirmed=standing is not None,
        detail=_(carried.detail),
        status=standing.status if standing else None,
        status_name=name(standing.status, present.get()) if standing else "",
        turn=standing.turn if standing else None,
    )


def _door(spec: Spec) -> Callable[..., Awaitable[Given]]:
    """Return the endpoint of one command."""

    async def command(  # noqa: PLR0913, PLR0917 - one for each part of the HTTP request
        number: Number,
        body: Strict,
        visitor: AnyVisitor,
        parts: TheParts,
        orders: TheOrders,
        response: Response,
        key: OptionalKey = None,
    ) -> Given:
        asking = Asking(visitor, number, key or uuid4().hex, body, spec.kind)
        response.headers["Idempotency-Key"] = asking.key
        return await give(parts, orders, spec, asking, response)

    # FastAPI reads here the body's own model, and who may come in before it looks at the body.
    allowed = Depends(only(PERMISSIONS[spec.command].roles))
    command.__annotations__ |= {"body": spec.body, "visitor": Annotated[Visitor, allowed]}
    return command


for each in SPECS:
    router.add_api_route(
        f"/tickets/{{number}}/commands/{each.kind}",
        _door(each),
        methods=["POST"],
        name=each.kind,
        summary=each.summary,
        description=f"{each.body.__doc__} Регламент: {clause(PERMISSIONS[each.command].rule)}.",
        responses=ACCEPTED | documented(401, 403, 404, 409, 413, 415, 422, 503),
    )
