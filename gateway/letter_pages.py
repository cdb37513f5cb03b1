"""A letter's own HTML as a page for a frame: cleaned, shut in, with only pictures that are proved.

Carries out R41, R42, Q14 and R2. Three walls stand one behind another: the HTML is cleaned, the
policy lets nothing load or run, and the sandbox gives the page an origin of its own.
"""

from base64 import b64encode
from collections.abc import Mapping
from html import escape
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from gateway.auth import AnyVisitor, TheParts, Visitor
from gateway.files import attachments_of, is_given
from gateway.pages.translation import _, marked, present
from gateway.parts import Parts
from gateway.pictures import in_turn, picture_of
from gateway.problems import Problem, documented, not_found
from gateway.sight import Row, messages_seen, visible
from mail.pictures import NotShownError
from mail.reading import ReceivedLetter
from mail.safe_html import MOST_EMBEDDED, referred_pictures
from mail.showing import ShowingUnavailableError
from storage import raw_letters
from storage.files import Attachment, DamagedFileError, MissingFileError

router = APIRouter(prefix="/api", tags=["Переписка"])

MOST_PICTURES = 50
POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none';"
    " base-uri 'none'"
)
# A link opens a window of its own, which is not shut in: the site there must work, and knows
# nothing of us (noopener, noreferrer). Scripts and our origin are given to nobody.
SANDBOX = "sandbox allow-popups allow-popups-to-escape-sandbox"
HEADERS = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'self'; {SANDBOX}",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# The policy stands in the page, too, for a frame that is given its text and not its address.
PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="referrer" content="no-referrer"><title>{title}</title>
<style>body{{font:15px/1.45 sans-serif;margin:12px;overflow-wrap:anywhere}}
img{{max-width:100%;height:auto}}pre{{white-space:pre-wrap}}
blockquote{{margin:0 0 0 8px;padding-left:8px;border-left:2px solid #bbb}}</style>
</head><body>
{letter}
</body></html>
"""


@router.get(
    "/tickets/{number}/messages/{id}/html",
    summary="Письмо так, как его оформил отправитель",
    response_class=HTMLResponse,
    responses=documented(401, 404),
)
async def show_letter(
    number: Annotated[str, Path(max_length=20)],
    id_: Annotated[int, Path(alias="id", ge=1, lt=2**63)],
    visitor: AnyVisitor,
    parts: TheParts,
) -> HTMLResponse:
    """Страница для `<iframe sandbox>`: без скриптов, без обращений к другим сайтам."""
    raw, carried = await run_in_threadpool(_read, parts, visitor, number, id_)
    letter = await in_turn(parts.read_letter, raw)
    if not letter.html:
        raise _without_html()
    shown = await in_turn(_shown, parts, letter, await _pictures(parts, letter, carried))
    told = {"language": present.get(), "title": _("Письмо")}
    page = PAGE.format(policy=escape(POLICY), letter=shown, **told)
    return HTMLResponse(page, headers=HEADERS)


def _read(
    parts: Parts, visitor: Visitor, number: str, id_: int
) -> tuple[bytes, tuple[Attachment, ...]]:
    """Return the bytes of the letter that the visitor may see, and the files it carried."""
    with parts.database.transaction() as connection:
        visible(connection, visitor, number)
        message = _message(messages_seen(connection, visitor, number), id_)
        if message["raw_id"] is None or message["direction"] != "in":
            raise _without_html()
        raw = raw_letters.content_of(connection, message["raw_id"])
        return raw, attachments_of(connection, message)


def _message(seen: list[Row], id_: int) -> Row:
    for message in seen:
        if message["id"] == id_:
            return message
    raise not_found(marked("Сообщение"))


def _shown(parts: Parts, letter: ReceivedLetter, pictures: Mapping[str, str]) -> str:
    """Return the cleaned HTML; the letter's text where its HTML cannot be cleaned in time."""
    try:
        return parts.showroom.safe_html(letter.html or "", pictures)
    except (NotShownError, ShowingUnavailableError):
        told = _("оформление письма не показано")
        return f"<p>[{told}]</p><pre>{escape(letter.text)}</pre>"


async def _pictures(
    parts: Parts, letter: ReceivedLetter, carried: tuple[Attachment, ...]
) -> dict[str, str]:
    """Return the data URIs of the letter's proved pictures by their Content-IDs."""
    has_scanner = parts.settings.has_scanner
    given = {file.digest for file in carried if is_given(file, has_scanner=has_scanner)}
    wanted = referred_pictures(letter.html or "")
    named = [file for file in letter.attachments if file.content_id in wanted]
    shown: dict[str, str] = {}
    for file in named[:MOST_PICTURES]:
        uri = await _data_uri(parts, file.sha256) if file.sha256 in given else ""
        if uri and sum(map(len, shown.values())) + len(uri) <= MOST_EMBEDDED:
            shown[file.content_id] = uri
    return shown


async def _data_uri(parts: Parts, digest: str) -> str:
    try:
        copy = await picture_of(parts, digest)
    except (NotShownError, MissingFileError, DamagedFileError, ShowingUnavailableError):
        return ""
    return f"data:{copy.content_type};base64,{b64encode(copy.content).decode()}"


def _without_html() -> Problem:
    detail = _("У этого сообщения нет HTML.")
    return Problem(404, "no_html", detail, _("Читайте его текст в заявке."))
