"""Has every file looked at by the scanner of the house; while it is away, files wait, mail flows.

Carries out Q14 and law 1: a letter waits for no scanner; a file is shown to nobody before its turn.
"""

import asyncio
import logging
from contextlib import suppress

from gateway.clamd import Clamd, ScannerAwayError, UnclearAnswerError
from gateway.parts import Parts
from storage import scans
from storage.files import DamagedFileError, MissingFileError
from storage.scans import Scan

AT_ONCE = 2
GLANCE_SECONDS = 3.0

log = logging.getLogger(__name__)


class Scanner:
    """Has held files scanned, oldest first; the scanners of several gateways share the work."""

    def __init__(self, parts: Parts, clamd: Clamd) -> None:
        """Take files of these parts' register and store to this clamd."""
        self._database, self._files, self._clock = parts.database, parts.files, parts.clock
        self._clamd = clamd
        self._woken = asyncio.Event()
        self._knows_all = False

    async def run(self) -> None:
        """Have files scanned until cancelled, whatever goes wrong meanwhile."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            while True:
                self._woken.clear()
                await self._scan_or_report()
                # Not wait_for: before Python 3.12 it swallows an end that meets a wake-up.
                with suppress(TimeoutError):
                    async with asyncio.timeout(GLANCE_SECONDS):
                        await self._woken.wait()

    async def scan(self) -> None:
        """Have all that is held now scanned, or say of it why it waits."""
        if not self._knows_all:
            await asyncio.to_thread(self._enter_unknown)
        if await asyncio.to_thread(self._scan_next):
            await asyncio.gather(*(self._scan_on() for _ in range(AT_ONCE)))

    async def _scan_or_report(self) -> None:
        try:
            await self.scan()
        except Exception:
            log.exception("held files cannot be scanned; trying again")

    async def _scan_on(self) -> None:
        while await asyncio.to_thread(self._scan_next):
            pass

    def _enter_unknown(self) -> None:
        """Have the files of the time before there was a scanner looked at, too."""
        with self._database.transaction() as connection:
            scans.enter_unknown(connection)
        self._knows_all = True

    def _scan_next(self) -> bool:
        """Settle the file that waits longest; return false when none may be tried now."""
        with self._database.transaction() as connection:
            digest = scans.claim(connection, self._clock())
            if digest is None:
                return False
            try:
                self._clamd.check(self._clock())
            except ScannerAwayError as away:
                if scans.explain_held(connection, str(away)):
                    log.warning("files are held: %s", away)
                return False
            scans.settle(connection, digest, self._judge(digest), self._clock())
        return True

    def _judge(self, digest: str) -> Scan:
        """Return what the scanner says; a file of which it says nothing clear stays held."""
        try:
            with self._files.open(digest) as content:
                return self._clamd.scan(content)
        except (MissingFileError, DamagedFileError):
            return Scan(reason="файл повреждён в хранилище")
        except UnclearAnswerError as unclear:
            return Scan(reason=f"сканер не дал ясного ответа: {unclear}")
        except OSError:
            return Scan(reason="связь со сканером прервалась")

    async def _listen(self) -> None:
        """Wake whenever somebody enters a file; listen anew when the line breaks."""
        while True:
            try:
                async for _ in self._database.notifications(scans.CHANNEL):
                    self._woken.set()
            except Exception:  # noqa: BLE001 - the glance every few seconds goes on meanwhile
                log.warning("the register does not answer; listening again soon")
            await asyncio.sleep(1)
