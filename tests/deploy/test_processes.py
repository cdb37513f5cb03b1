"""Children are started, awaited and ended by their own ids, whatever became of their launcher."""

import signal
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.local import processes
from deploy.local.processes import Child, FolderInUseError, NotReadyError, Program

SLEEPS = "import time; print('ready', flush=True); time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SLEEPS


def python(code: str, folder: Path) -> Program:
    return Program((sys.executable, "-c", code), folder / "child.log")


@pytest.fixture
def sleeping(tmp_path: Path) -> Iterator[Child]:
    child = processes.start(python(SLEEPS, tmp_path))
    child.wait_until(lambda: "ready" in child.log_end())
    yield child
    child.kill()


def test_a_child_that_ends_before_it_is_ready_tells_why(tmp_path: Path) -> None:
    child = processes.start(python("raise SystemExit('no letters today')", tmp_path))

    with pytest.raises(NotReadyError, match="no letters today"):
        child.wait_until(lambda: False)


def test_a_child_that_stays_silent_is_not_awaited_for_ever(sleeping: Child) -> None:
    with pytest.raises(NotReadyError):
        sleeping.wait_until(lambda: False, timeout=timedelta(seconds=0.1))


def test_a_child_asked_to_stop_ends_by_that_signal(sleeping: Child) -> None:
    assert sleeping.stop() == -signal.SIGTERM
    assert not sleeping.is_running


def test_a_child_that_does_not_listen_is_killed_after_the_grace(tmp_path: Path) -> None:
    child = processes.start(python(DEAF, tmp_path))
    child.wait_until(lambda: "ready" in child.log_end())

    assert child.stop(grace=timedelta(seconds=0.2)) == -signal.SIGKILL


def test_a_child_gets_the_given_surroundings(tmp_path: Path) -> None:
    code = "import os; print(os.environ['COLOUR'])"
    program = Program((sys.executable, "-c", code), tmp_path / "child.log", {"COLOUR": "синий"})

    child = processes.start(program)

    child.process.wait()
    assert child.log_end().strip() == "синий"


def test_a_leftover_of_the_same_log_is_ended_before_the_next_starts(sleeping: Child) -> None:
    again = processes.start(sleeping.program)

    assert not sleeping.is_running
    assert again.is_running
    again.kill()


def test_a_stranger_who_got_the_number_of_a_leftover_is_left_alone(sleeping: Child) -> None:
    note = sleeping.program.log_file.with_suffix(".pid")
    note.write_text(f"{sleeping.pid} born at another time")

    processes.end_leftover(sleeping.program.log_file)

    assert sleeping.is_running


def test_a_folder_serves_one_launcher_at_a_time(tmp_path: Path) -> None:
    with (
        processes.sole_use(tmp_path),
        pytest.raises(FolderInUseError),
        processes.sole_use(tmp_path),
    ):
        pass
    with processes.sole_use(tmp_path):
        pass


def test_a_port_is_remembered_until_somebody_else_takes_it(tmp_path: Path) -> None:
    note = tmp_path / "port"
    first = processes.remembered_port(note)

    assert processes.remembered_port(note) == first
    assert processes.remembered_port(note, wanted=4242) == 4242
    assert processes.remembered_port(note) == 4242
