"""Tokens by which people and their programs sign in: handed out once, kept only as digests.

Carries out R2 (a user has a login, and support holds while a contract does) and law 9.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from domain.calendar import MOSCOW
from domain.terms import Actor, Role
from storage.people import Person, Staff, is_supported
from storage.people_tables import staff, tokens, users

PREFIX = "ps_"
BYTES = 32


@dataclass(frozen=True)
class Bearer:
    """Whoever shows a token: one of us, or a client's user with a `client_id`.

    `id` is that of the user or of the one of us; `is_supported` is false for staff.
    """

    token_id: int
    role: Role
    id: int
    client_id: int | None
    login: str
    name: str
    scopes: frozenset[str]
    is_supported: bool

    @property
    def actor(self) -> Actor:
        """Return the bearer as the journal names them."""
        return Actor(self.role, str(self.id))


def create(
    connection: Connection,
    owner: Person | Staff,
    scopes: Iterable[str],
    label: str,
    expires_at: datetime,
) -> str:
    """Make a token and return it: nobody can read it again."""
    plain = PREFIX + secrets.token_urlsafe(BYTES)
    holder = {"staff_id": owner.id} if isinstance(owner, Staff) else {"user_id": owner.user_id}
    kept = {"scopes": sorted(scopes), "label": label, "expires_at": expires_at}
    connection.execute(insert(tokens).values(digest=_digest(plain), **holder, **kept))
    return plain


def find(connection: Connection, plain: str, now: datetime) -> Bearer | None:
    """Return whose token this is, while it is neither expired nor revoked."""
    found = (
        select(
            tokens.c.id,
            func.coalesce(staff.c.role, Role.CLIENT),
            func.coalesce(tokens.c.staff_id, tokens.c.user_id),
            users.c.client_id,
            func.coalesce(staff.c.login, users.c.login),
            func.coalesce(staff.c.name, users.c.name),
            tokens.c.scopes,
            is_supported(users.c.client_id, now.astimezone(MOSCOW).date()),
        )
        .join_from(tokens, staff, staff.c.id == tokens.c.staff_id, isouter=True)
        .join(users, users.c.id == tokens.c.user_id, isouter=True)
        .where(tokens.c.digest == _digest(plain), _is_good(now))
    )
    row = connection.execute(found).first()
    if row is None:
        return None
    token_id, role, id_, client_id, login, name, scopes, supported = row
    return Bearer(token_id, Role(role), id_, client_id, login, name, frozenset(scopes), supported)


def revoke(connection: Connection, token_id: int, at: datetime) -> None:
    """End a token; the moment of its first revocation stays."""
    good = update(tokens).where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None))
    connection.execute(good.values(revoked_at=at))


def _is_good(now: datetime) -> ColumnElement[bool]:
    return (tokens.c.expires_at > now) & tokens.c.revoked_at.is_(None)


def _digest(plain: str) -> bytes:
    return sha256(plain.encode()).digest()
