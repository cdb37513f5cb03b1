"""An SMTP server: the way to a connection that may carry letters, and what its replies mean.

RFC 5321 4.2.1, RFC 3207 (STARTTLS), RFC 8314 (TLS from the first byte), RFC 4954 (AUTH). The
server's certificate is always checked, and a password leaves this machine over TLS only.
"""

import smtplib
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

GOODBYE_SECONDS = 2
THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
LONGEST_ANSWER = 300

Reply = tuple[int, bytes]
Security = Literal["none", "starttls", "tls"]


class TemporaryRefusalError(Exception):
    """The server did not take the letter; it may later. Nothing has left.

    `is_of_domain` when its words are about the whole domain of the recipient, `is_of_server` when
    no letter at all would leave until our own mail is mended.
    """

    def __init__(
        self, said: str, *, is_of_domain: bool = False, is_of_server: bool = False
    ) -> None:
        """Keep what was said."""
        super().__init__(said)
        self.is_of_domain, self.is_of_server = is_of_domain, is_of_server


class PermanentRefusalError(Exception):
    """The server will never take this letter for this address."""


class UnclearEndError(Exception):
    """The dialogue broke after the letter was given: it may or may not have left.

    `is_hanging` when the server only fell silent, so that it may still be at work on the letter.
    """

    def __init__(self, why: str, *, is_hanging: bool = False) -> None:
        """Keep why nobody knows."""
        super().__init__(why)
        self.is_hanging = is_hanging


@dataclass(frozen=True)
class Server:
    """An SMTP server and how to speak to it.

    `ca_file` names an authority of the house's own; `reply_seconds` is the wait for each answer.
    """

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    security: Security = "none"
    ca_file: Path | None = None
    reply_seconds: float = 10.0


def connect(server: Server) -> smtplib.SMTP:
    """Return a connection that is greeted, sealed and signed in as the server asks for it.

    Raises:
        TemporaryRefusalError: with the reason in words for whoever operates us, without secrets.

    """
    try:
        smtp = _dial(server)
        try:
            _enter(smtp, server)
        except BaseException:
            smtp.close()
            raise
    except (smtplib.SMTPException, OSError) as fault:
        raise TemporaryRefusalError(reason_of(fault), is_of_server=True) from None
    return smtp


def answers(smtp: smtplib.SMTP) -> bool:
    """Tell whether an idle connection still carries letters; one that does not is closed."""
    try:
        if smtp.rset()[0] // 100 == 2:  # noqa: PLR2004 - SMTP's "yes"
            return True
    except (smtplib.SMTPException, OSError):
        pass
    smtp.close()
    return False


def hang_up(smtp: smtplib.SMTP) -> None:
    """Take leave, without waiting long for the answer."""
    try:
        wait_at_most(smtp, GOODBYE_SECONDS)
        smtp.quit()
    except (smtplib.SMTPException, OSError):
        smtp.close()


def wait_at_most(smtp: smtplib.SMTP, seconds: float) -> None:
    """Bound each further wait on this connection."""
    if smtp.sock is not None:
        smtp.sock.settimeout(seconds)


def demand(reply: Reply, *, is_of_domain: bool = False) -> str:
    """Return what the server said if it says yes.

    Raises:
        TemporaryRefusalError: for a "not now", and for words that are no answer at all.
        PermanentRefusalError: for a "never".

    """
    code, said = reply[0], words(reply)
    if code // 100 == 2:  # noqa: PLR2004 - RFC 5321 4.2.1: the first digit decides
        return said
    if code // 100 == 5:  # noqa: PLR2004 - as above
        raise PermanentRefusalError(said)
    is_about_mailbox = said[4:].startswith(("4.1.", "4.2."))  # RFC 3463: its address, its mailbox
    is_refusal = code // 100 == 4  # noqa: PLR2004 - as above
    of_domain = is_of_domain and is_refusal and not is_about_mailbox
    raise TemporaryRefusalError(said, is_of_domain=of_domain)


def words(reply: Reply) -> str:
    """Return a reply as one line for people."""
    code, answer = reply
    return " ".join(f"{code} {answer.decode(errors='replace')}".split())[:LONGEST_ANSWER]


def reason_of(fault: Exception) -> str:
    """Say what is wrong between us and the server, so that its operator knows what to mend."""
    if isinstance(fault, ssl.SSLError):
        return _reason_of_tls(fault)
    if isinstance(fault, smtplib.SMTPResponseException):
        return _reason_of_reply(fault)
    if isinstance(fault, smtplib.SMTPNotSupportedError):
        return f"почтовый сервер не предлагает того, что ему назначено: {fault}"
    if isinstance(fault, TimeoutError) or isinstance(fault.__context__, TimeoutError):
        return "почтовый сервер не отвечает"
    return f"нет связи с почтовым сервером: {fault}"


def _reason_of_tls(fault: ssl.SSLError) -> str:
    if isinstance(fault, ssl.SSLCertVerificationError):
        return f"сертификат почтового сервера не принят: {fault.verify_message}"
    return f"TLS с почтовым сервером не установлен: {fault.reason or fault.strerror}"


def _reason_of_reply(fault: smtplib.SMTPResponseException) -> str:
    if isinstance(fault, smtplib.SMTPAuthenticationError):
        # The server's own words may repeat what was sent.
        return f"почтовый сервер не принял имя и пароль службы: {fault.smtp_code}"
    said = fault.smtp_error
    return words((fault.smtp_code, said if isinstance(said, bytes) else said.encode()))


def _dial(server: Server) -> smtplib.SMTP:
    if server.security == "tls":
        context = ssl.create_default_context(cafile=server.ca_file)
        return smtplib.SMTP_SSL(
            server.host, server.port, timeout=server.reply_seconds, context=context
        )
    return smtplib.SMTP(server.host, server.port, timeout=server.reply_seconds)


def _enter(smtp: smtplib.SMTP, server: Server) -> None:
    if server.security == "starttls":
        smtp.starttls(context=ssl.create_default_context(cafile=server.ca_file))
    smtp.ehlo_or_helo_if_needed()
    if not server.user:
        return
    if server.security == "none" and server.host not in THIS_MACHINE:
        raise smtplib.SMTPException("без TLS пароль не отправляется")
    smtp.login(server.user, server.password)
