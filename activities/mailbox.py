"""Watches a hosted mailbox: every letter in it is kept, then moved aside; nothing is deleted.

Carries out R28 and law 1. What is kept is known by UIDVALIDITY and UID, never by a flag that any
other program sets (RFC 3501 §2.3.1.1); IDLE only makes it quicker, the sweep makes it certain.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from storage import filing, raw_letters
from storage.database import Database
from storage.mailboxes import Mailbox
from storage.raw_letters import Arrival, Place

DOOR = "imap"
DIALOGUE_SECONDS = 30
GLANCE_SECONDS = 1.0
SWEEP_SECONDS = 300.0
SWEEP_SECONDS_WITHOUT_IDLE = 30.0
CONTENT, ARRIVED = b"BODY[]", b"INTERNALDATE"
BROKEN = (IMAPClientError, *filing.PASSING)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Account:
    """A mailbox and the way into it."""

    name: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    tls: bool = True
    folder: str = "INBOX"
    processed: str = "Processed"


@dataclass(frozen=True)
class Watch:
    """A mailbox to watch for so long."""

    mailbox: str
    period: timedelta


@dataclass(frozen=True)
class Watched:
    """How many letters were kept, and whether the connection broke after a sweep."""

    kept: int = 0
    is_broken: bool = False


class MailboxActivities:
    """Watches mailboxes and keeps their letters in one register."""

    def __init__(self, database: Database, accounts: Mapping[str, Account]) -> None:
        """Keep letters here; each account under the name that workflows use."""
        self._database, self._accounts = database, accounts

    @activity.defn(no_thread_cancel_exception=True)
    def watch_mailbox(self, watch: Watch) -> Watched:
        """Keep what is there and what comes, until the period is over or the worker stops.

        Raises:
            ApplicationError: when the mailbox cannot be read at all; it carries no address.

        """
        account = self._accounts[watch.mailbox]
        until = time.monotonic() + watch.period.total_seconds()
        kept, has_swept = 0, False
        try:
            with _opened(account) as imap:
                while not has_swept or _goes_on(until):
                    kept += self._sweep(imap, account)
                    has_swept = True
                    _wait_for_news(imap, until)
        except BROKEN as fault:
            log.warning("mailbox %s: %s", account.name, type(fault).__name__)
            if not has_swept:
                raise ApplicationError("unreadable mailbox", type=type(fault).__name__) from None
            return Watched(kept, is_broken=True)
        return Watched(kept)

    def _sweep(self, imap: IMAPClient, account: Account) -> int:
        """Keep every letter that is not kept yet, move aside all that are; return how many came."""
        validity = int(imap.select_folder(account.folder)[b"UIDVALIDITY"])
        there = sorted(imap.search("ALL"))
        with self._database.transaction() as connection:
            new = filing.unknown_uids(connection, account.name, validity, there)
        missed = {uid for uid in new if not self._keep(imap, Place(account.name, validity, uid))}
        newest = Mailbox(account.name, validity, max(there, default=0), datetime.now(UTC))
        with self._database.transaction() as connection:
            filing.advance(connection, newest)
        _move_aside(imap, [uid for uid in there if uid not in missed], account.processed)
        return len(new) - len(missed)

    def _keep(self, imap: IMAPClient, place: Place) -> bool:
        """Fetch one letter without marking it as seen, and keep it together with the cursor.

        Return false when another program took it away meanwhile.
        """
        activity.heartbeat()
        found = imap.fetch([place.uid], ["BODY.PEEK[]", "INTERNALDATE"]).get(place.uid)
        if found is None or CONTENT not in found:
            return False
        now = datetime.now(UTC)
        received_at = min(found.get(ARRIVED) or now, now)
        arrival = Arrival(content=found[CONTENT], door=DOOR, received_at=received_at, place=place)
        read = Mailbox(place.mailbox, place.uid_validity, place.uid, counted=1)
        with self._database.transaction() as connection:
            raw_letters.keep(connection, arrival)
            filing.advance(connection, read)
            filing.announce(connection)
        return True


@contextmanager
def _opened(account: Account) -> Iterator[IMAPClient]:
    """Give a connection on which moments keep their time zone; its end is never a failure."""
    imap = IMAPClient(account.host, account.port, ssl=account.tls, timeout=DIALOGUE_SECONDS)
    imap.normalise_times = False
    try:
        imap.login(account.user, account.password)
        yield imap
    finally:
        with suppress(*BROKEN):
            _hang_up(imap)


def _hang_up(imap: IMAPClient) -> None:
    try:
        imap.logout()
    except BROKEN:
        imap.shutdown()


def _wait_for_news(imap: IMAPClient, until: float) -> None:
    """Wait for a new letter or the next sweep; half-open lines are found by the sweep."""
    has_idle = imap.has_capability("IDLE")
    rest = SWEEP_SECONDS if has_idle else SWEEP_SECONDS_WITHOUT_IDLE
    until = min(until, time.monotonic() + rest)
    if not has_idle:
        while _goes_on(until):
            time.sleep(GLANCE_SECONDS)
        return
    imap.idle()
    try:
        while _goes_on(until) and not _has_news(imap):
            pass
    finally:
        imap.idle_done()


def _has_news(imap: IMAPClient) -> bool:
    """Listen for a moment; an early empty answer is how a closed line shows, so look then too."""
    began = time.monotonic()
    responses = imap.idle_check(timeout=GLANCE_SECONDS)
    is_early = time.monotonic() - began < GLANCE_SECONDS / 2
    return any(b"EXISTS" in response for response in responses) or (is_early and not responses)


def _goes_on(until: float) -> bool:
    """Tell the engine that we live; tell whether to go on."""
    activity.heartbeat()
    is_stopped = activity.is_cancelled() or activity.is_worker_shutdown()
    return not is_stopped and time.monotonic() < until


def _move_aside(imap: IMAPClient, uids: list[int], folder: str) -> None:
    """Move kept letters out of the way; one that stays is moved at the next sweep."""
    if not uids or not imap.has_capability("MOVE"):
        return
    try:
        if not imap.folder_exists(folder):
            imap.create_folder(folder)
        imap.move(uids, folder)
    except IMAPClientError as refused:
        log.warning("kept letters stay where they are: %s", type(refused).__name__)
