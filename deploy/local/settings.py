"""What the local world is told: its ports, its secrets, and the SUPPORT_ settings made of them.

Secrets are made once and stay readable by their owner alone; ports are the same at every start.
"""

import json
import os
import secrets
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from deploy.local import processes
from deploy.local.journal import ImapAccess
from deploy.local.post_office import JOURNAL
from deploy.local.processes import LOOPBACK

DATABASE: Final = "support"
OWN_ADDRESSES: Final = ("lanskov@profman.ru", "office@profman.ru")
KEY_ID: Final = "k1"
KEY_BYTES: Final = 32


class PortTakenError(RuntimeError):
    """Somebody else answers on a port that we need."""

    def __init__(self, port: int) -> None:
        """Say which port, and the two ways out."""
        super().__init__(
            f"Порт {port} занят другой программой. Остановите её или запустите на свободных "
            "портах: .venv/bin/support up --free-ports"
        )


@dataclass(frozen=True)
class Ports:
    """Where each part answers; the defaults are those that people know by heart."""

    http: int = 8000
    page: int = 8025
    smtp: int = 1025
    engine: int = 7233
    engine_ui: int = 8233
    door: int = 2525
    lmtp: int = 2424

    @property
    def site(self) -> str:
        """Return the address of the support's own pages."""
        return f"http://{LOOPBACK}:{self.http}"


@dataclass(frozen=True)
class Home:
    """The one folder of a local world, and what stands where in it."""

    folder: Path

    @property
    def postgres(self) -> Path:
        """Return the place of the register's server."""
        return self.folder / "postgres"

    @property
    def post(self) -> Path:
        """Return the place of the post office and of every letter it keeps."""
        return self.folder / "post"

    @property
    def sign_ins(self) -> Path:
        """Return the note with the tokens of the demo people."""
        return self.folder / "sign-ins.txt"

    @property
    def environment(self) -> Path:
        """Return the note with the SUPPORT_ settings, for commands given beside the world."""
        return self.folder / "support.env"

    def log(self, name: str) -> Path:
        """Return the log of a part."""
        return self.folder / "logs" / f"{name}.log"


CUSTOMARY: Final = Ports()


def choose_ports(home: Home, *, free: bool = False, customary: Ports = CUSTOMARY) -> Ports:
    """Take the customary ports, or free ones that stay the same from then on.

    Raises:
        PortTakenError: a customary port is held by somebody else.

    """
    wanted = asdict(customary)
    if not free:
        for port in wanted.values():
            if processes.is_answering(port):
                raise PortTakenError(port)
        return customary
    notes = home.folder / "ports"
    notes.mkdir(parents=True, exist_ok=True)
    return Ports(**{name: processes.remembered_port(notes / name) for name in wanted})


def environment(home: Home, ports: Ports, database_url: str, journal: ImapAccess) -> dict[str, str]:
    """Return the settings of every process of this world."""
    signing_key = kept_secret(home.folder / "signing.key")
    told = {
        "database_url": database_url,
        "temporal_address": f"{LOOPBACK}:{ports.engine}",
        "files_folder": str(home.folder / "files"),
        "site": ports.site,
        "http_port": str(ports.http),
        "door_host": LOOPBACK,
        "door_port": str(ports.door),
        "lmtp_port": str(ports.lmtp),
        "own_addresses": json.dumps(OWN_ADDRESSES),
        "signing_key_id": KEY_ID,
        "signing_keys": json.dumps({KEY_ID: signing_key}),
        "smtp_host": LOOPBACK,
        "smtp_port": str(ports.smtp),
        "journal_address": JOURNAL,
        "journal_host": journal.host,
        "journal_port": str(journal.port),
        "journal_user": journal.user,
        "journal_password": journal.password,
        "journal_tls": "false",
    }
    return {f"SUPPORT_{name.upper()}": value for name, value in told.items()}


def as_shell(settings: Mapping[str, str]) -> str:
    """Write settings so that a shell can read them."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in settings.items())


def kept_secret(note: Path) -> str:
    """Return the secret of this note, made at random when there is none yet."""
    if not note.exists():
        write_private(note, secrets.token_hex(KEY_BYTES))
    return note.read_text()


def write_private(note: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    part = note.with_name(f"{note.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.rename(note)
