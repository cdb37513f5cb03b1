"""Files that come with a form: counted, measured, named, their kind judged by their bytes.

Carries out R41, R42, Q14: what is no JPG, GIF or PNG is kept too, and never shown in place.
"""

import re
from collections.abc import Sequence
from pathlib import PurePath

from fastapi import UploadFile

from gateway.pages.translation import _
from gateway.problems import Flaw, Problem, invalid
from storage.files import Attachment, FileStore

LARGEST_FILE = 25 * 1024 * 1024
MOST_FILES = 10
LONGEST_NAME = 200
UNSAFE = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
)
UNKNOWN = "application/octet-stream"


def content_type(content: bytes) -> str:
    """Return what the bytes are, whatever their name claims (R42)."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in SIGNATURES if content.startswith(start)), UNKNOWN)


def keep(store: FileStore, files: Sequence[UploadFile]) -> tuple[Attachment, ...]:
    """Put the files into the store and return what the register is told of them.

    Raises:
        Problem: where they are too many, too large or empty.

    """
    given = [file for file in files if file.filename or file.size]
    _check(given)
    return tuple(_keep(store, file) for file in given)


def _check(files: Sequence[UploadFile]) -> None:
    if len(files) > MOST_FILES:
        detail = _("Файлов больше {most}.").format(most=MOST_FILES)
        way_out = _("Приложите остальные следующим сообщением.")
        raise Problem(413, "too_many_files", detail, way_out)
    for file in files:
        if (file.size or 0) > LARGEST_FILE:
            raise _too_large(plain_name(file.filename))
    told = _("«{name}» пуст")
    empty = [
        Flaw(field="files", reason=told.format(name=plain_name(file.filename)))
        for file in files
        if not file.size
    ]
    if empty:
        raise invalid(*empty)


def _too_large(name: str) -> Problem:
    detail = _("Файл «{name}» больше {most} МБ.").format(name=name, most=LARGEST_FILE // 2**20)
    return Problem(413, "file_too_large", detail, _("Уменьшите файл или разделите его."))


def _keep(store: FileStore, file: UploadFile) -> Attachment:
    content = file.file.read()
    digest = store.put(content)
    return Attachment(plain_name(file.filename), content_type(content), digest, len(content))


def plain_name(given: str | None) -> str:
    """Return the name without folders, line ends and what turns the direction of reading."""
    name = PurePath(UNSAFE.sub("", given or "").replace("\\", "/")).name
    return name[:LONGEST_NAME] or "file"
