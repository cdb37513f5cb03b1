"""Whose turn it is to leave: so many letters to one domain, and no flood of automatic ones.

A domain that refuses for now rests, so that letters to it do not hammer it while letters to others
go on. Automatic letters that become too many are paused; what people write goes on (R33, R46).
Moments are the tickets' own; the counts are of this process.
"""

import logging
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from storage.letters import PAUSED

A_MINUTE = timedelta(minutes=1)
PAUSE = timedelta(minutes=10)
LONGEST_REST = timedelta(minutes=5)
BUSY = timedelta(seconds=1)
MOST_DOMAINS = 5_000
MOST_WAITING = 10_000

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """How many letters may leave one process; 0 is no limit."""

    domain_a_minute: int = 300
    domain_at_once: int = 4
    automatic_a_minute: int = 600


@dataclass(frozen=True)
class Leaver:
    """A letter that asks for its turn."""

    key: str
    domain: str
    is_automatic: bool


@dataclass(frozen=True)
class Wait:
    """Until when a letter waits for its turn, and why."""

    until: datetime
    reason: str


@dataclass
class _Road:
    """The way to one domain: its latest departures, promised ones among them."""

    departures: deque[datetime]
    promised: dict[str, datetime] = field(default_factory=dict)
    under_way: int = 0
    rests_until: datetime | None = None


class Turns:
    """Gives turns to letters; many threads may ask."""

    def __init__(self, pace: Pace | None = None) -> None:
        """Begin with empty roads."""
        self._pace = pace or Pace()
        self._automatic: deque[datetime] = deque(maxlen=self._pace.automatic_a_minute)
        self._paused_until: datetime | None = None
        self._roads: OrderedDict[str, _Road] = OrderedDict()
        self._lock = Lock()

    def take(self, leaver: Leaver, at: datetime) -> Wait | None:
        """Give the letter its turn, or tell how long it waits; who has a turn gives it back."""
        with self._lock:
            road = self._road(leaver.domain)
            wait = self._pause(leaver, at) or self._rest(road, at) or self._jam(road, leaver, at)
            if wait is None:
                road.under_way += 1
            if wait is None and leaver.is_automatic and self._pace.automatic_a_minute:
                self._automatic.append(at)
            return wait

    def give_back(self, leaver: Leaver) -> None:
        """End a turn."""
        with self._lock:
            self._road(leaver.domain).under_way -= 1

    def rest(self, domain: str, at: datetime, delay: timedelta) -> None:
        """Let a domain rest that refuses for now, though not for long: it was one letter's try."""
        with self._lock:
            self._road(domain).rests_until = at + min(delay, LONGEST_REST)

    def _pause(self, leaver: Leaver, at: datetime) -> Wait | None:
        """Stop automatic letters where they have become too many."""
        if not leaver.is_automatic:
            return None
        if self._is_flood(at):
            self._paused_until = at + PAUSE
            self._automatic.clear()
            log.error("%s: more than %d in a minute", PAUSED, self._pace.automatic_a_minute)
        if self._paused_until is None or not _is_ahead(self._paused_until, at, PAUSE):
            return None
        most = self._pace.automatic_a_minute
        return Wait(self._paused_until, f"{PAUSED}: за минуту их больше {most}")

    def _is_flood(self, at: datetime) -> bool:
        most, latest = self._pace.automatic_a_minute, self._automatic
        return most > 0 and len(latest) == most and at - latest[0] < A_MINUTE

    def _rest(self, road: _Road, at: datetime) -> Wait | None:
        if road.rests_until is None or not _is_ahead(road.rests_until, at, LONGEST_REST):
            return None
        return Wait(road.rests_until, "ждёт очереди: почта этого домена пока не принимает писем")

    def _jam(self, road: _Road, leaver: Leaver, at: datetime) -> Wait | None:
        """Keep to the pace of one domain; a letter that waits is promised a moment of its own."""
        if 0 < self._pace.domain_at_once <= road.under_way:
            return Wait(at + BUSY, "ждёт очереди: этому домену уже передаются другие письма")
        if not self._pace.domain_a_minute:
            return None
        moment = road.promised.pop(leaver.key, None) or _next_departure(road.departures, at)
        if moment <= at:
            return None
        if len(road.promised) < MOST_WAITING:
            road.promised[leaver.key] = moment
        most = self._pace.domain_a_minute
        return Wait(moment, f"ждёт очереди: одному домену не больше {most} писем в минуту")

    def _road(self, domain: str) -> _Road:
        road = self._roads.get(domain)
        if road is None:
            road = self._roads[domain] = _Road(deque(maxlen=self._pace.domain_a_minute or 1))
        self._roads.move_to_end(domain)
        if len(self._roads) > MOST_DOMAINS:
            self._forget_idle()
        return road

    def _forget_idle(self) -> None:
        """Forget the domain that nobody wrote to for the longest time."""
        idle = (name for name, road in self._roads.items() if not road.under_way)
        if (oldest := next(idle, None)) is not None:
            del self._roads[oldest]


def _is_ahead(moment: datetime, at: datetime, most: timedelta) -> bool:
    """Tell whether a wait goes on; one set by a clock far ahead is none."""
    return at < moment <= at + most


def _next_departure(departures: deque[datetime], at: datetime) -> datetime:
    is_full = len(departures) == departures.maxlen
    moment = max(at, departures[0] + A_MINUTE) if is_full else at
    departures.append(moment)
    return moment
