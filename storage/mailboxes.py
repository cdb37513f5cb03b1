"""Each hosted mailbox as we know it: what is kept of it, when it was read last, what ails it.

Carries out R28 and law 1: which letters are kept is known by where they lay, never by a cursor; a
mailbox that was never read has its line here, too, so that it cannot fail unseen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, case, func, select
from sqlalchemy.dialects.postgresql import insert

from storage.mail_tables import mailboxes, raw_letters


class Fault(StrEnum):
    """The names of what may ail a mailbox; none of a server's own words is kept."""

    LOGIN = "login"
    CERTIFICATE = "certificate"
    CONNECTION = "connection"
    SILENCE = "silence"
    FOLDER = "folder"
    LETTER = "letter"
    MOVE = "move"
    REFUSAL = "refusal"


SENTENCES: Mapping[Fault, str] = {
    Fault.LOGIN: "сервер не принимает имя и пароль",
    Fault.CERTIFICATE: "сертификату сервера нельзя верить",
    Fault.CONNECTION: "связи с сервером нет",
    Fault.SILENCE: "сервер молчит",
    Fault.FOLDER: "папку нельзя открыть",
    Fault.LETTER: "письмо не удаётся получить, остальные получены",
    Fault.MOVE: "принятые письма не переносятся: возможно, ящик переполнен",
    Fault.REFUSAL: "сервер отказал",
}


@dataclass(frozen=True)
class Mailbox:
    """A mailbox read up to `uid` (RFC 3501, 2.3.1.1), `counted` letters kept from it so far.

    The sweep at `swept_at` found `there` letters in it, of which `ours` were kept then. What went
    wrong last, `fault` at `failed_at`, stays to be seen; it is over when a later sweep is.
    """

    name: str
    uid_validity: int
    uid: int
    swept_at: datetime | None = None
    counted: int = 0
    there: int = 0
    ours: int = 0
    fault: Fault | None = None
    failed_at: datetime | None = None

    @property
    def ails(self) -> bool:
        """Tell whether what went wrong last has not been overcome by a sweep since."""
        if self.failed_at is None:
            return False
        return self.swept_at is None or self.failed_at >= self.swept_at


TURNS = 750_002  # apart from every other lock of the register
COLUMNS = tuple(mailboxes.c[field.name] for field in fields(Mailbox))


def find(connection: Connection, name: str) -> Mailbox | None:
    """Return what is known of the mailbox, if it was ever looked for."""
    row = connection.execute(select(*COLUMNS).where(mailboxes.c.name == name)).mappings().first()
    return _mailbox(row) if row else None


def list_all(connection: Connection) -> tuple[Mailbox, ...]:
    """Return every mailbox that was ever looked for, by name."""
    rows = connection.execute(select(*COLUMNS).order_by(mailboxes.c.name)).mappings()
    return tuple(_mailbox(row) for row in rows)


def put(connection: Connection, mailbox: Mailbox) -> None:
    """Write all that is known of the mailbox."""
    _put(connection, asdict(mailbox), asdict(mailbox))


def kept_at(
    connection: Connection, mailbox: str, uid_validity: int, uids: Iterable[int]
) -> dict[int, datetime]:
    """Return when each of a mailbox's letters came, for those that are kept."""
    kept = select(raw_letters.c.uid, raw_letters.c.received_at).where(
        raw_letters.c.mailbox == mailbox,
        raw_letters.c.uid_validity == uid_validity,
        raw_letters.c.uid == func.any(list(uids)),
    )
    return {row.uid: row.received_at for row in connection.execute(kept)}


def count_one(connection: Connection, name: str, uid_validity: int, uid: int) -> None:
    """Count a letter that is kept, and move the cursor on; in the transaction that keeps it."""
    new = {"name": name, "uid_validity": uid_validity, "uid": uid, "counted": 1}
    onward = {"uid": _onward(uid_validity, uid), "counted": mailboxes.c.counted + 1}
    _put(connection, new, new | onward)


def sweep(connection: Connection, swept: Mailbox) -> None:
    """Write what a sweep found; what was counted and what went wrong before it stay."""
    names = ("name", "uid_validity", "uid", "swept_at", "there", "ours")
    found = {name: getattr(swept, name) for name in names}
    _put(connection, found, found | {"uid": _onward(swept.uid_validity, swept.uid)})


def fail(connection: Connection, name: str, fault: Fault, at: datetime) -> None:
    """Write what went wrong with the mailbox last."""
    wrong = {"fault": fault, "failed_at": at}
    _put(connection, {"name": name, "uid_validity": 0, "uid": 0, **wrong}, wrong)


def take_turn(connection: Connection, name: str) -> bool:
    """Take the mailbox for oneself until the commit; false when another has it."""
    lock = select(func.pg_try_advisory_xact_lock(func.hashtextextended(name, TURNS)))
    return bool(connection.execute(lock).scalar_one())


def _put(connection: Connection, new: dict[str, Any], changed: dict[str, Any]) -> None:
    inserted = insert(mailboxes).values(new)
    connection.execute(
        inserted.on_conflict_do_update(index_elements=[mailboxes.c.name], set_=changed)
    )


def _onward(uid_validity: int, uid: int) -> ColumnElement[int]:
    """Move the cursor on, never back unless the mailbox was made anew."""
    is_same = mailboxes.c.uid_validity == uid_validity
    return case((is_same, func.greatest(mailboxes.c.uid, uid)), else_=uid)


def _mailbox(row: RowMapping) -> Mailbox:
    fault = row["fault"]
    return Mailbox(**{**row, "fault": Fault(fault) if fault else None})
