"""How large a request may be: turned away at its first byte too many, before anybody reads it.

Carries out law 10: programs get a problem, people a page in words; so does whoever asks for an
address that is no text.
"""

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.pages.faults import told
from gateway.pages.translation import _
from gateway.problems import Problem
from gateway.uploads import LARGEST_FILE, MOST_FILES

LARGEST_JSON = 64 * 1024
LARGEST_WORDS = 2 * 1024 * 1024  # a Cyrillic sign takes six bytes of a form, and a form has fields
LARGEST_FORM = MOST_FILES * LARGEST_FILE + 1024 * 1024
LIMITS = {"multipart/form-data": LARGEST_FORM, "application/x-www-form-urlencoded": LARGEST_WORDS}
READ_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})
KNOWN = ("application/json", "multipart/form-data", "application/x-www-form-urlencoded")


class BodyLimits:
    """Lets through JSON of 64 KB, forms with their words and files; the rest is a problem."""

    def __init__(self, app: ASGIApp) -> None:
        """Guard this application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what comes; answer 400, 413 or 415 where it is no text, too much, another kind."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        kind = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
        limit = LIMITS.get(kind, LARGEST_JSON)
        if problem := _flaw_of(scope, kind, limit):
            await told(Request(scope), problem)(scope, receive, send)
            return
        await self._app(scope, _counted(receive, limit), send)


def _flaw_of(scope: Scope, kind: str, limit: int) -> Problem | None:
    """Return why this request is turned away before it is read, if it is."""
    declared = dict(scope["headers"]).get(b"content-length", b"0") or b"0"
    if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
        return _no_text()
    if scope["method"] not in READ_WITHOUT_BODY and kind and kind not in KNOWN:
        return _unknown_kind(kind)
    return _too_large(limit) if int(declared) > limit else None


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


def _no_text() -> Problem:
    return Problem(400, "no_text", _("В адресе знак, которого нет в тексте."))


def _too_large(limit: int) -> Problem:
    detail = _("Запрос больше {most} КБ.").format(most=limit // 1024)
    return Problem(413, "too_large", detail, _("Сократите текст или приложите меньше файлов."))


def _unknown_kind(kind: str) -> Problem:
    detail = _("Содержимое «{kind}» не принимается.").format(kind=kind[:100])
    either = _("или")
    way_out = _("Отправьте {kinds}.").format(kinds=f" {either} ".join(KNOWN))
    return Problem(415, "unknown_media_type", detail, way_out)
