"""Tickets to read: one whole, the open ones, the queue in the order it is worked off.

Carries out R47, R49, R50; everything is read from the register, never from a process.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from domain.events import CriticalityConfirmed
from domain.terms import Status
from domain.ticket import Ticket
from domain.words import name
from gateway import places
from gateway.auth import AnyVisitor, StaffVisitor, TheParts, Visitor
from gateway.files import with_attachments
from gateway.models import Listing, Queue, QueueRow, TicketRow, TicketShown
from gateway.problems import documented, not_found
from gateway.shown import CaseRead, Showing, moscow
from gateway.sight import Row, messages_seen, visible
from storage import calendars, letters, messages, people, requests, tickets
from storage.database import Connection

router = APIRouter(prefix="/api", tags=["Заявки"])

NEXT_PAGE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Открытые заявки по порядку поступления",
        "headers": {
            "Link": {
                "description": 'Адрес следующей страницы, если она есть: `<…>; rel="next"` '
                "(RFC 8288)",
                "schema": {"type": "string"},
            }
        },
    }
}


@router.get("/tickets/{number}", summary="Заявка целиком", responses=documented(401, 403, 404))
def show(
    number: Annotated[str, Path(max_length=20)], visitor: AnyVisitor, parts: TheParts
) -> TicketShown:
    """Обращение, переписка, письма с их состоянием, история с правилами, объяснённые часы."""
    calendar = parts.rules().calendar
    with parts.database.transaction() as connection:
        read = read_case(connection, visitor, number)
        if read.row["closed_at"] is not None:  # what is closed keeps the calendar it ran under
            calendar = calendars.load(connection, read.row["calendar_version"] or None)
    has_scanner = parts.settings.has_scanner
    return Showing(visitor.is_client, calendar, parts.clock(), has_scanner).ticket(read)


@router.get(
    "/tickets",
    summary="Открытые заявки",
    responses=NEXT_PAGE | documented(401, 403, 422, 503),
)
def list_open(
    visitor: AnyVisitor,
    parts: TheParts,
    asked: Annotated[Listing, Query()],
    request: Request,
    response: Response,
) -> list[TicketRow]:
    """Открытые заявки по порядку поступления; клиент видит только свою организацию.

    Если это не все заявки, адрес следующей страницы стоит в заголовке `Link` с `rel="next"`.
    """
    client_id = visitor.bearer.client_id if visitor.is_client else asked.client
    user_id = None if visitor.bearer.sees_organisation else visitor.bearer.id
    after = places.read(places.ARRIVED, asked.after) if asked.after else None
    with parts.database.transaction() as connection:
        # One more than is shown tells whether anything follows.
        rows = tickets.list_open(
            connection, asked.status, client_id, asked.limit + 1, after, user_id=user_id
        )
        staff = staff_names(connection)
    shown = rows[: asked.limit]
    if len(rows) > len(shown):
        response.headers["Link"] = _next_page(request, shown[-1])
    return [_row(row, staff.get(row["specialist"], "")) for row in shown]


@router.get("/queue", summary="Очередь", responses=documented(401, 403, 422))
def queue(
    _: StaffVisitor,
    parts: TheParts,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Queue:
    """Кого брать следующим: по поступлению, подтверждённые критичные впереди (R49, R50)."""
    place = places.read(places.QUEUED, after) if after else None
    with parts.database.transaction() as connection:
        rows = tickets.queue(connection, limit, place)
        shown = [_queued(connection, row) for row in rows]
    return Queue(tickets=shown, after=_place(rows[-1]) if len(rows) == limit else None)


def read_case(connection: Connection, visitor: Visitor, number: str) -> CaseRead:
    """Read all of a ticket that the visitor may see.

    Raises:
        Problem: when there is no such ticket, or it is another organisation's.

    """
    row = visible(connection, visitor, number)
    request = requests.find(connection, number)
    if request is None:
        raise not_found()
    seen = messages_seen(connection, visitor, number)
    return CaseRead(
        row=row,
        ticket=tickets.find(connection, number) or Ticket(number),
        request=request,
        journal=tickets.journal(connection, number),
        messages=with_attachments(connection, seen),
        letters=tuple(letters.list_for(connection, number)),
        staff=staff_names(connection),
    )


def staff_names(connection: Connection) -> dict[str, str]:
    """Return the names of us by the ids that journals carry."""
    return {str(member.id): member.name for member in people.list_staff(connection)}


def _row(row: Row, specialist: str) -> TicketRow:
    return TicketRow(
        **{key: row[key] for key in ("number", "subject", "status", "channel", "client_id")},
        status_name=name(Status(row["status"])),
        specialist=specialist,
        received_at=row["received_at"],
        due_at=moscow(row["due_at"]),
    )


def _queued(connection: Connection, row: Row) -> QueueRow:
    is_out_of_turn = not row["is_routine"]
    return QueueRow(
        **{key: row[key] for key in ("number", "subject", "channel", "declared", "received_at")},
        is_out_of_turn=is_out_of_turn,
        reason=_why_first(connection, row["number"]) if is_out_of_turn else "",
    )


def _why_first(connection: Connection, number: str) -> str:
    """Return the words with which the criticality was last confirmed (law 7)."""
    journal = tickets.journal(connection, number)
    judged = [event.text for event in journal if isinstance(event, CriticalityConfirmed)]
    texts = {row["id"]: str(row["text"]) for row in messages.list_for(connection, number)}
    return texts.get(judged[-1], "") if judged else ""


def _next_page(request: Request, last: Row) -> str:
    """Return the link to the page after this ticket; without a host, for a proxy may hide ours."""
    after = places.written(places.ARRIVED, (last["received_at"], last["number"]))
    url = request.url.include_query_params(after=after)
    return f'<{url.path}?{url.query}>; rel="next"'


def _place(row: Row) -> str:
    place = (row["is_routine"], row["received_at"], row["number"])
    return places.written(places.QUEUED, place)
