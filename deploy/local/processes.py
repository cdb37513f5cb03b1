"""Start child processes, wait until they are ready, and end each by its own id, never by name.

A child writes its id beside its log; one left behind by a launcher that was killed is found there
and ended before the next of the same name starts, so nothing serves the same folder twice.
"""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

LOOPBACK: Final = "127.0.0.1"
READY_WITHIN: Final = timedelta(seconds=60)
GRACE: Final = timedelta(seconds=15)
_GLANCE_SECONDS: Final = 0.02
_SHOWN_LOG_BYTES: Final = 4000


class NotReadyError(RuntimeError):
    """A child ended, or stayed silent, before it was ready; its last words are in the message."""

    def __init__(self, command: str, last_words: str) -> None:
        """Name the command and what it wrote last."""
        super().__init__(f"{command} is not ready:\n{last_words}")


class FolderInUseError(RuntimeError):
    """Another live process holds the folder."""

    def __init__(self, folder: Path) -> None:
        """Name the folder."""
        super().__init__(f"{folder} is in use by another process")


@dataclass(frozen=True)
class Program:
    """What to run: the command, where its words go, and what differs from our own surroundings."""

    command: Sequence[str]
    log_file: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    working_folder: Path | None = None


@dataclass(frozen=True)
class Child:
    """One running process that this one started."""

    program: Program
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """Name the process for signals and for the reader of a log."""
        return self.process.pid

    @property
    def is_running(self) -> bool:
        """Tell whether the process has not ended yet."""
        return self.process.poll() is None

    def wait_until(self, is_ready: Callable[[], bool], timeout: timedelta = READY_WITHIN) -> None:
        """Wait until `is_ready` says so.

        Raises:
            NotReadyError: the process ended first, or the time ran out.

        """
        if not wait_for(lambda: not self.is_running or is_ready(), timeout) or not self.is_running:
            raise NotReadyError(self.program.command[0], self.log_end())

    def log_end(self) -> str:
        """Return the last lines the process wrote."""
        written = self.program.log_file.read_bytes()[-_SHOWN_LOG_BYTES:]
        return written.decode(errors="replace")

    def stop(self, grace: timedelta = GRACE, ask: signal.Signals = signal.SIGTERM) -> int:
        """Ask the process to end, kill it when the grace is over, and return its exit code."""
        if self.is_running:
            self.process.send_signal(ask)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(grace.total_seconds())
        return self.kill()

    def kill(self) -> int:
        """End the process at once, as a power cut would, and return its exit code."""
        self.process.kill()
        code = self.process.wait()
        _id_file(self.program.log_file).unlink(missing_ok=True)
        return code


def python_module(module: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs a module under this very Python."""
    return (sys.executable, "-m", module, *arguments)


def start(program: Program) -> Child:
    """Start a program in a session of its own, ending a leftover of the same log first."""
    end_leftover(program.log_file)
    program.log_file.parent.mkdir(parents=True, exist_ok=True)
    with program.log_file.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - commands are written in this package, no shell
            program.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **program.environment},
            cwd=program.working_folder,
            start_new_session=True,  # Ctrl-C is for the launcher, which then stops its children
        )
    _id_file(program.log_file).write_text(f"{process.pid} {_birth(process.pid)}")
    return Child(program, process)


def end_leftover(
    log_file: Path, grace: timedelta = GRACE, ask: signal.Signals = signal.SIGTERM
) -> None:
    """End the process that an earlier launcher started with this log and left running."""
    pid = _leftover(log_file)
    if pid is not None:
        os.kill(pid, ask)
        if not wait_for(lambda: _leftover(log_file) is None, grace):
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda: _leftover(log_file) is None, grace)
    _id_file(log_file).unlink(missing_ok=True)


def wait_for(is_so: Callable[[], bool], timeout: timedelta) -> bool:
    """Look again and again until `is_so`, and tell whether it came true in time."""
    until = time.monotonic() + timeout.total_seconds()
    while not is_so():
        if time.monotonic() > until:
            return False
        time.sleep(_GLANCE_SECONDS)
    return True


def is_answering(port: int, host: str = LOOPBACK) -> bool:
    """Tell whether somebody accepts connections there."""
    with suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


def free_port() -> int:
    """Return a loopback port that nobody holds at this moment."""
    with socket.create_server((LOOPBACK, 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def remembered_port(note: Path, wanted: int | None = None) -> int:
    """Return the wanted port, or the one noted last time if nobody took it, or a free one."""
    noted = int(note.read_text()) if note.exists() else None
    port = wanted or (noted if noted and not is_answering(noted) else free_port())
    note.write_text(str(port))
    return port


@contextmanager
def sole_use(folder: Path) -> Iterator[None]:
    """Hold a folder against every other launcher; the hold ends with the process, however it ends.

    Raises:
        FolderInUseError: another live process holds it.

    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUseError(folder) from None
        yield


def _id_file(log_file: Path) -> Path:
    return log_file.with_suffix(".pid")


def _leftover(log_file: Path) -> int | None:
    with suppress(FileNotFoundError):
        number, _, birth = _id_file(log_file).read_text().partition(" ")
        if birth and birth == _birth(int(number)):
            return int(number)
    return None


def _birth(pid: int) -> str:
    """Return when the process began, which tells it from a later one of the same number."""
    with suppress(OSError):
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if after_name[0] == "Z" else f"{after_name[19]}@{_boot()}"
    if Path("/proc/self/stat").exists() or not (ps := shutil.which("ps")):
        return ""
    told = subprocess.run([ps, "-o", "lstart=", "-p", str(pid)], capture_output=True, check=False)  # noqa: S603 - a fixed command with a number
    return told.stdout.decode().strip()


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
