"""Versions of the calendar: the official days, and what the operator set against them.

Carries out R44 and R45, Q4, laws 5 and 6: a version never changes, a new one tells every open
ticket.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from functools import cache

from sqlalchemy import Connection, func, insert, select, text

from domain.calendar import Calendar, Day, Hours
from storage import days
from storage.rule_tables import calendar_exceptions, calendar_versions

NO_HOURS: dict[str, time | None] = {"opens": None, "closes": None}


class UnknownVersionError(LookupError):
    """There is no calendar of that version."""


# Versions must appear in the order of their numbers, and no ticket may slip in unseen between
# the list of those told and the commit: its process would keep the calendar before.
ALONE = text("LOCK TABLE calendar_versions IN EXCLUSIVE MODE; LOCK TABLE tickets IN SHARE MODE")

TELL = text("""
WITH told AS (
  INSERT INTO handovers (number, kind, payload)
  SELECT number, 'calendar_changed', jsonb_build_object('version', cast(:version AS int))
  FROM tickets WHERE closed_at IS NULL
)
SELECT pg_notify('handovers', '')
""")


@dataclass(frozen=True)
class Calendars:
    """Calendars by version, each put together once in a process."""

    _known: dict[int, Calendar] = field(default_factory=dict, init=False)

    def current(self, connection: Connection) -> Calendar:
        """Return the newest calendar at the cost of one short statement."""
        return self.get(connection, current_version(connection))

    def get(self, connection: Connection, version: int) -> Calendar:
        """Return the calendar of this version.

        Raises:
            UnknownVersionError: when there is none.

        """
        if version not in self._known:
            self._known[version] = load(connection, version)
        return self._known[version]


def current_version(connection: Connection) -> int:
    """Return the number of the newest version."""
    newest: int = connection.execute(select(func.max(calendar_versions.c.version))).scalar_one()
    return newest


def load(connection: Connection, version: int | None = None) -> Calendar:
    """Put together the calendar of this version, or the newest.

    Raises:
        UnknownVersionError: when there is none.

    """
    wanted = current_version(connection) if version is None else version
    _check_known(connection, wanted)
    found = (
        select(calendar_exceptions, calendar_versions.c.reason)
        .join_from(calendar_exceptions, calendar_versions)
        .where(calendar_exceptions.c.version <= wanted)
        .order_by(calendar_exceptions.c.version)  # of two for one day the newer stands
    )
    exceptions = {
        row.day_on: Day(Hours(row.opens, row.closes) if row.opens else None, reason=row.reason)
        for row in connection.execute(found)
    }
    return _official().with_exceptions(exceptions, wanted)


def add_exception(
    connection: Connection, exceptions: Mapping[date, Hours | None], reason: str, by: str
) -> int:
    """Give these days hours of their own, or None for a day off; return the new version.

    Every open ticket is told. The reason is shown wherever such a day decides.

    Raises:
        ValueError: without a reason.

    """
    if not reason.strip():
        raise ValueError("a day that departs from the official calendar needs a reason")
    connection.execute(ALONE)
    version = _add_version(connection, reason, by)
    rows = [{"version": version, "day_on": on, **_columns(exceptions[on])} for on in exceptions]
    connection.execute(insert(calendar_exceptions), rows)
    connection.execute(TELL, {"version": version})
    return version


def _add_version(connection: Connection, reason: str, by: str) -> int:
    new = insert(calendar_versions).values(reason=reason, by=by)
    version: int = connection.execute(new.returning(calendar_versions.c.version)).scalar_one()
    return version


def _check_known(connection: Connection, version: int) -> None:
    known = select(calendar_versions.c.version).where(calendar_versions.c.version == version)
    if connection.execute(known).first() is None:
        raise UnknownVersionError(f"no calendar of version {version}")


def _columns(hours: Hours | None) -> dict[str, time | None]:
    return {"opens": hours.opens, "closes": hours.closes} if hours else NO_HOURS


@cache
def _official() -> Calendar:
    return Calendar(0, days.known_through(), days.official_days())
