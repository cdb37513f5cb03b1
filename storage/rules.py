"""What rules the tickets at a moment: the calendar in force and the edition's settings."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from domain.calendar import Calendar
from domain.editions import Settings
from storage import editions
from storage.calendars import Calendars
from storage.database import Database

FRESH_SECONDS = 1.0


@dataclass(frozen=True)
class Rules:
    """A calendar and the settings beside it."""

    calendar: Calendar
    settings: Settings


class CurrentRules:
    """The rules in force, read from the register at most once a second."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        """Read from this database; the edition is the one that holds `now`."""
        self._database, self._now = database, now
        self._calendars = Calendars()
        self._read: tuple[float, Rules] | None = None
        self._reading = Lock()  # one thread puts a calendar together, the others wait for it
        self._failed: tuple[float, Exception] | None = None

    def __call__(self, at_least: int = 0) -> Rules:
        """Return the rules, with a calendar at least as new as that version.

        Whoever waited while another asked in vain does not ask once more.
        """
        if rules := self._fresh(at_least):
            return rules
        came_at = time.monotonic()
        with self._reading:
            if self._failed and self._failed[0] > came_at:
                raise self._failed[1]
            return self._fresh(at_least) or self._asked()

    @property
    def last(self) -> Rules | None:
        """Return the rules that were read last, however long ago; the register is not asked."""
        return self._read[1] if self._read else None

    @property
    def is_fresh(self) -> bool:
        """Tell whether the rules can be had without asking the register."""
        return self._fresh(0) is not None

    def _asked(self) -> Rules:
        try:
            rules = self._from_register()
        except Exception as failure:
            self._failed = (time.monotonic(), failure)
            raise
        self._read = (time.monotonic(), rules)
        return rules

    def _fresh(self, at_least: int) -> Rules | None:
        if self._read is None:
            return None
        read_at, rules = self._read
        is_fresh = time.monotonic() - read_at < FRESH_SECONDS
        return rules if is_fresh and rules.calendar.version >= at_least else None

    def _from_register(self) -> Rules:
        with self._database.transaction() as connection:
            calendar = self._calendars.current(connection)
            return Rules(calendar, editions.current(connection, self._now()).settings)
