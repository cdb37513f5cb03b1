"""The parts of the local world: begun in order, begun again when they die, ended in reverse."""

import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.local import processes
from deploy.local.processes import Child, NotReadyError

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
STEADY_SECONDS: Final = 60.0  # a part that ran so long is begun again without a pause
SHOWN_LINES: Final = 12
Say = Callable[[str], None]


class PartFailedError(RuntimeError):
    """A part did not start."""

    def __init__(self, name: str, log_file: Path, reason: str) -> None:
        """Name the part, its log and what it wrote last."""
        super().__init__(f"{name}: запустить не удалось.\n{reason.strip()}\nЖурнал: {log_file}")


@dataclass(frozen=True)
class Started:
    """A part's process and how it is asked to end."""

    child: Child
    stop: Callable[[], object]


@dataclass(frozen=True)
class Part:
    """One process of the local world; `ask` is the signal on which it ends in order."""

    name: str
    log_file: Path
    start: Callable[[], Started]
    ask: signal.Signals = signal.SIGTERM


@dataclass
class _Watched:
    """A part with its present process and when it may be begun again."""

    part: Part
    started: Started | None = None
    since: float = 0.0
    pause: float = 0.0

    @property
    def is_running(self) -> bool:
        return self.started is not None and self.started.child.is_running

    def start(self) -> None:
        self.since = time.monotonic()
        self.started = self.part.start()

    def stop(self) -> None:
        if self.started is not None:
            self.started.stop()
        else:  # interrupted while it was starting
            processes.end_leftover(self.part.log_file, ask=self.part.ask)


class Parts:
    """The parts begun so far."""

    def __init__(self, say: Say) -> None:
        """Report each step to `say`."""
        self._say = say
        self._watched: list[_Watched] = []

    def start(self, part: Part) -> None:
        """Begin a part and wait until it is ready.

        Raises:
            PartFailedError: with the last lines of its log.

        """
        self._say(f"  запускаю: {part.name}")
        watched = _Watched(part)
        self._watched.append(watched)
        try:
            watched.start()
        except (NotReadyError, OSError) as failure:
            told = str(failure).splitlines()[-SHOWN_LINES:]
            raise PartFailedError(part.name, part.log_file, "\n".join(told)) from None

    def mend(self) -> None:
        """Begin again what has died, ever more slowly when it keeps dying."""
        for watched in self._watched:
            if not watched.is_running and time.monotonic() >= watched.since + watched.pause:
                self._begin_again(watched)

    def kill(self, name: str) -> None:
        """End the process of a part at once, as a crash would; `mend` begins it again."""
        for watched in self._watched:
            if watched.part.name == name and watched.started is not None:
                watched.started.child.process.kill()

    def stop(self) -> None:
        """End every part, the last begun first."""
        while self._watched:
            watched = self._watched.pop()
            self._say(f"  останавливаю: {watched.part.name}")
            with suppress(OSError):  # the rest must be stopped all the same
                watched.stop()

    def _begin_again(self, watched: _Watched) -> None:
        was_steady = time.monotonic() - watched.since > STEADY_SECONDS
        watched.pause = FIRST_PAUSE if was_steady else min(2 * watched.pause + 1, LONGEST_PAUSE)
        part = watched.part
        self._say(f"! {part.name}: процесс остановился, запускаю снова (журнал: {part.log_file})")
        watched.stop()  # leaves no half of it behind
        watched.started = None
        try:
            watched.start()
        except (NotReadyError, OSError):
            self._say(f"! {part.name}: пока не запускается, попробую ещё раз")
