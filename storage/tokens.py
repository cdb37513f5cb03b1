"""Tokens by which people and their programs sign in: handed out once, kept only as digests.

Carries out R2 (a user has a login, and support holds while a contract does) and law 9.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, insert, update

from storage import bearers
from storage.bearers import Bearer
from storage.people import Person, Staff
from storage.people_tables import tokens

PREFIX = "ps_"


def create(
    connection: Connection,
    owner: Person | Staff,
    scopes: Iterable[str],
    label: str,
    expires_at: datetime,
) -> str:
    """Make a token and return it: nobody can read it again."""
    plain = bearers.new_secret(PREFIX)
    holder = {"staff_id": owner.id} if isinstance(owner, Staff) else {"user_id": owner.user_id}
    kept = {"scopes": sorted(scopes), "label": label, "expires_at": expires_at}
    connection.execute(insert(tokens).values(digest=bearers.digest_of(plain), **holder, **kept))
    return plain


def find(connection: Connection, plain: str, now: datetime) -> Bearer | None:
    """Return whose token this is, while it is neither expired nor revoked."""
    return bearers.find(connection, tokens, plain, now)


def revoke(connection: Connection, token_id: int, at: datetime) -> None:
    """End a token; the moment of its first revocation stays."""
    good = update(tokens).where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None))
    connection.execute(good.values(revoked_at=at))
