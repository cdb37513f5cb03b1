"""The door for the site's own mail server: SMTP and LMTP, 250 only when the letter is kept.

Carries out R28 and law 1: until the commit the sender keeps the letter (RFC 5321 §4.2.5, RFC 2033);
any failure of the register is a temporary refusal.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import AnyStr, Final, cast

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from typing_extensions import override

from gateway.relay import Clock, wall_clock
from gateway.sorting import Sorter
from mail.mime import LARGEST_LETTER
from storage import filing, raw_letters
from storage.database import Database
from storage.raw_letters import Arrival
from workflows.installation import Installation

KEPT: Final = "250 2.0.0 Accepted"
KNOWN: Final = "250 2.1.5 OK"
STRANGER: Final = "550 5.1.1 No such address here"
NOT_NOW: Final = "451 4.3.0 The letter could not be kept, try again later"
LONGEST_LINE: Final = 1_000_000  # strangers break the limit of 998
# What aiosmtpd says by itself, once, where RFC 2033 wants it once for each recipient.
AFTER_DATA: Final = ("552 Error: Too much", "500 Line too long")

log = logging.getLogger(__name__)


class Mailroom:
    """Two servers, SMTP and LMTP, over one register."""

    def __init__(
        self,
        database: Database,
        sorter: Sorter,
        settings: Installation,
        clock: Clock = wall_clock,
    ) -> None:
        """Keep letters here, wake that sorter; a port of 0 becomes a free one."""
        self._database, self._sorter, self._clock = database, sorter, clock
        self._host = settings.door_host
        self._wanted = (settings.door_port, settings.lmtp_port)
        self._own = frozenset(address.lower() for address in settings.own_addresses)
        self._sessions: set[SMTP] = set()
        self._is_open = asyncio.Event()
        self.smtp_port = self.lmtp_port = 0

    async def run(self) -> None:
        """Take letters until cancelled; one that is being kept then comes to rest first."""
        logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd writes addresses there
        loop = asyncio.get_running_loop()
        smtp_port, lmtp_port = self._wanted
        smtp = await loop.create_server(self._admit(_SmtpSession, "smtp"), self._host, smtp_port)
        lmtp = await loop.create_server(self._admit(_LmtpSession, "lmtp"), self._host, lmtp_port)
        try:
            self.smtp_port, self.lmtp_port = _port(smtp), _port(lmtp)
            self._is_open.set()
            await loop.create_future()
        finally:
            smtp.close()
            lmtp.close()
            self._send_away()

    async def opened(self) -> None:
        """Wait until both doors are open and their ports are known."""
        await self._is_open.wait()

    def knows(self, address: str) -> bool:
        """Tell whether the address is one of ours."""
        return address.lower() in self._own

    async def keep(self, envelope: Envelope, door: str) -> str:
        """Keep the letter, wake the sorter and return the reply."""
        try:
            await asyncio.to_thread(self._keep, _arrival(envelope, door, self._clock()))
        except Exception:
            log.exception("a letter could not be kept")
            return NOT_NOW
        self._sorter.wake()
        return KEPT

    def _keep(self, arrival: Arrival) -> None:
        with self._database.transaction() as connection:
            raw_letters.keep(connection, arrival)
            filing.announce(connection)

    def _admit(self, kind: "type[_SmtpSession | _LmtpSession]", door: str) -> Callable[[], SMTP]:
        def admit() -> SMTP:
            self._sessions = {one for one in self._sessions if one.transport is not None}
            session = kind(
                _Clerk(self, door),
                data_size_limit=LARGEST_LETTER,
                enable_SMTPUTF8=True,
                hostname="support",
                ident="",
            )
            self._sessions.add(session)
            return session

        return admit

    def _send_away(self) -> None:
        for session in self._sessions:
            if session.transport is not None:
                cast("asyncio.Transport", session.transport).abort()


class _SmtpSession(SMTP):
    line_length_limit = LONGEST_LINE


class _LmtpSession(LMTP):
    line_length_limit = LONGEST_LINE

    @override
    async def push(self, status: AnyStr) -> None:
        if isinstance(status, str) and status.startswith(AFTER_DATA):
            await super().push(_for_each(self.envelope, status))
        else:
            await super().push(status)


class _Clerk:
    """What happens at each step of the dialogue; the names and arguments are aiosmtpd's."""

    def __init__(self, mailroom: Mailroom, door: str) -> None:
        self._mailroom, self._door = mailroom, door

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name and arguments
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if not self._mailroom.knows(address):
            return STRANGER
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return KNOWN

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        reply = await self._mailroom.keep(envelope, self._door)
        return _for_each(envelope, reply) if self._door == "lmtp" else reply

    async def handle_exception(self, error: Exception) -> str:
        log.error("a dialogue broke", exc_info=error)
        return NOT_NOW


def _for_each(envelope: Envelope | None, reply: str) -> str:
    """Repeat the reply for every recipient, as LMTP wants after a letter (RFC 2033 §4.2)."""
    return "\r\n".join([reply] * len(envelope.rcpt_tos if envelope else ()))


def _arrival(envelope: Envelope, door: str, received_at: datetime) -> Arrival:
    """Return the letter with its envelope; an empty sender, given as "<>", is empty."""
    sender = "" if envelope.mail_from in {None, "<>"} else str(envelope.mail_from)
    return Arrival(
        content=envelope.original_content or b"",
        door=door,
        received_at=received_at,
        envelope_from=sender,
        envelope_to=tuple(envelope.rcpt_tos),
    )


def _port(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port
