"""Safe copies of pictures: made once for the same bytes, or the reason why there is none.

Carries out R42, Q14.
"""

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from storage.file_tables import picture_copies


@dataclass(frozen=True)
class PictureCopy:
    """The digest and type of the copy in the store, or why the file is not shown."""

    copy: str = ""
    content_type: str = ""
    reason: str = ""


def find(connection: Connection, digest: str) -> PictureCopy | None:
    """Return what is known of the copy of this file, None before anybody asked for it."""
    columns = picture_copies.c
    known = select(columns.copy, columns.content_type, columns.reason)
    row = connection.execute(known.where(columns.digest == digest)).first()
    return PictureCopy(*row) if row else None


def put(connection: Connection, digest: str, made: PictureCopy) -> None:
    """Remember the copy of a file, or why there is none; its bytes are in the store by now."""
    new = insert(picture_copies).values(digest=digest, **asdict(made))
    connection.execute(new.on_conflict_do_update(index_elements=["digest"], set_=asdict(made)))
