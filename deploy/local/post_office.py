"""The world's mail server on one machine: what is ours goes to the door, all else into Maildirs.

It says 250 only when every copy is on disk and the door has taken ours; otherwise the sender keeps
the letter. The journal mailbox is served over IMAP. Tests may disturb any step of a delivery.
"""

import argparse
import asyncio
import logging
import signal
import socket
import threading
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local import journal, processes
from deploy.local.delivery import DROP, HOST_NAME, Delivery, Fault, Stage, refusal_at
from deploy.local.maildirs import Maildirs, StoredLetter
from deploy.local.processes import LOOPBACK, Child

JOURNAL: Final = "journal@profman.ru"
_ACCEPTED: Final = "250 2.0.0 Accepted"
_RECIPIENT_OK: Final = "250 2.1.5 OK"
_NO_ROOM: Final = "451 4.3.0 The letter could not be kept, try again later"
_LONGEST_LINE: Final = 1_000_000  # strangers break the limit of 998
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PostOfficeOptions:
    """Whose letters go where: `own` addresses to the door, the journal and all others are kept."""

    folder: Path
    own: frozenset[str]
    door: tuple[str, int]
    port: int | None = None
    journal: str | None = JOURNAL  # None: no IMAP
    fault: Fault | None = None


class PostOffice:
    """A running mail server, in a thread of its own."""

    def __init__(self, options: PostOfficeOptions) -> None:
        """Name whose letters go where; nothing is opened before `start`."""
        self.maildirs = Maildirs(options.folder)
        self.journal_imap: journal.ImapAccess | None = None
        self._options = options
        self._own = frozenset(address.lower() for address in options.own)
        self._journal_server: Child | None = None
        self._ended = asyncio.Event()

    @property
    def port(self) -> int:
        """Return the port that takes letters."""
        port: int = self._listening.getsockname()[1]
        return port

    def start(self) -> Self:
        """Finish what an earlier run left undone and open for letters."""
        self.maildirs.mend()
        if self._options.journal is not None:
            maildir = self.maildirs.maildir(self._options.journal)
            self._journal_server, self.journal_imap = journal.serve(self._options.folder, maildir)
        self._listening = socket.create_server((LOOPBACK, self._options.port or 0))
        # Else each greeting, a few small pieces, waits 40 ms for the sender's acknowledgement.
        self._listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="post office", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Drop all connections, letting letters that are being kept come to rest."""
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()
        if self._journal_server is not None:
            self._journal_server.stop()

    def letters(self, address: str) -> list[StoredLetter]:
        """Return the letters kept for an address, oldest first."""
        return self.maildirs.letters(address)

    def all_letters(self) -> list[StoredLetter]:
        """Return every recipient's copy of every letter kept, oldest first."""
        return self.maildirs.all_letters()

    def find_in_journal(self, message_id: str) -> bool:
        """Tell whether the journal holds a letter with this Message-ID, asking over IMAP."""
        if self.journal_imap is None:
            return False
        return journal.is_in_journal(self.journal_imap, message_id)

    def disturb(self, fault: Fault | None) -> None:
        """Let a fault strike from now on; None lets all deliveries go through again."""
        self._options = replace(self._options, fault=fault)

    def take(self, delivery: Delivery) -> str:
        """Keep and hand over one letter, whole or not at all, and return the SMTP reply."""
        ours = tuple(one for one in delivery.recipients if one.lower() in self._own)
        staged = self.maildirs.stage(delivery.raw, delivery.sender, delivery.recipients, self._own)
        refusal = refusal_at(self._options.door, delivery, ours) if ours else None
        if refusal is not None:
            self.maildirs.discard(staged)
            return refusal
        self.maildirs.accept(staged)
        return _ACCEPTED

    def answer_of_fault(self, delivery: Delivery) -> str | None:
        """Ask the fault, if there is one, what it does at this stage."""
        return self._options.fault(delivery) if self._options.fault else None

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._take_letters())

    async def _take_letters(self) -> None:
        counter = _Counter(self)
        sessions: list[_Session] = []

        def open_session() -> _Session:
            sessions[:] = [one for one in sessions if one.transport is not None]
            sessions.append(_Session(counter))
            return sessions[-1]

        async with AsyncExitStack() as closing:
            server = await self._loop.create_server(open_session, sock=self._listening)
            closing.callback(server.close)
            await self._ended.wait()
            for session in sessions:
                session.drop()


class _Session(SMTP):
    """One connection of a sender."""

    line_length_limit = _LONGEST_LINE

    def __init__(self, counter: "_Counter") -> None:
        super().__init__(counter, enable_SMTPUTF8=True, hostname=HOST_NAME, ident="")

    def drop(self) -> None:
        """Break the connection off without a word."""
        if self.transport is not None:
            cast("asyncio.Transport", self.transport).abort()


class _Counter:
    """What happens at each step of the dialogue; the names are aiosmtpd's."""

    def __init__(self, office: PostOffice) -> None:
        self._office = office

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name and arguments
        self,
        server: _Session,
        _session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        named = (*envelope.rcpt_tos, address)
        delivery = Delivery(Stage.RECIPIENT, _sender(envelope), named)
        answer = await self._disturbed(server, delivery)
        if answer is not None:
            return answer
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return _RECIPIENT_OK

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: _Session, _session: Session, envelope: Envelope
    ) -> str:
        delivery = _delivery(envelope)
        answer = await self._disturbed(server, delivery)
        if answer is not None:
            return answer
        reply = await asyncio.to_thread(self._office.take, delivery)
        kept = replace(delivery, stage=Stage.KEPT)
        answer = await self._disturbed(server, kept) if reply == _ACCEPTED else None
        return answer or reply

    async def handle_exception(self, error: Exception) -> str:
        _log.error("a letter could not be kept", exc_info=error)
        return _NO_ROOM

    async def _disturbed(self, server: _Session, delivery: Delivery) -> str | None:
        answer = self._office.answer_of_fault(delivery)
        if answer == DROP:
            server.drop()
            await asyncio.Event().wait()  # aiosmtpd cancels us once the connection is gone
        return answer


def _sender(envelope: Envelope) -> str:
    """Return the sender, empty for a bounce, which aiosmtpd gives as "<>"."""
    return "" if envelope.mail_from in {None, "<>"} else str(envelope.mail_from)


def _delivery(envelope: Envelope) -> Delivery:
    return Delivery(
        Stage.LETTER,
        _sender(envelope),
        tuple(envelope.rcpt_tos),
        envelope.original_content or b"",
        tuple(envelope.mail_options),
    )


def main() -> None:
    """Run as a process until SIGTERM or SIGINT."""
    given = _arguments()
    host, _, port = given.door.rpartition(":")
    options = PostOfficeOptions(
        folder=given.folder,
        own=frozenset(given.own),
        door=(host, int(port)),
        port=given.port,
        journal=None if given.no_imap else given.journal,
    )
    asked_to_stop = threading.Event()
    for ask in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ask, lambda *_: asked_to_stop.set())
    with processes.sole_use(options.folder):
        office = PostOffice(options).start()
        asked_to_stop.wait()
        office.stop()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.post_office", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--door", required=True, metavar="HOST:PORT")
    parser.add_argument("--own", action="append", required=True, metavar="ADDRESS")
    parser.add_argument("--journal", default=JOURNAL, metavar="ADDRESS")
    parser.add_argument("--no-imap", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
