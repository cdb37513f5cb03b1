"""The way out of the house: one SMTP server, connections kept open, and a journal to look into.

A letter goes to its client and to the journal in one SMTP transaction, so that an unclear end
can be made clear by looking for its Message-ID before any second try (law 2; RFC 5321 §4.5.4).
"""

import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, LifoQueue

from imapclient import IMAPClient

PERMANENT = 500
DIALOGUE_SECONDS = 15


class TemporaryRefusalError(Exception):
    """The server did not take the letter; it may later. Nothing has left."""


class PermanentRefusalError(Exception):
    """The server will never take this letter for this address."""


class UnclearEndError(Exception):
    """The dialogue broke after the letter was given: it may or may not have left."""


@dataclass(frozen=True)
class Server:
    """An SMTP server and how to speak to it."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    security: str = "none"


class Post:
    """Gives letters to one SMTP server, each with a copy to the journal if there is one."""

    def __init__(self, server: Server, sender: str, journal: str = "") -> None:
        """Send through this server, bounces to `sender`, copies to `journal`."""
        self._server, self._sender, self._journal = server, sender, journal
        self._idle: LifoQueue[smtplib.SMTP] = LifoQueue()

    def send(self, recipient: str, mime: bytes) -> str:
        """Give a letter to the server and return its answer.

        Raises:
            TemporaryRefusalError: nothing has left; try later.
            PermanentRefusalError: it will never leave.
            UnclearEndError: look into the journal first.

        """
        with self._connection() as smtp:
            self._address(smtp, recipient)
            return _give(smtp, mime)

    def close(self) -> None:
        """Say goodbye on every idle connection."""
        while not self._idle.empty():
            _hang_up(self._idle.get_nowait())

    def _address(self, smtp: smtplib.SMTP, recipient: str) -> None:
        _demand(smtp.mail(self._sender))
        for address in filter(None, (recipient, self._journal)):
            _demand(smtp.rcpt(address))

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        smtp = self._open()
        try:
            yield smtp
        except (TemporaryRefusalError, PermanentRefusalError, UnclearEndError):
            _hang_up(smtp)
            raise
        except (smtplib.SMTPException, OSError) as fault:
            _hang_up(smtp)
            raise TemporaryRefusalError(str(fault)) from None
        self._idle.put(smtp)

    def _open(self) -> smtplib.SMTP:
        """Return a connection that answers: an idle one, or a new one."""
        while True:
            try:
                smtp = self._idle.get_nowait()
            except Empty:
                return self._connect()
            if _answers(smtp):
                return smtp

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        try:
            smtp = smtplib.SMTP(server.host, server.port, timeout=DIALOGUE_SECONDS)
            if server.security == "starttls":
                smtp.starttls()
            smtp.ehlo_or_helo_if_needed()
            if server.user:
                smtp.login(server.user, server.password)
        except (smtplib.SMTPException, OSError) as fault:
            raise TemporaryRefusalError(str(fault)) from None
        return smtp


@dataclass(frozen=True)
class Journal:
    """The mailbox that gets a copy of every letter, looked into over IMAP."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    tls: bool = True

    def has(self, message_id: str) -> bool:
        """Tell whether a letter with this Message-ID left the house."""
        with IMAPClient(self.host, self.port, ssl=self.tls, timeout=DIALOGUE_SECONDS) as imap:
            imap.login(self.user, self.password)
            imap.select_folder(self.folder, readonly=True)
            return bool(imap.search(["HEADER", "Message-ID", message_id]))


Lookup = Callable[[str], bool]


def _give(smtp: smtplib.SMTP, mime: bytes) -> str:
    try:
        code, answer = smtp.data(mime)
    except smtplib.SMTPDataError as refused:
        _demand((refused.smtp_code, _bytes(refused.smtp_error)))
        raise TemporaryRefusalError(str(refused)) from None
    except (smtplib.SMTPException, OSError) as broken:
        raise UnclearEndError(str(broken)) from None
    _demand((code, answer))
    return f"{code} {answer.decode(errors='replace')}"[:300]


def _demand(reply: tuple[int, bytes]) -> None:
    code, answer = reply
    said = f"{code} {answer.decode(errors='replace')}"[:300]
    if code >= PERMANENT:
        raise PermanentRefusalError(said)
    if code not in {250, 251, 252}:
        raise TemporaryRefusalError(said)


def _bytes(said: bytes | str) -> bytes:
    return said if isinstance(said, bytes) else said.encode()


def _answers(smtp: smtplib.SMTP) -> bool:
    try:
        return smtp.rset()[0] == 250  # noqa: PLR2004 - SMTP's "ok"
    except (smtplib.SMTPException, OSError):
        _hang_up(smtp)
        return False


def _hang_up(smtp: smtplib.SMTP) -> None:
    try:
        smtp.quit()
    except (smtplib.SMTPException, OSError):
        smtp.close()
