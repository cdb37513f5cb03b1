"""Looks for what should not happen, names it and wakes whoever mends it (law 12)."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from temporalio import activity

from storage import findings, sessions
from storage.database import Database
from storage.findings import Finding

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Round:
    """A round of looking; it has nothing to be told."""


@dataclass(frozen=True)
class Report:
    """How often each thing was found; what was not found is not named."""

    found: Mapping[str, int] = field(default_factory=dict)


class UpkeepActivities:
    """Looks at one register."""

    def __init__(self, database: Database) -> None:
        """Look at this register."""
        self._database = database

    @activity.defn
    def look_for_findings(self, round_: Round) -> Report:
        """Count every finding, tell again what can be told, wake relay and sorter; clear up."""
        del round_
        at = activity.info().started_time
        with self._database.transaction() as connection:
            counted = findings.count(connection, at)
            counted[Finding.TICKET_WITHOUT_PROCESS] = len(findings.tell_again(connection, at))
            findings.wake(connection)
        with self._database.transaction() as connection:
            sessions.clear(connection, at)
        found = {finding.value: number for finding, number in counted.items() if number}
        for name, number in found.items():
            log.warning("%s: %d; %s", name, number, findings.SENTENCES[Finding(name)])
        return Report(found)
