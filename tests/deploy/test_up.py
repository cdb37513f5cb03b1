"""The whole service starts on one machine, answers a letter, and finds its tickets again."""

import os
import signal
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx

from deploy.local import processes
from deploy.local.maildirs import Maildirs, StoredLetter
from deploy.local.people import CLIENTS
from deploy.local.processes import LOOPBACK, Child, Program
from deploy.local.settings import OWN_ADDRESSES, Home
from mail import reading

WITHIN = timedelta(seconds=90)
ANNA, OLEG = (client["email"] for client in CLIENTS[:2])
LETTER = (
    f"From: %s\r\nTo: {OWN_ADDRESSES[0]}\r\nSubject: Report\r\nMessage-ID: <%s@x.example>\r\n"
    "\r\nThe report closes at once.\r\n"
)


class House:
    """One run of `support up` in a folder."""

    def __init__(self, folder: Path, launcher: Child) -> None:
        """Watch this launcher."""
        self.home, self.launcher = Home(folder), launcher

    @property
    def said(self) -> str:
        """Return what the launcher has printed so far."""
        return self.launcher.program.log_file.read_text()

    def write(self, name: str, sender: str = ANNA) -> None:
        """Write to support as a client, by plain SMTP."""
        port = int((self.home.folder / "ports" / "smtp").read_text())
        with smtplib.SMTP(LOOPBACK, port, local_hostname="test.localhost", timeout=30) as line:
            line.sendmail(sender, OWN_ADDRESSES[0], (LETTER % (sender, name)).encode())

    def password(self, login: str) -> str:
        """Return the password that the note of sign-ins keeps."""
        lines = (line.split() for line in self.home.sign_ins.read_text().splitlines())
        return next(line[2] for line in lines if line[1] == login)

    def signs_in(self, login: str, to: str) -> bool:
        """Tell whether somebody signs in by the password and stands on their page."""
        site = f"http://{LOOPBACK}:{(self.home.folder / 'ports' / 'http').read_text()}"
        form = {"login": login, "password": self.password(login), "next": to}
        with httpx.Client(base_url=site, timeout=30) as browser:
            entered = browser.post("/signin", data=form)
            shown = browser.get(to)
        return (entered.status_code, shown.status_code) == (303, 200)

    def letter(self, recipient: str = ANNA) -> StoredLetter:
        """Return the client's only letter, once it is there."""
        box = Maildirs(self.home.post)
        processes.wait_for(lambda: bool(box.letters(recipient)), WITHIN)
        (letter,) = box.letters(recipient)
        return letter


@contextmanager
def up(folder: Path, log_file: Path) -> Iterator[House]:
    words = ("up", "--folder", str(folder), "--free-ports")
    program = Program(processes.python_module("deploy.command_line", *words), log_file)
    house = House(folder, processes.start(program))
    try:
        house.launcher.wait_until(lambda: "Остановить: Ctrl-C" in house.said, WITHIN)
        yield house
    finally:
        code = house.launcher.stop(WITHIN)
    assert code == 0


def test_a_letter_is_confirmed_and_its_ticket_found_again_the_next_day(  # R28 R33
    tmp_path: Path,
) -> None:
    with up(tmp_path / "world", tmp_path / "first.log") as house:
        house.write("first")
        confirmation = house.letter()
        assert "PS-000001" in reading.read(confirmation.raw).subject
        assert house.signs_in("anna", to="/cabinet")
        assert house.signs_in("sokol", to="/queue")
        assert house.home.sign_ins.stat().st_mode & 0o077 == 0

    with up(tmp_path / "world", tmp_path / "second.log") as house:
        worker = house.home.log("worker").with_suffix(".pid")
        os.kill(int(worker.read_text().split()[0]), signal.SIGKILL)
        house.write("second", OLEG)
        second = house.letter(OLEG)

        assert house.letter().raw == confirmation.raw
        assert "PS-000002" in reading.read(second.raw).subject
        assert "исполнитель заявок: процесс остановился" in house.said
        assert house.password("anna") not in house.said
        assert house.signs_in("anna", to="/cabinet")
