"""What people must look at: the unreadable, thanks, possible links, what came back, the unsafe.

Carries out R28, R32, R46, R64; Q8, Q9, Q12; law 1: nothing that a machine cannot decide is lost.
"""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from domain.terms import LetterState, Role
from gateway.auth import STAFF, AnyVisitor, StaffVisitor, TheParts, Visitor, require
from gateway.files import SHUT_IN
from gateway.pages.translation import _, marked
from gateway.parts import Parts
from gateway.problems import Flaw, Problem, documented, invalid, not_found
from storage import letters, raw_letters, requests, review_items
from storage.database import Connection
from storage.review_items import Kind, ReviewItem

router = APIRouter(prefix="/api/review", tags=["На что взглянуть"])

REVIEWERS = frozenset({Role.SPECIALIST, Role.HEAD, Role.OPERATIONS})
POSTED = "отправлено обычной почтой"
NAMES: dict[Kind, str] = {
    "unreadable": marked("письмо не удалось прочитать"),
    "thanks": marked("похоже на благодарность к закрытой заявке"),
    "undeliverable": marked("письмо клиенту не доставлено"),
    "to_post": marked("письмо для обычной почты"),
    "possible_link": marked("возможно, относится к другой заявке"),
    "reused_id": marked("другое письмо под прежним Message-ID"),
    "infected": marked("файл не прошёл проверку"),
    "account_letter": marked("письмо об учётной записи не доставлено"),
}
WAYS_OUT: dict[Kind, str] = {
    "unreadable": marked(
        "Скачайте письмо и заведите по нему заявку (open) или снимите пункт (settle)."
    ),
    "thanks": marked("Если это не только благодарность, откройте связанную заявку (open)."),
    "undeliverable": marked("Свяжитесь с клиентом по телефону и уточните адрес."),
    "to_post": marked("Отправьте письмо обычной почтой и снимите пункт (settle)."),
    "possible_link": marked("Сравните заявки; если это одно и то же, объедините их (merge)."),
    "reused_id": marked("Проверьте, что оба письма отнесены верно."),
    "infected": marked("Попросите клиента прислать файл заново."),
    "account_letter": marked("Позвоните человеку и уточните адрес; потом пригласите его снова."),
}


class ReviewShown(BaseModel):
    """То, на что должен взглянуть человек."""

    id: int
    kind: str
    kind_name: Annotated[str, Field(description="Что это, словами")]
    way_out: Annotated[str, Field(description="Что с этим можно сделать")]
    reason: str
    created_at: AwareDatetime
    number: str | None
    raw_id: int | None
    message_id: int | None


class Settled(BaseModel):
    """Что сделано."""

    id: int
    opened: Annotated[str, Field(description="Номер заявки, если она открыта или дополнена")] = ""


@router.get("", summary="На что взглянуть", responses=documented(401, 403, 422))
def list_review(
    visitor: AnyVisitor,
    parts: TheParts,
    kind: Annotated[Kind | None, Query(description="Только такие")] = None,
) -> list[ReviewShown]:
    """Нечитаемое, благодарности, возможные связи, недоставленное, опасное (Q8, Q9)."""
    require(visitor, REVIEWERS)
    with parts.database.transaction() as connection:
        items = review_items.list_open(connection)
    return list(_shown(item for item in items if kind in {None, item.kind}))


@router.get(
    "/{id}/letter",
    summary="Письмо, о котором речь, как оно пришло",
    response_class=Response,
    responses=documented(401, 403, 404),
)
def download_letter(
    id_: Annotated[int, Path(alias="id", ge=1, lt=2**63)], visitor: AnyVisitor, parts: TheParts
) -> Response:
    """Отдаёт письмо байт в байт, только для скачивания."""
    require(visitor, STAFF)
    with parts.database.transaction() as connection:
        item = review_items.find(connection, id_)
        letter = item and item.raw_id and raw_letters.find(connection, item.raw_id)
    if not letter:
        raise not_found(marked("Письмо"))
    name = f'attachment; filename="letter-{letter.id}.eml"'
    headers = {**SHUT_IN, "Content-Disposition": name}
    return Response(letter.content, media_type="message/rfc822", headers=headers)


@router.post("/{id}/settle", summary="Взгляд состоялся", responses=documented(401, 403, 404, 409))
def settle(
    id_: Annotated[int, Path(alias="id", ge=1, lt=2**63)], visitor: AnyVisitor, parts: TheParts
) -> Settled:
    """Снимает пункт; письмо для обычной почты становится отправленным (Q9)."""
    require(visitor, REVIEWERS)
    with parts.database.transaction() as connection:
        item = _take_off(connection, parts, visitor, id_)
        if item.kind == "to_post":
            letters.settle(connection, item.reason, LetterState.ACCEPTED, parts.clock(), POSTED)
    return Settled(id=id_)


@router.post(
    "/{id}/open",
    summary="Завести заявку по этому письму",
    responses=documented(401, 403, 404, 409, 422),
)
def open_ticket(
    id_: Annotated[int, Path(alias="id", ge=1, lt=2**63)], visitor: StaffVisitor, parts: TheParts
) -> Settled:
    """По нечитаемому письму, или если к закрытой заявке пришла не только благодарность (R64)."""
    with parts.database.transaction() as connection:
        item = _take_off(connection, parts, visitor, id_)
        opened = _opened_by(connection, parts, item)
    return Settled(id=id_, opened=opened)


def _opened_by(connection: Connection, parts: Parts, item: ReviewItem) -> str:
    if item.kind == "thanks" and item.number and item.message_id:
        accepted_at = parts.rules().calendar.next_working_moment(parts.clock())
        return requests.follow_up(connection, item.number, item.message_id, accepted_at).number
    letter = raw_letters.find(connection, item.raw_id) if item.raw_id else None
    if item.kind == "unreadable" and letter:
        return parts.desk.file_by_hand(connection, letter, item.reason).number
    raise invalid(Flaw(field="id", reason=_("по этому пункту заявку не заводят")))


def _take_off(connection: Connection, parts: Parts, visitor: Visitor, id_: int) -> ReviewItem:
    """Settle an item in this transaction and return it as it was.

    Raises:
        Problem: when there is none, or it is settled already.

    """
    item = review_items.find(connection, id_)
    if item is None:
        raise not_found(marked("Пункт"))
    if not review_items.settle(connection, id_, str(visitor.actor), parts.clock()):
        raise Problem(409, "settled", _("Этот пункт уже снят."), _("Обновите список."))
    return item


def _shown(items: Iterable[ReviewItem]) -> Iterable[ReviewShown]:
    for item in items:
        told, way_out = _(NAMES[item.kind]), _(WAYS_OUT[item.kind])
        yield ReviewShown(**item.__dict__, kind_name=told, way_out=way_out)
