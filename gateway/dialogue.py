"""One dialogue in SMTP or LMTP: who may hold it, how much may be said, where a letter ends.

Carries out R28 and law 1. A letter ends at CR LF . CR LF and nowhere else, so that no letter can
be smuggled inside another (CVE-2023-51764); lines may be of any length, bytes of any kind.
"""

import asyncio
import logging
from asyncio import LimitOverrunError, StreamReader
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Protocol

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax
from typing_extensions import override

from mail.mime import LARGEST_LETTER

KNOWN: Final = "250 2.1.5 OK"
STRANGER: Final = "550 5.1.1 No such address here"
CROWD: Final = "452 4.5.3 Too many recipients"
TOO_LARGE: Final = f"552 5.3.4 A letter may have {LARGEST_LETTER} bytes"
NOT_NOW: Final = "451 4.3.0 The letter could not be kept, try again later"
NOT_TOLD: Final = "502 5.5.1 Addresses are not told here"
GO_ON: Final = "354 End data with <CR><LF>.<CR><LF>"
NO_RECIPIENT: Final = "503 5.5.1 Name a recipient first"
END: Final = b"\r\n.\r\n"
LONGEST_COMMAND: Final = 65_536
LOGINS: Final = ("LOGIN", "PLAIN")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """How much a door bears: dialogues, all and of one peer, and within one, and how long."""

    dialogues: int = 100
    dialogues_of_one: int = 50
    letters: int = 10_000
    commands: int = 50_000
    recipients: int = 100
    read_at_once: int = 16
    idle_seconds: float = 300.0  # RFC 5321 §4.5.3.2.7
    keep_seconds: float = 60.0


class Desk(Protocol):
    """What stands behind a dialogue."""

    limits: Limits
    reading: asyncio.Semaphore
    dialogues: "set[SmtpDialogue]"

    def at_work(self) -> AbstractContextManager[None]:
        """Wait, before the doors close, for what is done in this context."""

    def refusal_for(self, peer: str) -> str:
        """Say why this peer may not speak now; empty when it may."""

    def knows(self, address: str) -> bool:
        """Tell whether the address is one of ours."""

    async def keep(self, content: bytes, envelope: Envelope, door: str) -> str:
        """Keep the letter and return the reply; never raises."""


class Clerk:
    """What is answered at each step; the names and arguments are aiosmtpd's."""

    def __init__(self, desk: Desk) -> None:
        """Ask this desk."""
        self.desk = desk

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name and arguments
        self,
        _server: SMTP,
        session: Session,
        _envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        """Offer what we do, and no way to log in: nobody does here."""
        session.host_name = hostname
        offered = [line for line in responses if not line.startswith("250-AUTH")]
        return [*offered[:-1], "250-PIPELINING", offered[-1]]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name and arguments
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        """Take a recipient of ours."""
        if not self.desk.knows(address):
            return STRANGER
        if len(envelope.rcpt_tos) >= self.desk.limits.recipients:
            return CROWD
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return KNOWN

    async def handle_VRFY(  # noqa: N802 - aiosmtpd's name and arguments
        self, _server: SMTP, _session: Session, _envelope: Envelope, _address: str
    ) -> str:
        """Tell nobody which addresses there are."""
        return NOT_TOLD

    async def handle_exception(self, error: Exception) -> str:
        """Put the sender off: whatever broke, the letter stays with it."""
        log.error("a dialogue broke", exc_info=error)
        return NOT_NOW


class SmtpDialogue(SMTP):
    """A dialogue at the SMTP door."""

    line_length_limit = LONGEST_COMMAND
    door = "smtp"

    @property
    def desk(self) -> Desk:
        """Return what stands behind."""
        desk: Desk = self.event_handler.desk
        return desk

    @property
    def written(self) -> Envelope:
        """Return the envelope of the letter in hand."""
        return self.envelope or self._create_envelope()

    @property
    def peer(self) -> str:
        """Return the address of the other end; empty when there is none any more."""
        address = self.session.peer if self.session else None
        return address[0] if address else ""

    def for_each(self, reply: str) -> str:
        """Return the reply to a letter, as the protocol wants it."""
        return reply

    @syntax("DATA")
    @override
    async def smtp_DATA(self, arg: str) -> None:
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
        elif not self.written.rcpt_tos:
            await self.push(NO_RECIPIENT)
        else:
            await self._take_letter()

    async def _take_letter(self) -> None:
        """Read a letter and answer for it; a few are read at a time, whoever sends."""
        async with self.desk.reading:
            await self.push(GO_ON)
            content = await read_letter(self._reader, LARGEST_LETTER)
            with self.desk.at_work():
                await self.push(self.for_each(await self._reply(content)))
        self.envelope = self._create_envelope()

    async def _reply(self, content: bytes | None) -> str:
        if content is None:
            return TOO_LARGE
        return await self.desk.keep(content, self.written, self.door)

    @override
    def connection_lost(self, error: Exception | None) -> None:
        self.desk.dialogues.discard(self)
        super().connection_lost(error)

    @override
    async def _handle_client(self) -> None:
        """Turn away at the greeting whoever may not speak."""
        if refusal := self.desk.refusal_for(self.peer):
            await self.push(refusal)
            self._writer.close()
        else:
            await super()._handle_client()

    @override
    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """Read an address; the library raises on some that are none."""
        try:
            read: tuple[str | None, str | None] = super()._getaddr(arg)
        except Exception:  # noqa: BLE001 - IndexError and others, by the bytes a stranger sends
            return None, None
        return read


class LmtpDialogue(LMTP, SmtpDialogue):
    """A dialogue at the LMTP door, which answers for each recipient (RFC 2033 §4.2)."""

    door = "lmtp"

    @override
    def for_each(self, reply: str) -> str:
        return "\r\n".join([reply] * len(self.written.rcpt_tos))


async def read_letter(reader: StreamReader, most: int) -> bytes | None:
    """Read a letter to its end, its dots unstuffed; None when more bytes than `most` were sent."""
    content, is_too_large = bytearray(END[:2]), False  # a lone dot may come first
    while not content.endswith(END):
        try:
            content += await reader.readuntil(END[2:])
        except LimitOverrunError as overrun:
            content += await reader.read(overrun.consumed)
        is_too_large = is_too_large or len(content) > most + len(END)
        if is_too_large:
            del content[: -len(END)]
    return None if is_too_large else bytes(content[:-3]).replace(b"\r\n.", b"\r\n")[2:]
