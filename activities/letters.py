"""The one gate by which every letter leaves: its window, its turn, one try at a time, the truth.

Carries out R33, R45 and R46; laws 2, 3, 4. A retry carries the same bytes; a try whose end is
unclear, or whose worker died, is looked up in the journal before the next one. A letter with a
link that opens an account leaves no copy there: its owner would rather get it twice.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import BoundedSemaphore

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.journal import JournalAwayError, Lookup
from activities.outbox import Outbox
from activities.pacing import Leaver, Turns, Wait
from activities.post import TRY_SECONDS, Post
from activities.smtp import PermanentRefusalError, TemporaryRefusalError, UnclearEndError
from domain.account_letters import (
    AccountLetterKind,
    account_departure,
    carries_link,
    is_account_key,
)
from domain.correspondence import BOUNCING, OUTSIDE_WINDOW, departure
from domain.letters import LetterKind, may_be_held_back
from domain.terms import LetterState
from storage import account_letters, letters, review_items
from storage.database import Database
from storage.letters import LEASE, Claimed
from storage.rules import Rules

FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=4)
# What is ours to mend holds up every letter: once mended, they leave within a minute.
LONGEST_DELAY_OF_OURS = timedelta(minutes=1)
PATIENCE = timedelta(days=5)
# A first try holds its ticket's task; a slow mail server must not hold the tasks of all.
QUICK_TRIES = 4
LOOK_AFTER = timedelta(seconds=5)
# A server that fell silent may still be at work on the letter (RFC 5321 4.5.3.2.6).
LOOK_AFTER_SILENCE = timedelta(minutes=10)
LINK_IS_DEAD = "ссылка в письме больше не действует"


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
    """The way out, the look into the journal where a try's end is unclear, and whose turn it is.

    `lease` is how long a try may be under way in a worker that we cannot see.
    """

    post: Post
    was_sent: Lookup | None
    turns: Turns = field(default_factory=Turns)
    lease: timedelta = LEASE


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
        """Make one try to see the letter off, if its window is open and it is its turn.

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
        claimed = self._outbox.take(delivery.key) or self._claim(delivery.key, at)
        if claimed is None:
            return self._settled(delivery.key, at)
        try:
            if claimed.is_unclear and self._left_before(claimed):
                return self._settle(claimed, LetterState.ACCEPTED, at, "найдено в журнале")
        except JournalAwayError as away:
            delay = delay_after(claimed.attempts, LONGEST_DELAY_OF_OURS)
            return self._leave_unclear(claimed, at, delay, str(away))
        return self._see_off(claimed, at)

    def _see_off(self, claimed: Claimed, at: datetime) -> Delivered:
        """Try to send what has certainly not left, in its window and when it is its turn.

        Raises:
            ApplicationError: with the moment of the next try, when it has not left yet.

        """
        leaver = _leaver(claimed)
        if claimed.is_link_dead:
            return self._settle(claimed, LetterState.WITHHELD, at, LINK_IS_DEAD)
        if claimed.is_bouncing and leaver.is_automatic:
            return self._settle(claimed, LetterState.WITHHELD, at, BOUNCING)
        if (leaves_at := self._window(claimed, at)) > at:
            return self._postpone(claimed, leaves_at)
        if (wait := self._gate.turns.take(leaver, at)) is not None:
            self._give_way(claimed, wait)
            raise _later("WaitsForItsTurn", wait.until - at)
        try:
            return self._try(claimed, at)
        finally:
            self._gate.turns.give_back(leaver)

    def _claim(self, key: str, at: datetime) -> Claimed | None:
        with self._database.transaction() as connection:
            return letters.claim(connection, key, at, self._gate.lease)

    def _try(self, claimed: Claimed, at: datetime) -> Delivered:
        seconds = TRY_SECONDS - (time.monotonic() - claimed.taken_at)
        try:
            answer = self._gate.post.send(
                claimed.recipient,
                claimed.mime,
                claimed.message_id,
                seconds,
                is_secret=carries_link(claimed.kind),
            )
        except PermanentRefusalError as refused:
            task = f"Письмо на адрес {claimed.recipient} не принято: {refused}"
            return self._fail(claimed, at, str(refused), task)
        except TemporaryRefusalError as refused:
            return self._put_off(claimed, at, refused)
        except UnclearEndError as unclear:
            after = LOOK_AFTER_SILENCE if unclear.is_hanging else self._gate.lease + LOOK_AFTER
            return self._leave_unclear(claimed, at, after, str(unclear))
        return self._settle(claimed, LetterState.ACCEPTED, at, answer)

    def _left_before(self, claimed: Claimed) -> bool:
        """Look the letter up; without a journal the same Message-ID is all that can be done."""
        was_sent = None if carries_link(claimed.kind) else self._gate.was_sent
        return was_sent is not None and was_sent(claimed.message_id)

    def _window(self, claimed: Claimed, at: datetime) -> datetime:
        """Return when the letter may leave; one that staff urged leaves at once (R45, law 7)."""
        if claimed.is_urged:
            return at
        rules, earliest = self._rules(), max(at, claimed.not_before or at)
        if is_account_key(claimed.key):
            return account_departure(AccountLetterKind(claimed.kind), earliest, rules.calendar)
        return departure(LetterKind(claimed.kind), earliest, rules.calendar, rules.settings)

    def _postpone(self, claimed: Claimed, leaves_at: datetime) -> Delivered:
        with self._database.transaction() as connection:
            letters.postpone(connection, claimed.key, leaves_at, OUTSIDE_WINDOW)
        return Delivered(claimed.key, LetterState.WAITING, leaves_at)

    def _give_way(self, claimed: Claimed, wait: Wait) -> None:
        with self._database.transaction() as connection:
            letters.give_way(connection, claimed, wait.until, wait.reason)

    def _put_off(self, claimed: Claimed, at: datetime, refused: TemporaryRefusalError) -> Delivered:
        """Try again later, each time after a longer wait, up to five days after the first refusal.

        Raises:
            ApplicationError: with the delay; the ticket shows the same moment.

        """
        said = str(refused)
        if _is_exhausted(claimed, at):
            task = f"Письмо на адрес {claimed.recipient} не ушло за пять дней: {said}"
            return self._fail(claimed, at, f"не ушло за пять дней: {said}", task)
        longest = LONGEST_DELAY_OF_OURS if refused.is_of_server else LONGEST_DELAY
        delay = delay_after(claimed.attempts, longest)
        if refused.is_of_domain:
            self._gate.turns.rest(_domain(claimed), at, delay)
        with self._database.transaction() as connection:
            letters.put_off(connection, claimed, at, at + delay, said)
        raise _later("MailServerRefused", delay)

    def _leave_unclear(
        self, claimed: Claimed, at: datetime, after: timedelta, why: str
    ) -> Delivered:
        """Say that nobody knows whether it left, and when the journal is asked.

        Raises:
            ApplicationError: with the delay until then.

        """
        reason = f"неизвестно, ушло ли письмо: {why}"
        if _is_exhausted(claimed, at):
            task = f"Письмо на адрес {claimed.recipient}: {reason}"
            return self._fail(claimed, at, reason, task)
        with self._database.transaction() as connection:
            letters.leave_unclear(connection, claimed, at, at + after, reason)
        raise _later("UnclearEnd", after)

    def _fail(self, claimed: Claimed, at: datetime, reason: str, task: str) -> Delivered:
        """Give a letter up and put it before a person."""
        with self._database.transaction() as connection:
            letters.settle(connection, claimed.key, LetterState.FAILED, at, reason)
            if is_account_key(claimed.key):
                account_letters.show_loss(connection, claimed.key, reason)
            else:
                number = claimed.key.split("/")[0]
                review_items.add(connection, "undeliverable", number=number, reason=task)
        return Delivered(claimed.key, LetterState.FAILED)

    def _settle(self, claimed: Claimed, state: LetterState, at: datetime, reason: str) -> Delivered:
        with self._database.transaction() as connection:
            letters.settle(connection, claimed.key, state, at, reason)
        return Delivered(claimed.key, state)

    def _settled(self, key: str, at: datetime) -> Delivered:
        """Return how a letter stands that cannot be taken in hand.

        Raises:
            ApplicationError: when it has yet to leave, with its next moment.

        """
        with self._database.transaction() as connection:
            state, next_try_at = letters.next_try(connection, key) or (LetterState.WITHHELD, None)
        if next_try_at is not None and next_try_at > at:
            raise _later("NextTryIsAhead", next_try_at - at)
        if state in letters.UNSENT:
            raise _later("LetterInHand", self._gate.lease)
        return Delivered(key, state)


def delay_after(attempts: int, longest: timedelta = LONGEST_DELAY) -> timedelta:
    """Return how long a letter waits after so many tries."""
    delay: timedelta = FIRST_DELAY * 2 ** min(attempts - 1, 12)
    return min(delay, longest)


def _later(why: str, delay: timedelta) -> ApplicationError:
    """Return the refusal that makes the engine try again; it carries no address and no words."""
    return ApplicationError(why, type=why, next_retry_delay=delay)


def _is_exhausted(claimed: Claimed, at: datetime) -> bool:
    return claimed.first_refused_at is not None and at - claimed.first_refused_at >= PATIENCE


def _leaver(claimed: Claimed) -> Leaver:
    return Leaver(claimed.key, _domain(claimed), may_be_held_back(claimed.kind))


def _domain(claimed: Claimed) -> str:
    return claimed.recipient.rpartition("@")[2].lower()
