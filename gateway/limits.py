"""How large a request may be: turned away at its first byte too many, before anybody reads it."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.pages.translation import _
from gateway.problems import Problem, response
from gateway.uploads import LARGEST_FILE, MOST_FILES

LARGEST_JSON = 64 * 1024
LARGEST_FORM = MOST_FILES * LARGEST_FILE + 1024 * 1024
READ_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})
KNOWN = ("application/json", "multipart/form-data", "application/x-www-form-urlencoded")


class BodyLimits:
    """Lets through JSON of 64 KB and forms with their files; everything else is a problem."""

    def __init__(self, app: ASGIApp) -> None:
        """Guard this application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what comes; answer 413 or 415 where it is too much or of another kind."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        declared = int(headers.get(b"content-length", b"0") or 0)
        kind = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
        if scope["method"] not in READ_WITHOUT_BODY and kind and kind not in KNOWN:
            await _answer(_unknown_kind(kind), scope, receive, send)
            return
        limit = LARGEST_FORM if kind == "multipart/form-data" else LARGEST_JSON
        if declared > limit:
            await _answer(_too_large(limit), scope, receive, send)
            return
        await self._app(scope, _counted(receive, limit), send)


def _counted(receive: Receive, limit: int) -> Receive:
    came = 0

    async def counted() -> Message:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        if came > limit:
            raise _too_large(limit)
        return message

    return counted


async def _answer(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    await response(problem)(scope, receive, send)


def _too_large(limit: int) -> Problem:
    detail = _("Запрос больше {most} КБ.").format(most=limit // 1024)
    return Problem(413, "too_large", detail, _("Сократите текст или приложите меньше файлов."))


def _unknown_kind(kind: str) -> Problem:
    detail = _("Содержимое «{kind}» не принимается.").format(kind=kind[:100])
    either = _("или")
    way_out = _("Отправьте {kinds}.").format(kinds=f" {either} ".join(KNOWN))
    return Problem(415, "unknown_media_type", detail, way_out)
