"""The way out of the house: one SMTP server, its connections kept open, one dialogue a letter.

A letter goes to its client and to the journal in one SMTP transaction, so that an unclear end
can be made clear by looking for its Message-ID before any second try (law 2; RFC 5321 4.5.4). News
of its delivery is asked for where the server can give it (RFC 3461). Carries out R33 and R46.
"""

import re
import smtplib
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty, LifoQueue

from activities.smtp import (
    PermanentRefusalError,
    Server,
    TemporaryRefusalError,
    UnclearEndError,
    answers,
    connect,
    demand,
    hang_up,
    reason_of,
    wait_at_most,
    words,
)

TRY_SECONDS = 28.0
GO_ON = 354
OUTCOMES = (2, 4, 5)
LONGEST_ENVELOPE_ID = 100
ADDRESS = re.compile(r"[^\s<>@\x00-\x1f\x7f]+@[^\s<>@\x00-\x1f\x7f]+")
FIRST_POINT = re.compile(rb"(?m)^\.")


class Post:
    """Gives letters to one SMTP server, each with a copy to the journal if there is one."""

    def __init__(self, server: Server, sender: str, journal: str = "") -> None:
        """Send through this server, bounces to `sender`, copies to `journal`."""
        self._server, self._sender, self._journal = server, sender, journal
        self._idle: LifoQueue[smtplib.SMTP] = LifoQueue()

    def send(
        self,
        recipient: str,
        mime: bytes,
        message_id: str = "",
        seconds: float = TRY_SECONDS,
        *,
        is_secret: bool = False,
    ) -> str:
        """Give a letter to the server and return its answer, all within so many seconds.

        A secret one leaves no copy in the journal.

        Raises:
            TemporaryRefusalError: nothing has left; try later.
            PermanentRefusalError: it will never leave.
            UnclearEndError: look into the journal first.

        """
        ends_at = time.monotonic() + seconds
        with self._connection() as smtp:
            self._address(smtp, recipient, mime, message_id)
            if self._journal and not is_secret:
                self._copy(smtp)
            return self._give(smtp, mime, ends_at)

    def close(self) -> None:
        """Say goodbye on every idle connection."""
        while not self._idle.empty():
            hang_up(self._idle.get_nowait())

    def _address(self, smtp: smtplib.SMTP, recipient: str, mime: bytes, message_id: str) -> None:
        """Name sender and client; a refusal of ours, or later of the journal, is not the client's.

        Raises:
            TemporaryRefusalError: also where the sender is refused for good: that is for us to
                mend, and the letter waits.

        """
        to = _routable(smtp, recipient)
        options = _letter_options(smtp, to, mime, message_id)
        _mend(smtp.mail(self._sender, options), "адрес отправителя не принят")
        demand(smtp.rcpt(to, _client_options(smtp, to)), is_of_domain=True)

    def _copy(self, smtp: smtplib.SMTP) -> None:
        never = ["NOTIFY=NEVER"] if smtp.has_extn("dsn") else []
        _mend(smtp.rcpt(self._journal, never), "журнал отправленных писем не принял копию")

    def _give(self, smtp: smtplib.SMTP, mime: bytes, ends_at: float) -> str:
        """Give the letter itself; from here on until the answer nobody knows whether it left."""
        reply = smtp.docmd("DATA")
        if reply[0] != GO_ON:
            demand(reply, is_of_domain=True)
            raise TemporaryRefusalError(words(reply))
        left = ends_at - time.monotonic()
        if left < self._server.reply_seconds:
            smtp.close()  # a goodbye would be read as the letter
            raise TemporaryRefusalError("почтовый сервер слишком медлит", is_of_server=True)
        # Once for the letter, once for the answer, which may take longer than any other.
        wait_at_most(smtp, min(left / 2, 3 * self._server.reply_seconds))
        reply = _outcome(smtp, _transparent(mime))
        if reply[0] // 100 not in OUTCOMES:
            raise UnclearEndError(f"ответ почтового сервера непонятен: {words(reply)}")
        return demand(reply, is_of_domain=True)

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        smtp = self._open()
        try:
            yield smtp
        except (TemporaryRefusalError, PermanentRefusalError):
            hang_up(smtp)
            raise
        except (smtplib.SMTPException, OSError) as fault:
            smtp.close()
            raise TemporaryRefusalError(reason_of(fault), is_of_server=True) from None
        except BaseException:
            smtp.close()
            raise
        wait_at_most(smtp, self._server.reply_seconds)
        self._idle.put(smtp)

    def _open(self) -> smtplib.SMTP:
        """Return a connection that answers: the one used last, or a new one."""
        with suppress(Empty):
            smtp = self._idle.get_nowait()
            if answers(smtp):
                return smtp
            while True:  # the others have been idle for longer still
                self._idle.get_nowait().close()
        return connect(self._server)


def _outcome(smtp: smtplib.SMTP, data: bytes) -> tuple[int, bytes]:
    try:
        smtp.send(data)
        return smtp.getreply()
    except (smtplib.SMTPException, OSError) as broken:
        is_hanging = isinstance(broken.__context__, TimeoutError)
        raise UnclearEndError(reason_of(broken), is_hanging=is_hanging) from None


def _transparent(mime: bytes) -> bytes:
    """Write a letter so that no line of it ends it (RFC 5321 4.5.2)."""
    ended = mime if mime.endswith(b"\r\n") else mime + b"\r\n"
    return FIRST_POINT.sub(b"..", ended) + b".\r\n"


def _mend(reply: tuple[int, bytes], what: str) -> None:
    """Demand what only we can mend.

    Raises:
        TemporaryRefusalError: naming it.

    """
    try:
        demand(reply)
    except (TemporaryRefusalError, PermanentRefusalError) as refused:
        raise TemporaryRefusalError(f"{what}: {refused}", is_of_server=True) from None


def _routable(smtp: smtplib.SMTP, recipient: str) -> str:
    """Return the address as this server takes it, its domain in ASCII (RFC 5890).

    Raises:
        PermanentRefusalError: when it takes no such address.

    """
    if not ADDRESS.fullmatch(recipient):
        raise PermanentRefusalError("это не адрес электронной почты")
    local, _, domain = recipient.rpartition("@")
    if not local.isascii() and not smtp.has_extn("smtputf8"):
        raise PermanentRefusalError("адресу нужно SMTPUTF8, а почтовый сервер его не умеет")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        raise PermanentRefusalError("у адреса нет верного домена") from None


def _letter_options(smtp: smtplib.SMTP, to: str, mime: bytes, message_id: str) -> list[str]:
    options = []
    if smtp.has_extn("8bitmime") and not mime.isascii():
        options.append("BODY=8BITMIME")
    if not to.isascii():
        options.append("SMTPUTF8")
    if smtp.has_extn("dsn"):
        options.append("RET=HDRS")
        envelope_id = _xtext(message_id.strip("<>"))
        if 0 < len(envelope_id) <= LONGEST_ENVELOPE_ID:
            options.append(f"ENVID={envelope_id}")
    return options


def _client_options(smtp: smtplib.SMTP, to: str) -> list[str]:
    if not smtp.has_extn("dsn"):
        return []
    original = [f"ORCPT=rfc822;{_xtext(to)}"] if to.isascii() else []
    return ["NOTIFY=FAILURE,DELAY", *original]


def _xtext(value: str) -> str:
    """Write a value as a parameter of SMTP (RFC 3461 4)."""
    return "".join(
        sign if "!" <= sign <= "~" and sign not in "+=" else f"+{ord(sign):02X}" for sign in value
    )
