"""Files every letter that a door has kept: both doors, and a restart after a crash, end here.

Carries out R28 and law 1: a letter is kept until it is settled, one transaction for each; what
cannot be filed is put before a person, and never holds up the letters behind it.
"""

import asyncio
import logging
from contextlib import suppress

from gateway.filing import FilingDesk, Settlement
from mail.confinement import ReadingClosedError, ReadingUnavailableError
from storage import filing, raw_letters, review_items
from storage.database import Connection, Database
from storage.raw_letters import RawState

AT_ONCE = 4
FEW = 2  # so many one after another: a single letter must not wake four threads
GLANCE_SECONDS = 3.0
READING_AWAY = (ReadingUnavailableError, ReadingClosedError)  # it says nothing of the letter

log = logging.getLogger(__name__)


class Sorter:
    """Takes kept letters, oldest first, a few at a time; several sorters share the work."""

    def __init__(self, database: Database, desk: FilingDesk) -> None:
        """Take letters from this register and file them at this desk."""
        self._database, self._desk = database, desk
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Say that a letter was kept; for the doors of the same event loop."""
        self._woken.set()

    async def run(self) -> None:
        """File letters until cancelled, whatever goes wrong meanwhile."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            while True:
                self._woken.clear()
                await self._sort_or_report()
                with suppress(TimeoutError):
                    async with asyncio.timeout(GLANCE_SECONDS):
                        await self._woken.wait()

    async def sort(self) -> None:
        """File all that is kept now; several at a time only where several are waiting."""
        id_ = 0
        for _ in range(FEW):
            id_ = await asyncio.to_thread(self._sort_one, id_)
            if not id_:
                return
        await asyncio.gather(*(self._sort_from(id_) for _ in range(AT_ONCE)))

    async def _sort_or_report(self) -> None:
        try:
            await self.sort()
        except Exception:
            log.exception("the register cannot be read; trying again")

    async def _sort_from(self, id_: int) -> None:
        while next_id := await asyncio.to_thread(self._sort_one, id_):
            id_ = next_id

    def _sort_one(self, after: int) -> int:
        """Settle the next letter after that id; return its id, or 0 when none is left.

        What the register or the store of files cannot do now stays kept, for the next glance.
        """
        id_ = 0
        try:
            with self._database.transaction() as connection:
                claimed = filing.claim(connection, after)
                if claimed is not None:
                    id_ = claimed.letter.id
                    _settle(connection, id_, self._desk.file(connection, claimed))
        except Exception as fault:
            if not id_:
                raise
            self._leave_or_show(id_, fault)
        return id_

    def _leave_or_show(self, id_: int, fault: Exception) -> None:
        if isinstance(fault, READING_AWAY) or filing.is_passing(fault):
            log.warning("letter %s cannot be filed now: %s", id_, type(fault).__name__)
            return
        log.error("letter %s could not be filed", id_, exc_info=fault)
        self._put_before_people(id_, type(fault).__name__)

    def _put_before_people(self, id_: int, reason: str) -> None:
        """Settle a letter at which we failed: nothing of the failed try was kept."""
        with self._database.transaction() as connection:
            if filing.claim_again(connection, id_):
                review_items.add(connection, "unreadable", reason=reason, raw_id=id_)
                _settle(connection, id_, Settlement(RawState.UNREADABLE, reason))

    async def _listen(self) -> None:
        """Wake whenever another process keeps a letter; listen anew when the line breaks."""
        while True:
            try:
                async for _ in self._database.notifications(filing.CHANNEL):
                    self._woken.set()
            except Exception:  # noqa: BLE001 - the glance every few seconds goes on meanwhile
                log.warning("the register does not answer; listening again soon")
            await asyncio.sleep(1)


def _settle(connection: Connection, id_: int, settlement: Settlement) -> None:
    raw_letters.settle(connection, id_, settlement.state, settlement.reason)
