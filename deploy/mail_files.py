"""Letters from files, one line each: what the service would read of them (R28, R41)."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

from mail.confinement import Reading
from mail.reading import describe

# Programs that split text into lines would end a line at these, which JSON leaves as they are.
LINE_ENDS: Final = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}
Tell = Callable[..., None]


def read(given: Sequence[Path], out: BinaryIO, tell: Tell, *, as_json: bool = False) -> int:
    """Write a line for each letter and return the exit code: 1 when a file could not be opened.

    They are read as the service reads them: in a child process, with limits.
    """
    shape = _as_json if as_json else _as_words
    faults = 0
    with Reading(1) as reading:
        for file in (file for path in given for file in _files(path)):
            try:
                raw = file.read_bytes()
            except OSError as fault:
                faults += 1
                tell(f"{file}: не открывается ({fault.strerror})", err=True)
                continue
            out.write(shape(describe(str(file), reading.read(raw))))
    out.flush()
    return int(bool(faults))


def _files(path: Path) -> Iterator[Path]:
    """Return the letters below a folder, or the file itself."""
    if path.is_dir():
        yield from sorted(found for found in path.rglob("*.eml") if found.is_file())
    else:
        yield path


def _as_json(letter: dict[str, Any]) -> bytes:
    line = json.dumps(letter, ensure_ascii=False).translate(LINE_ENDS)
    # A lone surrogate has no UTF-8; its escape is the one that JSON knows.
    return line.encode(errors="backslashreplace") + b"\n"


def _as_words(letter: dict[str, Any]) -> bytes:
    subject = " ".join(letter["subject"].split()) or "(без темы)"
    words = [letter["file"], letter["sender"]["address"] or "(без отправителя)", subject]
    words += [f"файлов: {len(letter['attachments'])}"] if letter["attachments"] else []
    words += ["автоматическое"] if letter["automatic"] else []
    words += [f"не читается: {letter['unreadable']}"] if "unreadable" in letter else []
    return "  ".join(words).encode(errors="backslashreplace") + b"\n"
