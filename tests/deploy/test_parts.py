"""Parts are begun in order, begun again when they die, and ended in reverse."""

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.local import processes
from deploy.local.parts import Part, PartFailedError, Parts, Started
from deploy.local.processes import Child, Program

LIVES = "import time; print('up', flush=True); time.sleep(60)"
DIES = "print('no room on the disk'); raise SystemExit(3)"


class House:
    """Parts over real processes, with what was said and every process begun."""

    def __init__(self, folder: Path) -> None:
        """Keep the logs in this folder."""
        self.folder = folder
        self.said: list[str] = []
        self.begun: list[Child] = []
        self.parts = Parts(self.said.append)

    def part(self, name: str, program: str = LIVES) -> Part:
        """Return a part that is ready when it has said that it is up."""
        log_file = self.folder / f"{name}.log"

        def start() -> Started:
            child = processes.start(Program((sys.executable, "-c", program), log_file))
            self.begun.append(child)
            child.wait_until(lambda: b"up" in log_file.read_bytes())
            return Started(child, child.stop)

        return Part(name, log_file, start)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.parts.stop()
    for child in house.begun:
        child.kill()


def test_the_last_begun_is_ended_first(house: House) -> None:
    for name in ("register", "worker"):
        house.parts.start(house.part(name))

    house.parts.stop()

    assert [line.split()[-1] for line in house.said[2:]] == ["worker", "register"]
    assert not any(child.is_running for child in house.begun)


def test_a_part_that_died_is_begun_again_and_said_so(house: House) -> None:
    house.parts.start(house.part("worker"))
    house.begun[0].kill()

    house.parts.mend()

    assert house.begun[1].is_running
    assert "worker: процесс остановился" in house.said[-1]


def test_a_part_that_keeps_dying_is_begun_ever_more_slowly(house: House) -> None:
    house.parts.start(house.part("worker"))
    for _ in range(4):
        house.begun[-1].kill()
        house.parts.mend()

    assert len(house.begun) == 2


def test_what_runs_is_left_alone(house: House) -> None:
    house.parts.start(house.part("worker"))

    house.parts.mend()

    assert len(house.begun) == 1


def test_a_part_that_does_not_start_shows_its_last_words_and_its_log(house: House) -> None:
    with pytest.raises(PartFailedError) as failure:
        house.parts.start(house.part("gateway", DIES))

    assert "no room on the disk" in str(failure.value)
    assert str(house.folder / "gateway.log") in str(failure.value)


def test_a_part_interrupted_while_starting_is_ended_too(house: House) -> None:
    part = house.part("gateway")

    def interrupted() -> Started:
        part.start()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        house.parts.start(Part(part.name, part.log_file, interrupted))
    house.parts.stop()

    gone = processes.wait_for(lambda: not house.begun[0].is_running, timedelta(seconds=5))
    assert gone
