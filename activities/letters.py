"""The one gate by which every letter leaves: its window, one try at a time, and the truth of it.

Carries out R45 and R46; laws 2, 3, 4. A retry carries the same bytes; a try whose end is
unclear, or whose worker died, is looked up in the journal before the next one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.outbox import Outbox
from activities.post import (
    Lookup,
    PermanentRefusalError,
    Post,
    TemporaryRefusalError,
    UnclearEndError,
)
from domain.correspondence import departure
from domain.letters import LetterKind
from domain.terms import LetterState
from storage import letters, review_items
from storage.database import Database
from storage.letters import Claimed
from storage.rules import Rules

LONGEST_DELAY = timedelta(hours=4)
# A first try holds its ticket's task; a slow mail server must not hold the tasks of all.
QUICK_TRIES = 4
LEASE = timedelta(seconds=30)
LOOK_AFTER = timedelta(seconds=5)


@dataclass(frozen=True)
class Delivery:
    """A letter to see off; `at` is the ticket's present moment, or None for the activity's own."""

    key: str
    at: datetime | None = None


@dataclass(frozen=True)
class Delivered:
    """How the letter stands; `leaves_at` when it waits for its window."""

    key: str
    state: LetterState
    leaves_at: datetime | None = None


@dataclass(frozen=True)
class Gate:
    """The way out, and the look into the journal where the end of a try is unclear."""

    post: Post
    was_sent: Lookup | None


class LetterActivities:
    """Sends letters through one gate."""

    def __init__(
        self,
        database: Database,
        rules: Callable[[], Rules],
        gate: Gate,
        outbox: Outbox,
    ) -> None:
        """Send through this gate what comes from the outbox or is claimed from the register."""
        self._database, self._rules = database, rules
        self._gate, self._outbox = gate, outbox
        self._quick = BoundedSemaphore(QUICK_TRIES)

    @activity.defn
    def deliver_letter(self, delivery: Delivery) -> Delivered:
        """Make one try to see the letter off, if its window is open.

        Raises:
            ApplicationError: with the moment of the next try, when it has not left yet.

        """
        if not activity.info().is_local:
            return self._deliver(delivery)
        if not self._quick.acquire(blocking=False):
            raise _later("PostIsBusy", timedelta(0))
        try:
            return self._deliver(delivery)
        finally:
            self._quick.release()

    def _deliver(self, delivery: Delivery) -> Delivered:
        at = delivery.at or activity.info().started_time
        claimed = self._outbox.take(delivery.key) or self._claim(delivery.key)
        if claimed is None:
            return self._settled(delivery.key)
        if claimed.is_unclear and self._left_before(claimed):
            return self._settle(claimed, LetterState.ACCEPTED, at, "found in the journal")
        if (leaves_at := self._window(claimed, at)) > at:
            return self._postpone(claimed, leaves_at)
        return self._try(claimed, at)

    def _claim(self, key: str) -> Claimed | None:
        with self._database.transaction() as connection:
            return letters.claim(connection, key)

    def _try(self, claimed: Claimed, at: datetime) -> Delivered:
        try:
            answer = self._gate.post.send(claimed.recipient, claimed.mime)
        except PermanentRefusalError as refused:
            return self._settle(claimed, LetterState.FAILED, at, str(refused))
        except TemporaryRefusalError as refused:
            self._settle(claimed, LetterState.PREPARED, at, str(refused))
            raise _later("MailServerRefused", _delay(claimed.attempts)) from None
        except UnclearEndError:
            raise _later("UnclearEnd", LEASE + LOOK_AFTER) from None
        return self._settle(claimed, LetterState.ACCEPTED, at, answer)

    def _left_before(self, claimed: Claimed) -> bool:
        """Look the letter up; without a journal the same Message-ID is all that can be done."""
        return self._gate.was_sent is not None and self._gate.was_sent(claimed.message_id)

    def _window(self, claimed: Claimed, at: datetime) -> datetime:
        rules = self._rules()
        return departure(LetterKind(claimed.kind), at, rules.calendar, rules.settings)

    def _postpone(self, claimed: Claimed, leaves_at: datetime) -> Delivered:
        with self._database.transaction() as connection:
            letters.postpone(connection, claimed.key, leaves_at, "outside working time (R45)")
        return Delivered(claimed.key, LetterState.WAITING, leaves_at)

    def _settle(self, claimed: Claimed, state: LetterState, at: datetime, reason: str) -> Delivered:
        with self._database.transaction() as connection:
            letters.settle(connection, claimed.key, state, at, reason)
            if state is LetterState.FAILED:
                number = claimed.key.split("/")[0]
                review_items.add(connection, "undeliverable", number=number, reason=reason)
        return Delivered(claimed.key, state)

    def _settled(self, key: str) -> Delivered:
        """Return how a letter stands that cannot be taken in hand."""
        with self._database.transaction() as connection:
            state = letters.states(connection, [key]).get(key, LetterState.WITHHELD)
        if state is LetterState.SENDING:
            raise _later("LetterInHand", LEASE)
        return Delivered(key, state)


def _later(why: str, delay: timedelta) -> ApplicationError:
    """Return the refusal that makes the engine try again; it carries no address and no words."""
    return ApplicationError(why, type=why, next_retry_delay=delay)


def _delay(attempts: int) -> timedelta:
    delay: timedelta = timedelta(seconds=15) * 2 ** min(attempts, 12)
    return min(delay, LONGEST_DELAY)
