"""A real mail server, Postfix, with a queue and a configuration of its own, on loopback.

It gives every letter for profman.ru to our LMTP door, tries again after a second, and sends
nothing anywhere else.
"""

import os
import shutil
import smtplib
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from deploy.local import processes
from deploy.local.processes import LOOPBACK, Child, Program

PROGRAM: Final = "postfix"
MAIN: Final = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
myhostname = mx.acceptance.example
mydestination =
local_recipient_maps =
alias_maps =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
notify_classes =
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
message_size_limit = 31457280
smtputf8_enable = yes
default_transport = discard
virtual_mailbox_domains = profman.ru
virtual_mailbox_maps = static:all
virtual_transport = lmtp:inet:127.0.0.1:{door}
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
lmtp_connect_timeout = 2s
lmtp_lhlo_timeout = 2s
lmtp_data_done_timeout = 3s
"""
MASTER: Final = """
127.0.0.1:{port} inet n - n - - smtpd
pickup    unix n - n 60 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
lmtp      unix - - n - - lmtp
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
showq     unix n - n - - showq
postlog   unix-dgram n - n - 1 postlogd
"""


def lack() -> str:
    """Say what keeps Postfix from being started here; empty when nothing does."""
    if shutil.which(PROGRAM) is None:
        return "Postfix is not installed (apt-get install postfix)"
    return "" if os.geteuid() == 0 else "Postfix with an own configuration is started by root only"


@dataclass(frozen=True)
class Postfix:
    """A server at work."""

    folder: Path
    port: int
    child: Child

    @classmethod
    def start(cls, folder: Path, door: int) -> Self:
        """Start a server that delivers to this door, in a folder that everybody may enter."""
        port = processes.free_port()
        for name in ("queue", "data"):
            (folder / name).mkdir()
        shutil.chown(folder / "data", "postfix", "postfix")
        (folder / "main.cf").write_text(MAIN.format(folder=folder, door=door))
        (folder / "master.cf").write_text(MASTER.format(port=port))
        command = (PROGRAM, "-c", str(folder), "start-fg")
        child = processes.start(Program(command, folder / "console.log"))
        child.wait_until(lambda: processes.is_answering(port))
        return cls(folder, port, child)

    def give(
        self,
        content: bytes,
        recipients: Sequence[str],
        sender: str = "o.belova@sever.example",
        options: Sequence[str] = (),
    ) -> None:
        """Hand a letter over; returns when the server has accepted it."""
        with smtplib.SMTP(LOOPBACK, self.port) as smtp:
            smtp.ehlo()
            smtp.sendmail(sender, recipients, content, mail_options=options)

    def waiting(self) -> int:
        """Count the letters that have not been delivered yet."""
        told = self._run("postqueue", "-c", str(self.folder), "-j")
        return len(told.splitlines())

    def try_now(self) -> None:
        """Have every letter tried again at once."""
        self._run("postqueue", "-c", str(self.folder), "-f")

    def log(self) -> str:
        """Return what the server wrote."""
        return (self.folder / "mail.log").read_text()

    def stop(self) -> None:
        """Stop the server and every process of it."""
        self._run(PROGRAM, "-c", str(self.folder), "stop")
        self.child.stop()

    @staticmethod
    def _run(*command: str) -> str:
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - fixed commands with a folder of ours
        return done.stdout.decode()
