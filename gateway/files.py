"""Files on their way back to people: pictures to look at, everything to download, nothing to run.

Carries out R41, R42, Q14 and R2: a file is given through a ticket that its asker may see, and only
when the scanner of the house, where there is one, has cleared it.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, BinaryIO
from urllib.parse import quote

from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from gateway.auth import AnyVisitor, TheParts, Visitor
from gateway.models import FileShown
from gateway.pages.translation import _, marked
from gateway.parts import Parts
from gateway.pictures import picture_of
from gateway.problems import Problem, documented, not_found
from gateway.sight import Row, messages_seen, visible
from gateway.uploads import UNKNOWN, plain_name
from mail.pictures import Copy, NotShownError
from mail.showing import ShowingUnavailableError
from storage import files
from storage.database import Connection
from storage.files import Attachment, DamagedFileError, MissingFileError
from storage.scans import Scan, ScanState

router = APIRouter(prefix="/api", tags=["Переписка"])

PIECE = 64 * 1024
SHUT_IN = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}
# The type only chooses the program that a person's own system offers; the rest is just bytes.
NAMED_TYPES = frozenset(
    {
        *("image/jpeg", "image/gif", "image/png", "image/bmp", "image/tiff", "image/webp"),
        *("application/pdf", "application/zip", "application/msword", "application/vnd.ms-excel"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)
PICTURE_NAMES = (".jpg", ".jpeg", ".gif", ".png")
PICTURE_TYPES = frozenset({"image/jpeg", "image/gif", "image/png"})
CHECKS = {
    ScanState.HELD: marked("проверяется"),
    ScanState.CLEAN: marked("проверен"),
    ScanState.INFECTED: marked("заражён, не выдаётся"),
}

# Why `mail` shows no picture: kept in Russian, said in the reader's language.
NOT_SHOWN = frozenset(
    {
        marked("это не картинка JPG, GIF или PNG"),
        marked("картинка слишком велика, чтобы её показать"),
        marked("картинка повреждена"),
        marked("показ потребовал бы слишком много времени"),
        marked("показ потребовал бы слишком много памяти или не удался"),
    }
)

Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
TicketOfFile = Annotated[str, Query(max_length=20, description="Заявка, в которой этот файл")]


@router.get(
    "/files/{digest}",
    summary="Скачать файл заявки",
    response_class=StreamingResponse,
    responses=documented(401, 403, 404, 409, 503),
)
def download(
    digest: Digest, ticket: TicketOfFile, visitor: AnyVisitor, parts: TheParts
) -> StreamingResponse:
    """Отдаёт файл как вложение: он никогда не открывается на нашей странице (Q14)."""
    attachment = _given(parts, visitor, ticket, digest)
    try:
        content = parts.files.open(digest)
    except MissingFileError:
        raise not_found(marked("Файл")) from None
    except DamagedFileError:
        raise _damaged() from None
    headers = {**SHUT_IN, **_disposed("attachment", attachment)}
    kind = attachment.content_type if attachment.content_type in NAMED_TYPES else UNKNOWN
    return StreamingResponse(_pieces(content), media_type=kind, headers=headers)


@router.get(
    "/files/{digest}/picture",
    summary="Показать картинку заявки",
    response_class=Response,
    responses={304: {"description": "Картинка та же"}, **documented(401, 403, 404, 409, 415, 503)},
)
async def picture(
    digest: Digest,
    ticket: TicketOfFile,
    visitor: AnyVisitor,
    parts: TheParts,
    known: Annotated[str, Header(alias="If-None-Match", max_length=1000)] = "",
) -> Response:
    """Отдаёт JPG, GIF или PNG, перерисованные нами: без меток съёмки и чужих байтов (R42)."""
    attachment = await run_in_threadpool(_given, parts, visitor, ticket, digest)
    tag = f'"{digest}"'
    # Asked about every time, so that a right that was taken away is away at once.
    headers = {**SHUT_IN, "Cache-Control": "private, no-cache", "ETag": tag}
    if tag in known:
        return Response(status_code=304, headers=headers)
    copy = await _copy(parts, digest)
    headers |= _disposed("inline", attachment)
    return Response(copy.content, media_type=copy.content_type, headers=headers)


def attachments_of(connection: Connection, row: Row) -> tuple[Attachment, ...]:
    """Return what a message carried; what staff write carries nothing."""
    return files.list_for(connection, row["id"]) if row["direction"] == "in" else ()


def with_attachments(
    connection: Connection, rows: list[Row]
) -> tuple[tuple[Row, tuple[Attachment, ...]], ...]:
    """Return each message with what it carried, however many there are, in one statement."""
    received = (row["id"] for row in rows if row["direction"] == "in")
    carried = files.list_for_all(connection, received)
    return tuple((row, carried.get(row["id"], ())) for row in rows)


def file_shown(
    attachment: Attachment, number: str, *, has_scanner: bool, for_client: bool
) -> FileShown:
    """Return the file as a ticket lists it, with the way to its picture where it may have one.

    Why the scanner makes a file wait is a matter of ours; what it found is told to everybody.
    """
    state = _check(attachment.scan, has_scanner=has_scanner)
    may_be_given = is_given(attachment, has_scanner=has_scanner)
    may_be_picture = may_be_given and _claims_to_be_picture(attachment) and not attachment.not_shown
    may_know = state is ScanState.INFECTED or (state is not None and not for_client)
    address = f"/api/files/{attachment.digest}/picture?ticket={number}"
    return FileShown(
        name=plain_name(attachment.name),
        content_type=attachment.content_type,
        size=attachment.size,
        digest=attachment.digest,
        check=state,
        check_name=_(CHECKS[state]) if state else "",
        check_reason=attachment.scan.reason if may_know else "",
        picture=address if may_be_picture else None,
    )


def is_given(attachment: Attachment, *, has_scanner: bool) -> bool:
    """Tell whether the bytes of the file may leave us."""
    return _check(attachment.scan, has_scanner=has_scanner) in {None, ScanState.CLEAN}


def _check(scan: Scan, *, has_scanner: bool) -> ScanState | None:
    """Return what holds of the file; without a scanner only what one once found."""
    return scan.state if has_scanner or scan.state is ScanState.INFECTED else None


def _claims_to_be_picture(attachment: Attachment) -> bool:
    has_type = attachment.content_type in PICTURE_TYPES
    return has_type or attachment.name.lower().endswith(PICTURE_NAMES)


def _given(parts: Parts, visitor: Visitor, number: str, digest: str) -> Attachment:
    """Return the file as the ticket carries it.

    Raises:
        Problem: when the visitor does not see it there, or nobody may have it now.

    """
    attachment = _attached(parts, visitor, number, digest)
    state = _check(attachment.scan, has_scanner=parts.settings.has_scanner)
    if state is ScanState.INFECTED:
        told = _("Файл заражён и не выдаётся никому: {reason}.")
        detail = told.format(reason=attachment.scan.reason)
        raise Problem(403, "infected", detail, _("Попросите отправителя прислать чистый файл."))
    if state is ScanState.HELD:
        detail = _("Файл проверяется на вирусы и пока не выдаётся.")
        way_out = _("Повторите позже; текст сообщения доступен уже сейчас.")
        raise Problem(409, "held", detail, way_out)
    return attachment


def _attached(parts: Parts, visitor: Visitor, number: str, digest: str) -> Attachment:
    with parts.database.transaction() as connection:
        visible(connection, visitor, number)
        seen = messages_seen(connection, visitor, number)
        for __, carried in with_attachments(connection, seen):
            for attachment in carried:
                if attachment.digest == digest:
                    return attachment
    raise not_found(marked("Файл"))


async def _copy(parts: Parts, digest: str) -> Copy:
    try:
        return await picture_of(parts, digest)
    except NotShownError as reason:
        raise _not_shown(reason) from None
    except MissingFileError:
        raise not_found(marked("Файл")) from None
    except DamagedFileError:
        raise _damaged() from None
    except ShowingUnavailableError:
        detail = _("Картинку сейчас не удалось подготовить к показу.")
        way_out = _("Повторите позже или скачайте файл.")
        raise Problem(503, "not_now", detail, way_out) from None


def _not_shown(reason: NotShownError) -> Problem:
    why = _(str(reason)) if str(reason) in NOT_SHOWN else str(reason)
    detail = _("Файл не показывается: {reason}.").format(reason=why)
    way_out = _("Скачайте его: тот же адрес без /picture.")
    return Problem(415, "not_a_picture", detail, way_out)


def _damaged() -> Problem:
    detail = _("Файл повреждён в хранилище; эксплуатация это видит.")
    return Problem(503, "damaged", detail, _("Пришлите файл ещё раз."))


def _disposed(how: str, attachment: Attachment) -> Mapping[str, str]:
    """Return how the file is to be taken, its name in both forms of RFC 6266."""
    name = plain_name(attachment.name)
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    encoded = quote(name, safe="")
    return {"Content-Disposition": f"{how}; filename=\"{plain}\"; filename*=UTF-8''{encoded}"}


def _pieces(content: BinaryIO) -> Iterator[bytes]:
    with content:
        while piece := content.read(PIECE):
            yield piece
