"""Watches a hosted mailbox: every letter in it is kept, then moved aside; nothing is deleted.

Carries out R28 and law 1. What is kept is known by UIDVALIDITY and UID, never by a flag that any
other program sets (RFC 3501 §2.3.1.1); IDLE only makes it quicker, the sweep makes it certain.
"""

import logging
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.imap import AWAY, Account, Bounds, Line, fault_of, is_broken, opened
from storage import filing, mailboxes, raw_letters
from storage.database import Connection, Database
from storage.mailboxes import Fault, Mailbox
from storage.raw_letters import Arrival, Place

DOOR = "imap"
BOUNDS: Final = Bounds()
STUBBORN: Final = 2
LONGEST_BETWEEN_LOGINS: Final = timedelta(minutes=5)  # who knocks more often may be locked out
BROKEN = (*AWAY, *filing.PASSING)

log = logging.getLogger(__name__)


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


class _Outcome(Enum):
    KEPT, GONE, FAILED = range(3)


@dataclass(frozen=True)
class _Lying:
    """A letter that is to be kept; `is_reused` when its number was another's before."""

    place: Place
    arrived_at: datetime | None
    is_reused: bool


@dataclass(frozen=True)
class _Found:
    """What lies in a folder, and what of it is to be kept."""

    validity: int
    there: list[int]
    new: list[_Lying]


Outcomes = Mapping[int, _Outcome]


class MailboxActivities:
    """Watches mailboxes and keeps their letters in one register."""

    def __init__(
        self, database: Database, accounts: Mapping[str, Account], bounds: Bounds = BOUNDS
    ) -> None:
        """Keep letters here; each account under the name that workflows use."""
        self._database, self._accounts, self._bounds = database, accounts, bounds
        self._failures: Counter[Place] = Counter()

    @activity.defn(no_thread_cancel_exception=True)
    def watch_mailbox(self, watch: Watch) -> Watched:
        """Keep what is there and what comes, until the period is over or the worker stops.

        Raises:
            ApplicationError: when the mailbox cannot be read at all; it carries no address.

        """
        account = self._accounts[watch.mailbox]
        until = time.monotonic() + watch.period.total_seconds()
        kept, has_swept, is_told = 0, False, False
        try:
            with opened(account, self._bounds, _is_wanted) as line:
                while not has_swept or (_is_wanted() and time.monotonic() < until):
                    came = self._sweep(line, account)
                    kept, has_swept = kept + came, True
                    # A server that repeats itself is not believed a second time.
                    is_told = line.was_told_of_news() and (came > 0 or not is_told)
                    if not is_told:
                        line.wait(until)
        except BROKEN as error:
            name = self._named(account, error)
            if not has_swept:
                raise _unreadable(name) from None
            return Watched(kept, is_broken=True)
        return Watched(kept)

    def _sweep(self, line: Line, account: Account) -> int:
        """Keep every letter that is not kept yet, move aside all that are; return how many came.

        Letters that broke the line before come when all the rest is done.
        """
        found = self._look(line, account)
        stubborn = [one for one in found.new if self._failures[one.place] >= STUBBORN]
        easy = [one for one in found.new if one not in stubborn]
        came = self._keep_all(line, account, easy)
        if len(came) == len(easy):  # else the worker stops: the next watch goes on from here
            self._finish(line, account, found, came)
            came |= self._keep_all(line, account, stubborn)
        return sum(outcome is _Outcome.KEPT for outcome in came.values())

    def _look(self, line: Line, account: Account) -> _Found:
        validity, there = line.select(), line.uids()
        with self._database.transaction() as connection:
            known = mailboxes.kept_at(connection, account.place, validity, there)
        arrivals = line.arrivals(there)
        reused = _reused(arrivals, known)
        new = [
            _Lying(Place(account.place, validity, uid), arrivals.get(uid), uid in reused)
            for uid in there
            if uid not in known or uid in reused
        ]
        return _Found(validity, there, new)

    def _finish(self, line: Line, account: Account, found: _Found, came: Outcomes) -> None:
        """Write what was found, and move aside what is kept."""
        gone = {uid for uid, outcome in came.items() if outcome is _Outcome.GONE}
        kept = {uid for uid, outcome in came.items() if outcome is _Outcome.KEPT}
        missing = {one.place.uid for one in found.new} - kept
        ours = [uid for uid in found.there if uid not in missing]
        self._note_sweep(account, found.validity, ours, len(found.there) - len(gone))
        if missing - gone:
            self._note_fault(account, Fault.LETTER)
        self._move_aside(line, account, ours)

    def _move_aside(self, line: Line, account: Account, ours: list[int]) -> None:
        """Move letters that are kept; one watcher at a time, or some servers would copy them."""
        with self._database.transaction() as connection:
            if ours and mailboxes.take_turn(connection, account.name):
                is_moved = line.move_aside(ours)
            else:
                return
        if not is_moved:
            self._note_fault(account, Fault.MOVE)

    def _keep_all(self, line: Line, account: Account, new: Iterable[_Lying]) -> dict[int, _Outcome]:
        """Keep letters one by one, as long as the worker runs."""
        came: dict[int, _Outcome] = {}
        for lying in sorted(new, key=lambda one: (self._failures[one.place], one.place.uid)):
            if not _is_wanted():
                break
            came[lying.place.uid] = self._keep_or_report(line, account, lying)
        return came

    def _keep_or_report(self, line: Line, account: Account, lying: _Lying) -> _Outcome:
        self._failures[lying.place] += 1
        try:
            content = line.fetch(lying.place.uid)
        except AWAY as error:
            if is_broken(error):
                raise
            return _Outcome.FAILED
        if content is None:  # listed once more, it is not gone
            return _Outcome.GONE if self._failures[lying.place] == 1 else _Outcome.FAILED
        self._keep(account, lying, content)
        del self._failures[lying.place]
        return _Outcome.KEPT

    def _keep(self, account: Account, lying: _Lying, content: bytes) -> None:
        """Keep one letter together with the count of them.

        Under the number of another letter it goes by its bytes, which are kept once, too.
        """
        place, now = lying.place, datetime.now(UTC)
        received_at = min(lying.arrived_at or now, now)
        own_place = None if lying.is_reused else place
        arrival = Arrival(content=content, door=DOOR, received_at=received_at, place=own_place)
        with self._database.transaction() as connection:
            if lying.is_reused and _is_kept(connection, content):
                return
            raw_letters.keep(connection, arrival)
            mailboxes.count_one(connection, account.name, place.uid_validity, place.uid)
            filing.announce(connection)

    def _named(self, account: Account, error: Exception) -> str:
        """Say what broke, and show it where it is the mailbox and not the register."""
        if not isinstance(error, AWAY):
            return type(error).__name__
        fault = fault_of(error)
        self._note_fault(account, fault)
        return fault

    def _note_sweep(self, account: Account, validity: int, ours: list[int], there: int) -> None:
        newest = max(ours, default=0)
        now = datetime.now(UTC)
        swept = Mailbox(account.name, validity, newest, now, there=there, ours=len(ours))
        with self._database.transaction() as connection:
            mailboxes.sweep(connection, swept)

    def _note_fault(self, account: Account, fault: Fault) -> None:
        log.warning("mailbox %s: %s", account.name, fault)
        with suppress(*filing.PASSING), self._database.transaction() as connection:
            mailboxes.fail(connection, account.name, fault, datetime.now(UTC))


def _is_wanted() -> bool:
    """Tell the engine that we live; tell whether to go on."""
    activity.heartbeat()
    return not (activity.is_cancelled() or activity.is_worker_shutdown())


def _reused(arrivals: Mapping[int, datetime], known: Mapping[int, datetime]) -> frozenset[int]:
    """Return the numbers under which other letters lie now than those that we keep.

    A server set back to an old copy gives its numbers anew; the moment of arrival tells. A server's
    moments are whole seconds: another is our own, kept where the server's clock was ahead.
    """
    theirs = {uid: at for uid, at in known.items() if not at.microsecond}
    return frozenset(uid for uid, at in theirs.items() if uid in arrivals and arrivals[uid] != at)


def _is_kept(connection: Connection, content: bytes) -> bool:
    digest = raw_letters.digest_of(content)
    return raw_letters.find_by_digest(connection, digest) is not None


def _unreadable(name: str) -> ApplicationError:
    """Refuse by name; who is not let in comes back ever later."""
    pause = timedelta(seconds=2 ** min(activity.info().attempt, 10))
    is_locked_out = name == Fault.LOGIN
    return ApplicationError(
        "unreadable mailbox",
        type=name,
        next_retry_delay=min(pause, LONGEST_BETWEEN_LOGINS) if is_locked_out else None,
    )
