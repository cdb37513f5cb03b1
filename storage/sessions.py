"""Sessions of people at their browsers: kept here, so that any of them can be ended at once.

Carries out R2 and law 9: the browser has the secret, the register only its digest. A session ends
at its latest moment, or before that when nobody has come back with it for a while.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    Update,
    case,
    delete,
    insert,
    literal,
    select,
    update,
)

from domain.terms import Role
from storage import bearers
from storage.bearers import Bearer
from storage.people import Person, Staff
from storage.people_tables import staff
from storage.sign_in_tables import invitations, sessions

Way = Literal["password", "invitation", "provider"]
PREFIX = "s_"
LASTS, IDLE = timedelta(hours=12), timedelta(hours=8)  # of staff, who see every client
CLIENT_LASTS, CLIENT_IDLE = timedelta(days=30), timedelta(days=7)
SEEN_AGAIN = timedelta(minutes=5)
ON_SHIFT = timedelta(minutes=10)  # longer than a visit goes unwritten
AT_WORK = (Role.SPECIALIST, Role.HEAD)
KEPT = timedelta(days=30)
AT_ONCE = 1000
LONGEST_AGENT = 200


@dataclass(frozen=True)
class Session:
    """A session under way, as its owner reads of it."""

    id: int
    way: Way
    agent: str
    created_at: datetime
    seen_at: datetime


def lasts(owner: Person | Staff) -> timedelta:
    """Return how long a session of somebody lasts at most."""
    return LASTS if isinstance(owner, Staff) else CLIENT_LASTS


def begin(
    connection: Connection, owner: Person | Staff, now: datetime, way: Way, *, agent: str = ""
) -> str:
    """Begin a session and return its secret: nobody can read it again."""
    plain = bearers.new_secret(PREFIX)
    holder = {"staff_id": owner.id} if isinstance(owner, Staff) else {"user_id": owner.user_id}
    until = {"created_at": now, "seen_at": now, "expires_at": now + lasts(owner)}
    kept = {"way": way, "agent": agent[:LONGEST_AGENT], **until, **holder}
    connection.execute(insert(sessions).values(digest=bearers.digest_of(plain), **kept))
    return plain


def find(connection: Connection, plain: str, now: datetime) -> Bearer | None:
    """Return whose session this is, while it is neither over nor ended nor forgotten."""
    row = connection.execute(
        bearers.holders(sessions, now)
        .add_columns(sessions.c.seen_at)
        .where(sessions.c.digest == bearers.digest_of(plain), _is_in_use(now))
    ).first()
    if row is None:
        return None
    *found, seen_at = row
    if seen_at < now - SEEN_AGAIN:  # a page costs a write every few minutes, not each time
        seen = update(sessions).where(sessions.c.id == found[0]).values(seen_at=now)
        connection.execute(seen)
    return bearers.bearer_of(found)


def was_of(connection: Connection, plain: str, owner: Person | Staff) -> bool:
    """Tell whether this was a session of somebody, though it may be over."""
    is_it = sessions.c.digest == bearers.digest_of(plain)
    found = select(sessions.c.id).where(is_it, _is_owned(owner))
    return connection.execute(found).first() is not None


def list_open(connection: Connection, whose: Bearer, now: datetime) -> tuple[Session, ...]:
    """Return somebody's sessions that can be used, the latest seen first."""
    columns = (getattr(sessions.c, name) for name in Session.__dataclass_fields__)
    is_open = sessions.c.revoked_at.is_(None) & (sessions.c.expires_at > now) & _is_in_use(now)
    found = select(*columns).where(_is_of(whose), is_open)
    latest = found.order_by(sessions.c.seen_at.desc(), sessions.c.id.desc()).limit(AT_ONCE)
    return tuple(Session(*row) for row in connection.execute(latest))


def list_on_shift(connection: Connection, now: datetime) -> tuple[str, ...]:
    """Return the names of the specialists and heads who were here in the last minutes, in order."""
    is_here = sessions.c.seen_at > now - ON_SHIFT
    is_open = sessions.c.revoked_at.is_(None) & (sessions.c.expires_at > now)
    seen = select(sessions.c.id).where(sessions.c.staff_id == staff.c.id, is_here, is_open)
    found = select(staff.c.name).where(staff.c.role.in_(AT_WORK), seen.exists())
    return tuple(connection.execute(found.order_by(staff.c.name)).scalars())


def end(connection: Connection, session_id: int, at: datetime) -> None:
    """End a session."""
    connection.execute(_open(at).where(sessions.c.id == session_id))


def end_own(connection: Connection, whose: Bearer, session_id: int, at: datetime) -> None:
    """End a session of somebody; one of another person stays as it is."""
    connection.execute(_open(at).where(sessions.c.id == session_id, _is_of(whose)))


def end_others(connection: Connection, whose: Bearer, at: datetime) -> None:
    """End every session of somebody but the one that is shown."""
    connection.execute(_open(at).where(sessions.c.id != whose.token_id, _is_of(whose)))


def end_all(connection: Connection, owner: Person | Staff, at: datetime) -> None:
    """End every session of somebody."""
    connection.execute(_open(at).where(_is_owned(owner)))


def clear(connection: Connection, now: datetime) -> int:
    """Forget sessions and links that ended long ago, some at a time; return how many."""
    long_ago = now - KEPT
    return sum(
        _forget(connection, table, (table.c.expires_at < long_ago) | (ended < long_ago))
        for table, ended in (
            (sessions, sessions.c.revoked_at),
            (invitations, invitations.c.ended_at),
        )
    )


def _forget(connection: Connection, table: Table, is_over: ColumnElement[bool]) -> int:
    some = select(table.c.id).where(is_over).limit(AT_ONCE)
    some = some.with_for_update(skip_locked=True)
    return connection.execute(delete(table).where(table.c.id.in_(some))).rowcount


def _is_in_use(now: datetime) -> ColumnElement[bool]:
    is_staff = sessions.c.staff_id.is_not(None)
    since = case((is_staff, literal(now - IDLE)), else_=literal(now - CLIENT_IDLE))
    in_use: ColumnElement[bool] = sessions.c.seen_at > since
    return in_use


def _is_of(whose: Bearer) -> ColumnElement[bool]:
    column: ColumnElement[Any] = sessions.c.user_id if whose.is_client else sessions.c.staff_id
    return column == whose.id


def _is_owned(owner: Person | Staff) -> ColumnElement[bool]:
    if isinstance(owner, Staff):
        return sessions.c.staff_id == owner.id
    return sessions.c.user_id == owner.user_id


def _open(at: datetime) -> Update:
    return update(sessions).where(sessions.c.revoked_at.is_(None)).values(revoked_at=at)
