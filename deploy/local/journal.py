"""The journal mailbox over IMAP: every letter that left is found there by its Message-ID.

The IMAP server is pymap over the journal's Maildir, in a process of its own.
"""

import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from imapclient import IMAPClient
from pysasl.hashing import BuiltinHash

from deploy.local import processes
from deploy.local.processes import LOOPBACK, Child, Program

USER: Final = "journal"
_SERVER: Final = "import sys; from pymap.main import main; sys.exit(main())"
_ROUNDS: Final = 1000  # the password is random, so guessing is hopeless without slow hashing


@dataclass(frozen=True)
class ImapAccess:
    """Where and as whom the journal is read."""

    host: str
    port: int
    user: str
    password: str


def serve(folder: Path, maildir: Path) -> tuple[Child, ImapAccess]:
    """Start the IMAP server of a Maildir below `folder`, on the port it had before."""
    processes.end_leftover(_log_file(folder))
    processes.remembered_port(folder / "journal.port")
    _ensure_password(folder / "journal.password")
    access = access_to(folder)
    _write_accounts(folder, maildir, access)
    command = (sys.executable, "-c", _SERVER, "--host", access.host, "--port", str(access.port))
    options = ("--no-tls", "maildir", str(folder))
    # pymap renames its temporary files into the Maildir, so they have to lie on the same disk.
    program = Program((*command, *options), _log_file(folder), {"TMPDIR": str(folder)})
    child = processes.start(program)
    child.wait_until(lambda: processes.is_answering(access.port))
    return child, access


def access_to(folder: Path) -> ImapAccess:
    """Return the way into the journal that is served from this folder."""
    port = int((folder / "journal.port").read_text())
    return ImapAccess(LOOPBACK, port, USER, (folder / "journal.password").read_text())


def is_in_journal(access: ImapAccess, message_id: str) -> bool:
    """Tell whether a letter with this Message-ID was accepted, by a search over IMAP."""
    with IMAPClient(access.host, access.port, ssl=False, timeout=30) as mailbox:
        mailbox.login(access.user, access.password)
        mailbox.select_folder("INBOX", readonly=True)
        return bool(mailbox.search(["HEADER", "Message-ID", message_id]))


def _write_accounts(folder: Path, maildir: Path, access: ImapAccess) -> None:
    """Write pymap's two files in the form of passwd and shadow, where a colon parts the fields."""
    digest = BuiltinHash(rounds=_ROUNDS).hash(access.password)
    home = maildir.relative_to(folder)
    (folder / "pymap-etc-passwd").write_text(f"{USER}:x::::{home}:\r\n")
    (folder / "pymap-etc-shadow").write_text(f"{USER}:{digest}:::::::\r\n")


def _ensure_password(note: Path) -> None:
    if not note.exists():
        note.touch(mode=0o600)
        note.write_text(secrets.token_urlsafe(24))


def _log_file(folder: Path) -> Path:
    return folder / "journal.log"
