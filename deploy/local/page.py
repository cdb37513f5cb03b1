"""The mail page of the local world: every letter that left, and a form to write as a client.

It answers on loopback only, works without scripts, and never shows what a letter brings as HTML.
"""

import argparse
import smtplib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import quote

import uvicorn
from fastapi import Depends, FastAPI, File, Form, HTTPException, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.middleware.trustedhost import TrustedHostMiddleware

from deploy.local.maildirs import Maildirs, StoredLetter
from deploy.local.people import CLIENTS
from deploy.local.post_office import JOURNAL
from deploy.local.processes import LOOPBACK
from deploy.local.settings import OWN_ADDRESSES
from domain.calendar import MOSCOW
from mail import reading
from mail.reading import ReceivedLetter

PLACE: Final = Path(__file__).parent / "templates"
SHOWN: Final = 100
POLICY: Final = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
STRANGER: Final = ("someone@unknown.example", "Незнакомый отправитель")
WRITERS: Final = (*((row["email"], row["user_name"]) for row in CLIENTS), STRANGER)


@dataclass(frozen=True)
class Draft:
    """What somebody typed into the form."""

    writer: str = WRITERS[0][0]
    to: str = OWN_ADDRESSES[0]
    subject: str = ""
    text: str = ""
    in_reply_to: str = ""


@dataclass(frozen=True)
class Shown:
    """A letter as the page shows it."""

    stored: StoredLetter
    letter: ReceivedLetter

    @property
    def arrived(self) -> str:
        """Return when it came, by the clock of Moscow."""
        return f"{self.stored.accepted.arrived_at.astimezone(MOSCOW):%d.%m.%Y, %H:%M:%S}"

    @property
    def path(self) -> str:
        """Return the address of its own page."""
        return f"/letters/{quote(self.stored.recipient, safe='@')}/{self.stored.accepted.key}"

    @property
    def header(self) -> str:
        """Return the header as it came."""
        whole = self.stored.raw.replace(b"\r\n", b"\n")
        return whole.partition(b"\n\n")[0].decode(errors="replace")


class MailPage:
    """What the pages are made of: the letters kept and the way to send one."""

    def __init__(self, folder: Path, smtp: tuple[str, int]) -> None:
        """Show the post office's folder; send through its port."""
        self._maildirs, self._smtp = Maildirs(folder), smtp
        loader = FileSystemLoader(PLACE)
        self._templates = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)

    def mailboxes(self, draft: Draft, *, error: str = "", sent: bool = False) -> HTMLResponse:
        """Show every mailbox, and the form."""
        counts: dict[str, int] = {}
        for line in self._maildirs.accepted():
            for address in line.kept_for:
                counts[address] = counts.get(address, 0) + 1
        told = {"counts": counts, "draft": draft, "error": error, "sent": sent}
        return self._page("mailboxes.html", 422 if error else 200, **told)

    def mailbox(self, address: str) -> HTMLResponse:
        """Show the newest letters of a mailbox, newest first."""
        letters = self._maildirs.letters(address)
        newest = [_shown(one) for one in reversed(letters[-SHOWN:])]
        left_out = len(letters) - len(newest)
        return self._page("mailbox.html", address=address, letters=newest, left_out=left_out)

    def letter(self, address: str, key: str) -> HTMLResponse:
        """Show one letter, with the form to answer it where a client got it."""
        shown = _shown(self.find(address, key))
        draft = Draft(
            writer=address,
            subject=_answering(shown.letter.subject),
            in_reply_to=shown.letter.message_id,
        )
        may_answer = address in dict(WRITERS)
        return self._page("letter.html", shown=shown, draft=draft, may_answer=may_answer)

    def find(self, address: str, key: str) -> StoredLetter:
        """Return one letter.

        Raises:
            HTTPException: when there is none.

        """
        for letter in self._maildirs.letters(address):
            if letter.accepted.key == key:
                return letter
        raise HTTPException(404, "Такого письма нет: возможно, его удалили из ящика.")

    def send(self, draft: Draft, file: UploadFile | None) -> str:
        """Send a letter through the post office; return what went wrong, in words."""
        try:
            with smtplib.SMTP(*self._smtp, local_hostname="page.localhost", timeout=60) as line:
                line.send_message(_composed(draft, file), draft.writer, [draft.to])
        except smtplib.SMTPResponseException as refused:
            said = refused.smtp_error
            words = said.decode(errors="replace") if isinstance(said, bytes) else said
            return f"Письмо не принято: {refused.smtp_code} {words}"
        except OSError as fault:
            return f"Почта сейчас недоступна ({fault}). Отправьте ещё раз через минуту."
        return ""

    def _page(self, name: str, status: int = 200, **told: object) -> HTMLResponse:
        known = {"writers": WRITERS, "own": OWN_ADDRESSES, "journal": JOURNAL}
        html = self._templates.get_template(name).render(**known, **told)
        return HTMLResponse(html, status)


def create(folder: Path, smtp: tuple[str, int]) -> FastAPI:
    """Make the page over the post office's folder, sending through its SMTP port."""
    page = MailPage(folder, smtp)
    app = FastAPI(title="Почта", openapi_url=None)
    # A name that leads here from elsewhere would let a foreign page read the letters.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[LOOPBACK, "localhost"])
    app.middleware("http")(_guarded)
    _add_reading(app, page)
    _add_writing(app, page)
    return app


def _add_reading(app: FastAPI, page: MailPage) -> None:
    @app.get("/mailboxes/{address}")
    def show_mailbox(address: str) -> HTMLResponse:
        return page.mailbox(address)

    @app.get("/letters/{address}/{key}")
    def show_letter(address: str, key: str) -> HTMLResponse:
        return page.letter(address, key)

    @app.get("/letters/{address}/{key}/raw")
    def download_letter(address: str, key: str) -> Response:
        return _download(page.find(address, key).raw, f"{key}.eml")

    @app.get("/letters/{address}/{key}/files/{number}")
    def download_file(address: str, key: str, number: int) -> Response:
        files = reading.read(page.find(address, key).raw).attachments
        if number not in range(len(files)):
            raise HTTPException(404, "Такого файла в письме нет.")
        return _download(files[number].content, files[number].name)

    @app.get("/page.css")
    def show_style() -> Response:
        return Response((PLACE / "page.css").read_bytes(), media_type="text/css")


def _add_writing(app: FastAPI, page: MailPage) -> None:
    @app.get("/")
    def show_mailboxes(*, sent: bool = False) -> HTMLResponse:
        return page.mailboxes(Draft(), sent=sent)

    @app.post("/send", response_model=None)
    def send(
        draft: Annotated[Draft, Depends(_typed)], file: Annotated[UploadFile | None, File()] = None
    ) -> Response:
        if draft.writer not in dict(WRITERS) or draft.to not in OWN_ADDRESSES:
            raise HTTPException(422, "Писать можно только от имени клиента из списка.")
        error = page.send(draft, file) if draft.text.strip() else "Напишите текст письма."
        if error:
            return page.mailboxes(draft, error=error)
        return RedirectResponse("/?sent=true", 303)


async def _guarded(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Refuse what another site's page sends, and close each page to everything foreign."""
    origin = request.headers.get("origin")
    if origin and origin != f"http://{request.headers.get('host')}":
        return Response("Запрос пришёл с чужой страницы.", 403)
    response = await call_next(request)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response


def _typed(
    writer: Annotated[str, Form()],
    to: Annotated[str, Form()],
    subject: Annotated[str, Form()] = "",
    text: Annotated[str, Form()] = "",
    in_reply_to: Annotated[str, Form()] = "",
) -> Draft:
    return Draft(writer, to, subject, text, in_reply_to)


def _shown(stored: StoredLetter) -> Shown:
    return Shown(stored, reading.read(stored.raw))


def _download(content: bytes, name: str) -> Response:
    disposition = f"attachment; filename*=utf-8''{quote(name, safe='')}"
    return Response(
        content, media_type="application/octet-stream", headers={"Content-Disposition": disposition}
    )


def _answering(subject: str) -> str:
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"


def _composed(draft: Draft, file: UploadFile | None) -> EmailMessage:
    letter = EmailMessage(SMTP)
    letter["From"] = Address(dict(WRITERS)[draft.writer], addr_spec=draft.writer)
    letter["To"] = draft.to
    letter["Subject"] = " ".join(draft.subject.split())
    letter["Date"] = format_datetime(datetime.now(UTC))
    letter["Message-ID"] = make_msgid(domain=draft.writer.partition("@")[2])
    if draft.in_reply_to:
        letter["In-Reply-To"] = letter["References"] = " ".join(draft.in_reply_to.split())
    letter.set_content(draft.text)
    if file is not None and file.filename:
        kind, _, form = (file.content_type or "application/octet-stream").partition("/")
        letter.add_attachment(file.file.read(), kind, form or "*", filename=file.filename)
    return letter


def main() -> None:
    """Serve the page until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.page", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--smtp-port", type=int, required=True)
    given = parser.parse_args()
    app = create(given.folder, (LOOPBACK, given.smtp_port))
    uvicorn.run(app, host=LOOPBACK, port=given.port, log_level="warning", server_header=False)


if __name__ == "__main__":
    main()
