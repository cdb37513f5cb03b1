"""Pictures and HTML of strangers made fit to show, each in a child process of its own.

Carries out R42, Q14: a hostile picture or page costs a child and ten seconds, never the service. A
child has no environment, writes no file, leaves no core, and ends with its one task; what it
answers is data, which is checked or shut in.
"""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mail.pictures import FORMATS, Copy, NotShownError, drawn_anew
from mail.safe_html import safe_html

WALL_SECONDS = 60.0  # on a machine so busy that ten seconds of work take this long

_PICTURE, _PAGE = "picture", "page"
_REFUSED = 3


class ShowingUnavailableError(Exception):
    """No child came to an end, and the bytes need not be to blame: later it may go well."""


@dataclass(frozen=True)
class Showroom:
    """Where things are made fit to show; the limits are those of each child."""

    cpu_seconds: int = 10
    megabytes: int = 512

    def drawn_anew(self, content: bytes) -> Copy:
        """Do what `mail.pictures.drawn_anew` does, in a child.

        Raises:
            NotShownError: as there, or when the picture takes more time or memory than it may.
            ShowingUnavailableError: when the machine is not able to now.

        """
        named, _, drawn = self._done(_PICTURE, content).partition(b"\n")
        content_type = named.decode(errors="replace")
        # A child that a picture took over may say anything.
        if content_type not in FORMATS.values():
            raise NotShownError("картинка повреждена")
        return Copy(drawn, content_type)

    def safe_html(self, html: str, pictures: Mapping[str, str]) -> str:
        """Do what `mail.safe_html.safe_html` does, in a child.

        Raises:
            NotShownError: when it takes more time or memory than it may.
            ShowingUnavailableError: when the machine is not able to now.

        """
        return self._done(_PAGE, json.dumps([html, dict(pictures)]).encode()).decode()

    def _done(self, task: str, given: bytes) -> bytes:
        """Have a child do the task, and return what it wrote."""
        ended = _run([task, str(self.cpu_seconds), str(self.megabytes)], given)
        if ended.returncode == 0:
            return ended.stdout
        if ended.returncode == _REFUSED:
            raise NotShownError(ended.stdout.decode())
        if ended.returncode == -signal.SIGXCPU:
            raise NotShownError("показ потребовал бы слишком много времени")
        if ended.returncode == -signal.SIGKILL:
            raise ShowingUnavailableError(f"the child for a {task} was killed")
        raise NotShownError("показ потребовал бы слишком много памяти или не удался")


def _run(arguments: list[str], given: bytes) -> subprocess.CompletedProcess[bytes]:
    paths = os.pathsep.join(filter(None, [str(Path(__file__).parents[1]), *sys.path]))
    try:
        return subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-P", "-B", "-m", "mail.showing", *arguments],
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what it would say of a stranger's bytes is not for a log
            env={"PYTHONPATH": paths},
            timeout=WALL_SECONDS,
            check=False,
            start_new_session=True,  # Ctrl-C in a terminal is for the service alone
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise ShowingUnavailableError(f"no child: {type(fault).__name__}") from fault


def _serve(task: str, cpu_seconds: int, megabytes: int) -> int:
    """Do one task in the child; return how it ends."""
    _confine(cpu_seconds, megabytes * 2**20)
    given = sys.stdin.buffer.read()
    try:
        done = _drawn(given) if task == _PICTURE else safe_html(*json.loads(given)).encode()
    except NotShownError as refusal:
        sys.stdout.buffer.write(str(refusal).encode())
        return _REFUSED
    sys.stdout.buffer.write(done)
    return 0


def _drawn(content: bytes) -> bytes:
    copy = drawn_anew(content)
    return b"%b\n%b" % (copy.content_type.encode(), copy.content)


def _confine(cpu_seconds: int, memory: int) -> None:
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_CPU, cpu_seconds)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)


def _limit(kind: int, most: int) -> None:
    """Lower a limit; the hard one stays, for at a hard one of time the end tells no reason."""
    _, hardest = resource.getrlimit(kind)
    limit = most if hardest == resource.RLIM_INFINITY else min(most, hardest)
    resource.setrlimit(kind, (limit, hardest))


if __name__ == "__main__":
    sys.exit(_serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
