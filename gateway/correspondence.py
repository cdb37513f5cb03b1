"""What clients add to their tickets: messages with files, repeated requests.

Carries out R41, R42, R53, R64; Q8, Q14; law 1. Mail's own messages come by the mail doors.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Path, Response
from pydantic import BaseModel, Field

from domain.terms import Channel, Role, Status
from gateway.auth import STAFF, AnyVisitor, TheParts, Visitor, require
from gateway.forms import Again, MessageForm
from gateway.intake import IdempotencyKey, key_reused
from gateway.pages.translation import _
from gateway.parts import Parts
from gateway.problems import Problem, documented
from gateway.refusals import clause
from gateway.sight import visible
from gateway.uploads import keep
from storage import files, messages, requests
from storage.database import Connection
from storage.files import Attachment
from storage.messages import ClientMessage

router = APIRouter(prefix="/api", tags=["Переписка"])

WRITERS = STAFF | {Role.CLIENT}


class MessageReceipt(BaseModel):
    """Куда попало сообщение."""

    number: Annotated[str, Field(description="Заявка, к которой отнесено сообщение")]
    message: int
    is_repetition: bool
    opened: Annotated[
        str, Field(description="Номер новой связанной заявки, если прежняя уже закрыта")
    ] = ""
    detail: str


@dataclass(frozen=True)
class Written:
    """A message on its way into the register; `key` is its author's name for it."""

    visitor: Visitor
    number: str
    text: str
    key: str
    files: tuple[Attachment, ...] = ()

    def as_message(self, parts: Parts) -> ClientMessage:
        """Return it as the register keeps it; staff write down what they are told by phone."""
        is_own, actor = self.visitor.is_client, self.visitor.actor
        return ClientMessage(
            number=self.number,
            key=f"message:{self.number}:{actor}:{self.key}",
            channel=Channel.WEB if is_own else Channel.PHONE,
            at=parts.clock(),
            text=self.text,
            author=str(actor),
            sender_name=self.visitor.bearer.name if is_own else "",
        )


@router.post(
    "/tickets/{number}/messages",
    status_code=201,
    summary="Написать в заявку",
    responses=documented(401, 403, 404, 413, 415, 422),
)
def write(  # noqa: PLR0913, PLR0917 - one for each part of the HTTP request
    number: Annotated[str, Path(max_length=20)],
    form: Annotated[MessageForm, Form(media_type="multipart/form-data")],
    key: IdempotencyKey,
    visitor: AnyVisitor,
    parts: TheParts,
    response: Response,
) -> MessageReceipt:
    """Сообщение клиента возобновляет ожидавшую заявку; к закрытой открывает связанную новую."""
    require(visitor, WRITERS)
    with parts.database.transaction() as connection:
        visible(connection, visitor, number)
    carried = keep(parts.files, form.files)
    return _file(parts, Written(visitor, number, form.text, key, carried), response)


@router.post(
    "/tickets/{number}/follow-up",
    status_code=201,
    summary="Подать закрытую заявку повторно",
    responses=documented(401, 403, 404, 409, 415, 422),
)
def submit_again(  # noqa: PLR0913, PLR0917 - one for each part of the HTTP request
    number: Annotated[str, Path(max_length=20)],
    again: Again,
    key: IdempotencyKey,
    visitor: AnyVisitor,
    parts: TheParts,
    response: Response,
) -> MessageReceipt:
    """Открывает новую заявку, связанную с закрытой; закрытая остаётся как была (R64)."""
    require(visitor, WRITERS)
    with parts.database.transaction() as connection:
        row = visible(connection, visitor, number)
    if row["status"] != Status.CLOSED:
        way_out = _("Напишите в неё: POST /api/tickets/{number}/messages.").format(number=number)
        raise Problem(409, "still_open", _("Заявка ещё открыта."), way_out, clause=clause("R64"))
    return _file(parts, Written(visitor, number, again.text, key), response)


def _file(parts: Parts, written: Written, response: Response) -> MessageReceipt:
    """Keep the message with its files; one for a closed ticket opens the linked one at once.

    A repetition opens none: what came in time was answered on its own ticket.
    """
    with parts.database.transaction() as connection:
        row = visible(connection, written.visitor, written.number)
        message = written.as_message(parts)
        id_, is_new = messages.add_client_message(connection, message)
        if is_new and written.files:
            files.add(connection, id_, written.files)
        if not is_new:
            response.status_code = 200
            _check_same(connection, written, id_)
        is_late = is_new and row["status"] == Status.CLOSED
        opened = (
            _follow_up(connection, parts, written, id_)
            if is_late
            else requests.find_follow_up(connection, id_)
        )
    return MessageReceipt(
        number=written.number,
        message=id_,
        is_repetition=not is_new,
        opened=opened,
        detail=_told(opened),
    )


def _told(opened: str) -> str:
    if opened:
        told = _("Заявка закрыта; ваше сообщение открыло новую, связанную с ней: {number}.")
        return told.format(number=opened)
    return _("Сообщение добавлено в заявку.")


def _check_same(connection: Connection, written: Written, id_: int) -> None:
    rows = messages.list_for(connection, written.number)
    before = {file.digest for file in files.list_for(connection, id_)}
    is_same = any(row["id"] == id_ and row["text"] == written.text for row in rows)
    if not is_same or before != {file.digest for file in written.files}:
        raise key_reused()


def _follow_up(connection: Connection, parts: Parts, written: Written, id_: int) -> str:
    accepted_at = parts.rules().calendar.next_working_moment(parts.clock())
    return requests.follow_up(connection, written.number, id_, accepted_at).number
