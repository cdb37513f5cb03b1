"""The world's letters on disk: a Maildir for each recipient and a ledger of what was accepted.

The ledger's line is the moment of acceptance: all copies are safely on disk before it, and a letter
with its line reaches every Maildir even when the process is killed in between.
"""

import hashlib
import json
import os
import secrets
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Final
from urllib.parse import quote

_LONGEST_NAME: Final = 200
_SIDES: Final = ("new", "cur", "tmp")


@dataclass(frozen=True)
class LedgerLine:
    """One accepted letter: when, its Message-ID, its envelope, and whose copies were kept here."""

    key: str
    arrived_at: datetime
    message_id: str
    sender: str
    recipients: tuple[str, ...]
    kept_for: tuple[str, ...]


@dataclass(frozen=True)
class StoredLetter:
    """One recipient's copy of a letter, byte for byte as it came."""

    recipient: str
    accepted: LedgerLine
    raw: bytes


class Maildirs:
    """The letters of one folder; any process may read them while one writes."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; nothing is touched yet."""
        self.folder = folder / "letters"
        self.ledger = folder / "ledger.jsonl"
        self._writing = threading.Lock()

    def mend(self) -> None:
        """Finish what a killed process accepted, and forget what it did not accept."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ledger.touch()
        _cut_torn_line(self.ledger)
        accepted = {line.key for line in self.accepted()}
        for copy in self.folder.glob("*/tmp/*"):
            if copy.name in accepted:
                copy.rename(copy.parent.parent / "new" / copy.name)
            else:
                copy.unlink()

    def stage(
        self, raw: bytes, sender: str, recipients: Iterable[str], own: Iterable[str]
    ) -> LedgerLine:
        """Write a copy for each recipient that is not our own, unseen until it is accepted."""
        envelope = tuple(dict.fromkeys(recipients))
        kept_for = tuple(sorted({address.lower() for address in envelope} - set(own)))
        arrived_at = datetime.now(UTC)
        key = f"{arrived_at.timestamp():.6f}.{secrets.token_hex(8)}.local"
        line = LedgerLine(key, arrived_at, _message_id(raw), sender, envelope, kept_for)
        try:
            for address in kept_for:
                _write_down(self.maildir(address) / "tmp" / key, raw)
        except OSError:
            self.discard(line)
            raise
        return line

    def accept(self, line: LedgerLine) -> None:
        """Enter a staged letter into the ledger and show its copies."""
        try:
            with self._writing:
                _append(self.ledger, _as_json(line))
        except OSError:
            self.discard(line)
            raise
        for copy in self._staged(line):
            copy.rename(copy.parent.parent / "new" / copy.name)

    def discard(self, line: LedgerLine) -> None:
        """Remove a staged letter that nobody was told is accepted."""
        for copy in self._staged(line):
            with suppress(OSError):  # it may never have been written
                copy.unlink()

    def maildir(self, address: str) -> Path:
        """Return the recipient's Maildir, made when missing."""
        place = self.folder / safe_name(address)
        for side in _SIDES:
            (place / side).mkdir(parents=True, exist_ok=True)
        return place

    def accepted(self) -> tuple[LedgerLine, ...]:
        """Return the ledger, oldest first."""
        with suppress(FileNotFoundError):
            whole_lines = self.ledger.read_bytes().rpartition(b"\n")[0]
            return tuple(_from_json(line) for line in whole_lines.splitlines())
        return ()

    def letters(self, address: str) -> list[StoredLetter]:
        """Return the letters to an address, oldest first."""
        return [letter for letter in self.all_letters() if letter.recipient == address.lower()]

    def all_letters(self) -> list[StoredLetter]:
        """Return every recipient's copy of every letter, oldest first."""
        return [letter for line in self.accepted() for letter in self._copies(line)]

    def _copies(self, line: LedgerLine) -> Iterator[StoredLetter]:
        for address in line.kept_for:
            raw = _read(self.folder / safe_name(address), line.key)
            if raw is not None:  # else somebody removed it by IMAP or by hand
                yield StoredLetter(address, line, raw)

    def _staged(self, line: LedgerLine) -> Iterator[Path]:
        for address in line.kept_for:
            yield self.folder / safe_name(address) / "tmp" / line.key


def safe_name(address: str) -> str:
    """Return a folder name for an address, whatever it contains."""
    name = quote(address.lower(), safe="@+").replace(".", "%2E", int(address.startswith(".")))
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[:_LONGEST_NAME]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def _read(maildir: Path, key: str) -> bytes | None:
    """Read a copy wherever it stands; a mail reader moves it from new to cur and adds flags."""
    for _ in range(2):  # it may move while we look
        for side in _SIDES:
            for copy in (maildir / side).glob(f"{key}*"):
                with suppress(FileNotFoundError):
                    return copy.read_bytes()
    return None


def _write_down(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(path.parent)


def _append(path: Path, line: bytes) -> None:
    with path.open("ab") as file:
        before = file.tell()
        try:
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            os.truncate(path, before)  # half a line would spoil the next one
            raise


def _cut_torn_line(path: Path) -> None:
    content = path.read_bytes()
    os.truncate(path, content.rfind(b"\n") + 1)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _message_id(raw: bytes) -> str:
    return str(BytesHeaderParser().parsebytes(raw).get("Message-ID", "")).strip()


def _as_json(line: LedgerLine) -> bytes:
    values = {**vars(line), "arrived_at": line.arrived_at.isoformat()}
    return json.dumps(values, ensure_ascii=True).encode()


def _from_json(line: bytes) -> LedgerLine:
    values = json.loads(line)
    return LedgerLine(
        key=values["key"],
        arrived_at=datetime.fromisoformat(values["arrived_at"]),
        message_id=values["message_id"],
        sender=values["sender"],
        recipients=tuple(values["recipients"]),
        kept_for=tuple(values["kept_for"]),
    )
