"""The replies that staff keep: those of the product, as we changed them, and our own (U7).

A reply is known by its origin: the product's code or the key of the form that wrote it. It is
archived, never deleted.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, Row, Select, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.draft_tables import saved_replies


@dataclass(frozen=True, kw_only=True)
class KeptReply:
    """A reply for an occasion: its rule, the command it is written for, its language."""

    origin: str
    language: str
    title: str
    text: str
    rule: str = ""
    command: str = ""
    category: str = ""
    changed_by: str = ""
    changed_at: datetime
    id: int = 0
    archived_at: datetime | None = None


COLUMNS = tuple(saved_replies.c[one.name] for one in fields(KeptReply))
UNKNOWN_TO_THE_REGISTER = frozenset({"id", "archived_at"})


def add(connection: Connection, replies: Iterable[KeptReply]) -> None:
    """Keep these replies; those whose origin is known stay as they are."""
    rows = [
        {name: value for name, value in one.__dict__.items() if name not in UNKNOWN_TO_THE_REGISTER}
        for one in replies
    ]
    if rows:
        once = insert(saved_replies).on_conflict_do_nothing(index_elements=["origin"])
        connection.execute(once, rows)


def list_all(connection: Connection) -> tuple[KeptReply, ...]:
    """Return every reply, archived ones too, by language and rule."""
    order = (saved_replies.c.language.desc(), saved_replies.c.rule, saved_replies.c.title)
    return _read(connection, select(*COLUMNS).order_by(*order))


def list_in(connection: Connection, language: str) -> tuple[KeptReply, ...]:
    """Return the replies in use of a language, by rule and title."""
    is_used = (saved_replies.c.language == language) & saved_replies.c.archived_at.is_(None)
    order = (saved_replies.c.rule, saved_replies.c.title)
    return _read(connection, select(*COLUMNS).where(is_used).order_by(*order))


def find(connection: Connection, id_: int) -> KeptReply | None:
    """Return a reply, in use or archived."""
    return next(iter(_read(connection, select(*COLUMNS).where(saved_replies.c.id == id_))), None)


def change(connection: Connection, reply: KeptReply) -> None:
    """Write the title, text and occasion of a reply anew."""
    names = ("language", "title", "text", "rule", "command", "category", "changed_by", "changed_at")
    values = {name: getattr(reply, name) for name in names}
    connection.execute(update(saved_replies).where(saved_replies.c.id == reply.id).values(values))


def set_archived(connection: Connection, id_: int, at: datetime | None, by: str) -> None:
    """Put a reply away, or take it out again where no moment is given."""
    values = {"archived_at": at, "changed_by": by}
    connection.execute(update(saved_replies).where(saved_replies.c.id == id_).values(values))


def _read(connection: Connection, found: Select[*tuple[object, ...]]) -> tuple[KeptReply, ...]:
    return tuple(_reply(row) for row in connection.execute(found))


def _reply(row: Row[*tuple[object, ...]]) -> KeptReply:
    return KeptReply(**row._mapping)  # noqa: SLF001 - its public name for a row by its columns
