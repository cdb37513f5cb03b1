"""What stands before every page: no stranger's site acts in a visitor's name, nothing foreign runs.

A form is taken only from our own pages (Fetch Metadata, else Origin); every answer carries the
policy by which a browser runs no script and loads nothing but ours.
"""

from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.pages.translation import _, present
from gateway.pages.visitors import chosen_language
from gateway.problems import Problem

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OURS = "script-src style-src connect-src form-action frame-src manifest-src"
POLICY = "; ".join(
    [
        "default-src 'none'",
        *(f"{kind} 'self'" for kind in OURS.split()),
        "img-src 'self' data: blob:",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "private, no-store",
}
SECURE = {"Strict-Transport-Security": "max-age=31536000"}


class Guard:
    """Chooses the language, turns foreign forms away, adds the headers that an answer lacks."""

    def __init__(self, app: ASGIApp, *, is_secure: bool) -> None:
        """Guard this application."""
        self._app = app
        self._headers = {**HEADERS, **(SECURE if is_secure else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or turn a foreign form away."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        present.set(chosen_language(request))
        guarded = self._with_headers(send)
        if is_page(scope["path"]) and is_foreign(request):
            await refuse(scope, receive, guarded)
            return
        await self._app(scope, receive, guarded)

    def _with_headers(self, send: Send) -> Send:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        return guarded


def is_page(path: str) -> bool:
    """Tell whether people with browsers, not programs with tokens, are answered at this path."""
    return path != "/api" and not path.startswith(("/api/", "/health"))


def is_foreign(request: Request) -> bool:
    """Tell whether a browser sends this for a page of another site."""
    if request.method in SAFE:
        return False
    headers: Headers = request.headers
    if site := headers.get("sec-fetch-site"):
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] != headers.get("host")


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Turn a foreign form away before anybody reads it."""
    page = PlainTextResponse(f"{foreign_form().detail} {foreign_form().body['way_out']}", 403)
    await page(scope, receive, send)


def foreign_form() -> Problem:
    """Return the answer to a form that another site has sent in the visitor's name."""
    detail = _("Эту форму прислала страница другого сайта.")
    return Problem(403, "foreign_form", detail, _("Откройте нужную страницу службы и повторите."))
