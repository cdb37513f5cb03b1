"""Whoever shows a secret that we gave out: one of us or a client's user, found by its digest alone.

Carries out R2 (a user has a login, and support holds while a contract does) and law 9.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Select, Table, func, select

from domain.calendar import MOSCOW
from domain.terms import Actor, Role
from storage.people import is_supported
from storage.people_tables import clients, staff, users

BYTES = 32


@dataclass(frozen=True)
class Bearer:
    """One of us, or a client's user with a `client_id`.

    `token_id` is the row of the secret, `id` that of the user or of the one of us; `is_supported`
    is false for staff. `sees_organisation` tells whether colleagues' tickets are shown, too.
    """

    token_id: int
    role: Role
    id: int
    client_id: int | None
    login: str
    name: str
    scopes: frozenset[str]
    is_supported: bool
    sees_organisation: bool = True

    @property
    def is_client(self) -> bool:
        """Tell whether it is a client's user."""
        return self.role is Role.CLIENT

    @property
    def actor(self) -> Actor:
        """Return the bearer as the journal names them."""
        return Actor(self.role, str(self.id))


def new_secret(prefix: str) -> str:
    """Make a secret that nobody can guess."""
    return prefix + secrets.token_urlsafe(BYTES)


def digest_of(plain: str) -> bytes:
    """Return what is kept of a secret."""
    return sha256(plain.encode()).digest()


def holders(table: Table, now: datetime) -> Select[*tuple[Any, ...]]:
    """Return the statement for whoever holds the good secrets of this table at the moment."""
    is_good = (table.c.expires_at > now) & table.c.revoked_at.is_(None)
    return (
        select(
            table.c.id,
            func.coalesce(staff.c.role, Role.CLIENT),
            func.coalesce(table.c.staff_id, table.c.user_id),
            users.c.client_id,
            func.coalesce(staff.c.login, users.c.login),
            func.coalesce(staff.c.name, users.c.name),
            table.c.scopes,
            is_supported(users.c.client_id, now.astimezone(MOSCOW).date()),
            func.coalesce(clients.c.shares_tickets, True),
        )
        .join_from(table, staff, staff.c.id == table.c.staff_id, isouter=True)
        .join(users, users.c.id == table.c.user_id, isouter=True)
        .join(clients, clients.c.id == users.c.client_id, isouter=True)
        .where(is_good)
    )


def find(connection: Connection, table: Table, plain: str, now: datetime) -> Bearer | None:
    """Return who holds this secret, while it is neither expired nor revoked."""
    statement = holders(table, now).where(table.c.digest == digest_of(plain))
    row = connection.execute(statement).first()
    return bearer_of(row) if row else None


def bearer_of(row: Sequence[Any]) -> Bearer:
    """Return whom a row of `holders` is about."""
    id_, role, person, client_id, login, name, scopes, supported, shares = row
    return Bearer(
        id_, Role(role), person, client_id, login, name, frozenset(scopes), supported, shares
    )
