"""Sessions of people at their browsers: kept here, so that any of them can be ended at once.

Carries out R2 and law 9: the browser has the secret, the register only its digest.
"""

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, Update, insert, update

from storage import bearers
from storage.bearers import Bearer
from storage.people import Person, Staff
from storage.sign_in_tables import sessions

Way = Literal["password", "invitation", "provider"]
PREFIX = "s_"
LASTS = timedelta(hours=12)
LONGEST_AGENT = 200


def begin(  # noqa: PLR0913 - one for each column that a caller fills
    connection: Connection,
    owner: Person | Staff,
    now: datetime,
    way: Way,
    *,
    agent: str = "",
    lasts: timedelta = LASTS,
) -> str:
    """Begin a session and return its secret: nobody can read it again."""
    plain = bearers.new_secret(PREFIX)
    holder = {"staff_id": owner.id} if isinstance(owner, Staff) else {"user_id": owner.user_id}
    kept = {"way": way, "agent": agent[:LONGEST_AGENT], "expires_at": now + lasts}
    connection.execute(insert(sessions).values(digest=bearers.digest_of(plain), **holder, **kept))
    return plain


def find(connection: Connection, plain: str, now: datetime) -> Bearer | None:
    """Return whose session this is, while it is neither over nor ended."""
    return bearers.find(connection, sessions, plain, now)


def end(connection: Connection, session_id: int, at: datetime) -> None:
    """End a session."""
    connection.execute(_open(at).where(sessions.c.id == session_id))


def end_all(connection: Connection, owner: Person | Staff, at: datetime) -> None:
    """End every session of somebody."""
    if isinstance(owner, Staff):
        whose = sessions.c.staff_id == owner.id
    else:
        whose = sessions.c.user_id == owner.user_id
    connection.execute(_open(at).where(whose))


def _open(at: datetime) -> Update:
    return update(sessions).where(sessions.c.revoked_at.is_(None)).values(revoked_at=at)
