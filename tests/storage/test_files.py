"""A file is whole under its digest or is not there, whatever ends the process that writes it."""

import subprocess
import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from storage import files, messages
from storage.database import Database
from storage.files import Attachment, DamagedFileError, FileStore, MissingFileError
from storage.messages import StaffText

PICTURE = b"\x89PNG\r\n" + bytes(range(256)) * 400
DIGEST = sha256(PICTURE).hexdigest()
CRASH_BEFORE_THE_DISK_HAS_IT = """
import os, sys
from pathlib import Path
from storage.files import FileStore
os.fsync = lambda handle: os._exit(9)
FileStore(Path(sys.argv[1])).put(sys.stdin.buffer.read())
"""
FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from storage.files import FileStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
FileStore(Path(sys.argv[1])).put(sys.stdin.buffer.read())
"""


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


def run(program: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", program, str(folder)]
    return subprocess.run(command, input=PICTURE, capture_output=True, check=False)  # noqa: S603 - ours


def everything_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_bytes_come_back_by_their_digest(store: FileStore) -> None:
    assert store.put(PICTURE) == DIGEST

    assert store.read(DIGEST) == PICTURE
    with store.open(DIGEST) as file:
        assert file.read(8) == PICTURE[:8]


def test_a_file_of_nothing_is_a_file(store: FileStore) -> None:
    assert store.read(store.put(b"")) == b""


def test_the_same_bytes_twice_are_one_file(store: FileStore) -> None:
    store.put(PICTURE)
    store.put(PICTURE)

    assert everything_in(store.folder) == [store.folder / DIGEST[:2] / DIGEST[2:4] / DIGEST]


@pytest.mark.parametrize("digest", ["0" * 64, "", "../../etc/passwd", DIGEST.upper()])
def test_what_was_never_put_is_missing(store: FileStore, digest: str) -> None:
    store.put(PICTURE)

    with pytest.raises(MissingFileError):
        store.read(digest)


@pytest.mark.parametrize("damaged", [PICTURE[:-1], b"", PICTURE[:-1] + b"?"])
def test_a_damaged_file_is_never_given_out_and_is_mended_by_its_bytes(
    store: FileStore, damaged: bytes
) -> None:
    store.put(PICTURE)
    (store.folder / DIGEST[:2] / DIGEST[2:4] / DIGEST).write_bytes(damaged)

    with pytest.raises(DamagedFileError):
        store.read(DIGEST)

    store.put(PICTURE)
    assert store.read(DIGEST) == PICTURE


def test_a_crash_leaves_no_half_file_under_a_final_name(store: FileStore) -> None:
    crashed = run(CRASH_BEFORE_THE_DISK_HAS_IT, store.folder)

    assert crashed.returncode == 9
    assert [path.parent.name for path in everything_in(store.folder)] == ["unfinished"]
    with pytest.raises(MissingFileError):
        store.read(DIGEST)
    assert store.read(store.put(PICTURE)) == PICTURE


def test_a_full_disk_leaves_nothing_behind(store: FileStore) -> None:
    failed = run(FULL_DISK, store.folder)

    assert b"File too large" in failed.stderr
    assert everything_in(store.folder) == []


def message(connection: Connection) -> int:
    at = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
    return messages.add_staff_text(connection, StaffText("PS-000001", "Снимок", "head:1", at))


def test_a_message_lists_what_it_carried_in_its_order(database: Database) -> None:  # R41 R42
    carried = (
        Attachment("экран.png", "image/png", DIGEST, len(PICTURE)),
        Attachment("журнал.txt", "text/plain", "0" * 64, 12),
        Attachment("тот же экран.png", "image/png", DIGEST, len(PICTURE)),
    )
    with database.transaction() as connection:
        id_ = message(connection)
        files.add(connection, id_, carried)

        listed = files.list_for(connection, id_)

    assert [(one.name, one.content_type, one.digest, one.size) for one in listed] == [
        (one.name, one.content_type, one.digest, one.size) for one in carried
    ]
    assert len({one.id for one in listed}) == 3


def test_a_file_carried_by_two_messages_is_entered_once(database: Database) -> None:
    picture = Attachment("экран.png", "image/png", DIGEST, len(PICTURE))
    with database.transaction() as connection:
        first, second = message(connection), message(connection)
        files.add(connection, first, [picture])
        files.add(connection, second, [picture])

        entered = connection.execute(text("SELECT count(*) FROM files")).scalar_one()

        assert (entered, len(files.list_for(connection, second))) == (1, 1)


def test_a_message_without_files_lists_none(database: Database) -> None:
    with database.transaction() as connection:
        id_ = message(connection)
        files.add(connection, id_, ())

        assert files.list_for(connection, id_) == ()
