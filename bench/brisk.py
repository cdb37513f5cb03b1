"""Our worker as the process it is in production, but for one thing.

A reminder is due a second after the question for every working day that the edition says: a
benchmark cannot wait two days. All else, and all its cost, is the service's own.
"""

import asyncio
import logging
import signal
import sys
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

from temporalio.client import Client
from typing_extensions import override

from domain.calendar import Calendar, Deadline
from storage.database import Database
from storage.rules import CurrentRules, Rules
from worker import CACHED_TICKETS, assemble, wall_clock, workers
from workflows.connection import data_converter
from workflows.installation import installation

log = logging.getLogger(__name__)
BRISK_DAY = timedelta(seconds=1)


@dataclass(frozen=True)
class BriskCalendar(Calendar):
    """A calendar whose working days go by in a second each."""

    @override
    def working_days_after(self, start: datetime, days: int) -> Deadline:
        at = super().working_days_after(start, 0).at
        return Deadline(at + BRISK_DAY * days, provisional=False, calendar_version=self.version)


class BriskRules(CurrentRules):
    """The rules in force, read from the register as often as the service reads them."""

    def __init__(self, database: Database) -> None:
        """Read from this register."""
        super().__init__(database, wall_clock)
        self._brisk: dict[int, BriskCalendar] = {}

    @override
    def _from_register(self) -> Rules:
        rules = super()._from_register()
        calendar = rules.calendar
        if calendar.version not in self._brisk:
            values = {f.name: getattr(calendar, f.name) for f in fields(calendar)}
            self._brisk[calendar.version] = BriskCalendar(**values)
        return replace(rules, calendar=self._brisk[calendar.version])


async def carry_tickets(cached: int) -> None:
    """Run the worker until asked to stop."""
    settings = installation()
    parts = assemble(settings)
    parts = replace(parts, rules=BriskRules(parts.database))
    client = await Client.connect(
        settings.temporal_address, data_converter=data_converter(settings)
    )
    async with workers(client, parts, cached):
        log.info("the worker is up")
        await _asked_to_stop()


async def _asked_to_stop() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


def main() -> None:
    """Run the worker; the first argument says how many tickets it may keep cached."""
    logging.basicConfig(level=logging.INFO)
    asyncio.run(carry_tickets(int(sys.argv[1]) if sys.argv[1:] else CACHED_TICKETS))


if __name__ == "__main__":
    main()
