"""Processor time and memory of other processes, read from /proc; nothing is installed in them."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
UTIME, STIME = 11, 12  # places in /proc/PID/stat after the name
CUTIME, CSTIME = 13, 14


@dataclass(frozen=True)
class Meter:
    """Reads the processor time that named processes, with their children, have used.

    Of the driver, which is the parent of all of them, only its own counts.
    """

    pids: Mapping[str, int]

    def read(self) -> dict[str, float]:
        """Return the milliseconds used so far by each."""
        driver = {"driver": sum(os.times()[:2]) * 1000}
        return driver | {name: _milliseconds(pid) for name, pid in self.pids.items()}

    def since(self, before: Mapping[str, float]) -> dict[str, float]:
        """Return the milliseconds used by each since that reading."""
        return {name: used - before[name] for name, used in self.read().items()}


def resident_kb(pid: int) -> int:
    """Return the memory that a process holds for itself alone, in kB."""
    return _field(Path(f"/proc/{pid}/smaps_rollup"), "Private_Dirty:")


def _field(file: Path, name: str) -> int:
    lines = file.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def _milliseconds(pid: int) -> float:
    return (_own(pid, reaped=True) + sum(map(_tree, _children(pid)))) * 1000 / TICKS


def _tree(pid: int) -> int:
    return _own(pid, reaped=False) + sum(map(_tree, _children(pid)))


def _own(pid: int, *, reaped: bool) -> int:
    """Return the ticks of a process, with those of its children that have ended if asked."""
    places = (UTIME, STIME, CUTIME, CSTIME) if reaped else (UTIME, STIME)
    return _told(pid, lambda words: sum(int(words[place]) for place in places))


def _told(pid: int, read: Callable[[list[str]], int]) -> int:
    with suppress(FileNotFoundError, ProcessLookupError):
        return read(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split())
    return 0


def _children(pid: int) -> tuple[int, ...]:
    with suppress(FileNotFoundError, ProcessLookupError):
        tasks = Path(f"/proc/{pid}/task").iterdir()
        return tuple(int(c) for task in tasks for c in (task / "children").read_text().split())
    return ()
