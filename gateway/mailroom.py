"""The door for the site's own mail server: SMTP and LMTP, 250 only when the letter is kept.

Carries out R28 and law 1: until the commit the sender keeps the letter (RFC 5321 §4.2.5, RFC 2033);
any failure of the register is a temporary refusal.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final, cast

from aiosmtpd.smtp import SMTP, Envelope

from gateway.dialogue import LOGINS, NOT_NOW, Clerk, Limits, LmtpDialogue, SmtpDialogue
from gateway.relay import Clock, wall_clock
from gateway.sorting import Sorter
from mail.addresses import is_one_of
from mail.mime import LARGEST_LETTER
from storage import filing, raw_letters
from storage.database import Database
from storage.raw_letters import Arrival
from workflows.installation import Installation

KEPT: Final = "250 2.0.0 Accepted"
FOREIGN: Final = "554 5.7.1 This door is for the site's own mail server"
BUSY: Final = "421 4.3.2 Too many connections, try again later"
LIMITS: Final = Limits()
KEEPERS: Final = 8
GRACE_SECONDS: Final = 5.0
# So many turns of the loop lie between a connection that is let in and its dialogue.
TURNS_TO_BEGIN: Final = 3

log = logging.getLogger(__name__)


class Mailroom:
    """Two servers, SMTP and LMTP, over one register."""

    def __init__(
        self,
        database: Database,
        sorter: Sorter,
        settings: Installation,
        clock: Clock = wall_clock,
        limits: Limits = LIMITS,
    ) -> None:
        """Keep letters here, wake that sorter; a port of 0 becomes a free one."""
        self._database, self._sorter, self._clock = database, sorter, clock
        self._host = settings.door_host
        self._wanted = (settings.door_port, settings.lmtp_port)
        self._own = frozenset(address.lower() for address in settings.own_addresses)
        self._peers = tuple(ip_network(network) for network in settings.door_peers)
        self._tls = _tls(settings)
        self._keepers = ThreadPoolExecutor(KEEPERS, "keeper")
        self.dialogues: set[SmtpDialogue] = set()
        self._is_open = asyncio.Event()
        self.limits, self.reading = limits, asyncio.Semaphore(limits.read_at_once)
        self._at_work, self._at_rest = 0, asyncio.Event()
        self._at_rest.set()
        self.smtp_port = self.lmtp_port = 0

    async def run(self) -> None:
        """Take letters until cancelled; one that is being kept then is answered for first."""
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd writes addresses there
        loop = asyncio.get_running_loop()
        smtp_port, lmtp_port = self._wanted
        smtp = await loop.create_server(self._admit(SmtpDialogue), self._host, smtp_port)
        lmtp = await loop.create_server(self._admit(LmtpDialogue), self._host, lmtp_port)
        try:
            self.smtp_port, self.lmtp_port = _port(smtp), _port(lmtp)
            self._is_open.set()
            await loop.create_future()
        finally:
            await _close(smtp, lmtp)
            await self._send_away()

    async def opened(self) -> None:
        """Wait until both doors are open and their ports are known."""
        await self._is_open.wait()

    def knows(self, address: str) -> bool:
        """Tell whether the address is one of ours."""
        return is_one_of(address, self._own)

    def refusal_for(self, peer: str) -> str:
        """Say why this peer may not speak now; its own connection counts already."""
        if not self._may_knock(peer):
            return FOREIGN
        peers = [dialogue.peer for dialogue in self.dialogues]
        is_full = len(peers) > self.limits.dialogues
        return BUSY if is_full or peers.count(peer) > self.limits.dialogues_of_one else ""

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Hold the doors open, for a while, for what is done in this context."""
        self._at_work += 1
        self._at_rest.clear()
        try:
            yield
        finally:
            self._at_work -= 1
            if not self._at_work:
                self._at_rest.set()

    async def keep(self, content: bytes, envelope: Envelope, door: str) -> str:
        """Keep the letter, wake the sorter and return the reply.

        A register that does not answer in time may yet keep the letter: the sender gives it
        again, and it is known by its bytes.
        """
        arrival = _arrival(content, envelope, door, self._clock())
        loop = asyncio.get_running_loop()
        try:
            keeping = loop.run_in_executor(self._keepers, self._keep, arrival)
            await asyncio.wait_for(keeping, self.limits.keep_seconds)
        except TimeoutError:
            log.error("the register does not answer")  # noqa: TRY400 - it has no words to add
            return NOT_NOW
        except Exception:
            log.exception("a letter could not be kept")
            return NOT_NOW
        self._sorter.wake()
        return KEPT

    def _keep(self, arrival: Arrival) -> None:
        with self._database.transaction() as connection:
            raw_letters.keep(connection, arrival)
            filing.announce(connection)

    def _admit(self, kind: type[SmtpDialogue]) -> Callable[[], SMTP]:
        def admit() -> SMTP:
            dialogue = kind(
                Clerk(self),
                data_size_limit=LARGEST_LETTER,
                enable_SMTPUTF8=True,
                hostname="support",
                ident="",
                tls_context=self._tls if kind is SmtpDialogue else None,
                timeout=self.limits.idle_seconds,
                auth_exclude_mechanism=LOGINS,
                command_call_limit={"MAIL": self.limits.letters, "*": self.limits.commands},
            )
            self.dialogues.add(dialogue)
            return dialogue

        return admit

    def _may_knock(self, peer: str) -> bool:
        """Tell whether the peer is in one of the networks from which letters are taken."""
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        if isinstance(address, IPv6Address):
            address = address.ipv4_mapped or address
        return any(address in network for network in self._peers)

    async def _send_away(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._at_rest.wait(), GRACE_SECONDS)
        for dialogue in tuple(self.dialogues):
            if dialogue.transport is not None:
                cast("asyncio.Transport", dialogue.transport).abort()
        self._keepers.shutdown(wait=False)


async def _close(*servers: asyncio.Server) -> None:
    """Let nobody in any more; whoever was let in a moment ago has a dialogue that can be ended."""
    loop = asyncio.get_running_loop()
    for listening in (one for server in servers for one in server.sockets):
        loop.remove_reader(listening.fileno())
    for _ in range(TURNS_TO_BEGIN):
        await asyncio.sleep(0)
    for server in servers:
        server.close()


def _arrival(content: bytes, envelope: Envelope, door: str, received_at: datetime) -> Arrival:
    """Return the letter with its envelope; an empty sender, given as "<>", is empty."""
    sender = "" if envelope.mail_from in {None, "<>"} else str(envelope.mail_from)
    return Arrival(
        content=content,
        door=door,
        received_at=received_at,
        envelope_from=_storable(sender),
        envelope_to=tuple(_storable(address) for address in envelope.rcpt_tos),
    )


def _storable(text: str) -> str:
    """Put a mark in place of what is no character: no register would take it, ever."""
    return text.encode(errors="replace").decode().replace("\0", "?")


def _tls(settings: Installation) -> ssl.SSLContext | None:
    """Return what STARTTLS needs, when there is a certificate."""
    if settings.door_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.door_certificate, settings.door_key)
    return context


def _port(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port
