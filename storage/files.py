"""Files that came with messages: bytes by their SHA-256 in a folder, names in the register.

Carries out R41, R42, Q14 and law 1: what stands under its digest is whole, or is called damaged.
"""

import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import file_digest, sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, BinaryIO

from pydantic_core import to_json
from sqlalchemy import Connection, Row, select, text

from storage.file_tables import file_scans, picture_copies
from storage.scans import Scan, ScanState
from storage.ticket_tables import attachments, files

DIGEST = re.compile("[0-9a-f]{64}")


class MissingFileError(LookupError):
    """No file stands under the digest."""


class DamagedFileError(Exception):
    """The bytes under the digest are not those that were put there."""


@dataclass(frozen=True)
class FileStore:
    """Files by the SHA-256 of their bytes: the same bytes are one file.

    A file appears under its name only when it is whole and on the disk. A crash may leave a part
    of one in `unfinished/`, which nothing reads.
    """

    folder: Path

    def put(self, content: bytes) -> str:
        """Keep the bytes, safe from a power cut, and return their digest."""
        digest = sha256(content).hexdigest()
        final = self._path(digest)
        final.parent.mkdir(parents=True, exist_ok=True)
        if not self._is_whole(digest):
            self._write(content, final)
        # Always, as whoever wrote the same file a moment ago may have come only as far as its name.
        for folder in (final.parent, final.parent.parent, self.folder):
            _flush(folder)
        return digest

    def open(self, digest: str) -> BinaryIO:
        """Open the file of this digest, at its first byte, after comparing all of them.

        Raises:
            MissingFileError: when there is none.
            DamagedFileError: when the bytes are others.

        """
        try:
            file = self._path(digest).open("rb")
        except FileNotFoundError:
            raise MissingFileError(f"no file {digest}") from None
        if file_digest(file, "sha256").hexdigest() != digest:
            file.close()
            raise DamagedFileError(f"the file {digest} is damaged")
        file.seek(0)
        return file

    def read(self, digest: str) -> bytes:
        """Return the bytes of this digest; raises what `open` raises."""
        with self.open(digest) as file:
            return file.read()

    def _is_whole(self, digest: str) -> bool:
        with suppress(MissingFileError, DamagedFileError), self.open(digest):
            return True
        return False

    def _path(self, digest: str) -> Path:
        if not DIGEST.fullmatch(digest):
            raise MissingFileError(f"not the digest of a file: {digest!r}")
        return self.folder / digest[:2] / digest[2:4] / digest

    def _write(self, content: bytes, final: Path) -> None:
        unfinished = self.folder / "unfinished"
        unfinished.mkdir(exist_ok=True)
        with NamedTemporaryFile(dir=unfinished, delete=False) as part:
            try:
                part.write(content)
                part.flush()
                os.fsync(part.fileno())
                Path(part.name).rename(final)
            except BaseException:  # a full disk must not fill further with parts
                Path(part.name).unlink(missing_ok=True)
                raise


@dataclass(frozen=True)
class Attachment:
    """A file as a message carried it.

    The register gives its `id`, what a scanner said of it, and why it is not shown as a picture.
    """

    name: str
    content_type: str
    digest: str
    size: int
    id: int | None = None
    scan: Scan = field(default_factory=Scan)
    not_shown: str = ""


ADD = text("""
WITH given AS (
  SELECT * FROM jsonb_to_recordset(cast(:attachments AS jsonb))
    AS given(name text, content_type text, digest text, size bigint)
), kept AS (
  INSERT INTO files (digest, size) SELECT DISTINCT digest, size FROM given
  ON CONFLICT DO NOTHING
), held AS (
  INSERT INTO file_scans (digest) SELECT DISTINCT digest FROM given
  ON CONFLICT DO NOTHING RETURNING digest
), carried AS (
  INSERT INTO attachments (message_id, digest, name, content_type)
  SELECT :message_id, digest, name, content_type FROM given
), known_as_infected AS (
  INSERT INTO review_items (kind, number, message_id, reason)
  SELECT DISTINCT 'infected', messages.number, messages.id, given.name || ': ' || file_scans.reason
  FROM given JOIN file_scans USING (digest) JOIN messages ON messages.id = :message_id
  WHERE file_scans.state = 'infected'
)
SELECT pg_notify('file_scans', '') FROM held LIMIT 1
""")


def add(connection: Connection, message_id: int, carried: Sequence[Attachment]) -> None:
    """Enter what a message carried; the bytes must be in the store before the commit.

    Each file that is new here is held for a scanner; the house decides whether there is one.
    """
    if not carried:
        return
    lines = to_json(carried).decode()
    connection.execute(ADD, {"message_id": message_id, "attachments": lines})


# What a message carried, of which each line begins with the id of its message.
CARRIED = (
    select(
        attachments.c.message_id,
        attachments.c.name,
        attachments.c.content_type,
        attachments.c.digest,
        files.c.size,
        attachments.c.id,
        file_scans.c.state,
        file_scans.c.reason,
        picture_copies.c.reason,
    )
    .join_from(attachments, files)
    .outerjoin(file_scans, file_scans.c.digest == files.c.digest)
    .outerjoin(picture_copies, picture_copies.c.digest == files.c.digest)
    .order_by(attachments.c.id)
)


def list_for(connection: Connection, message_id: int) -> tuple[Attachment, ...]:
    """Return what the message carried, in its order."""
    return list_for_all(connection, [message_id]).get(message_id, ())


def list_for_all(
    connection: Connection, message_ids: Iterable[int]
) -> dict[int, tuple[Attachment, ...]]:
    """Return what these messages carried, in one read; those that carried nothing are left out."""
    ids = list(message_ids)
    carried: dict[int, tuple[Attachment, ...]] = {}
    if ids:
        for row in connection.execute(CARRIED.where(attachments.c.message_id.in_(ids))):
            carried[row[0]] = (*carried.get(row[0], ()), _attachment(row))
    return carried


def _attachment(row: Row[*tuple[Any, ...]]) -> Attachment:
    own = Attachment(*row[1:6])
    state, why_held, not_shown = row[6:]
    scan = Scan(ScanState(state), why_held) if state else Scan()
    return replace(own, scan=scan, not_shown=not_shown or "")


def _flush(folder: Path) -> None:
    """Write the folder's names to the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
