"""Passwords of people and the one-time links that let them choose one.

Carries out R2 and law 9: of a password its hash is kept, of a link its digest. A newer link ends
the older ones; a new password ends every link and every session.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Table, delete, insert, select, update
from sqlalchemy.sql import ColumnElement

from domain.calendar import MOSCOW
from storage import bearers, people, sessions
from storage.people import Person, Staff
from storage.people_tables import staff, users
from storage.sign_in_tables import invitations, passwords

Owner = Person | Staff
PREFIX = "i_"
INVITATION_HOLDS = timedelta(days=7)


@dataclass(frozen=True)
class Invitation:
    """A good one-time link and whose it is."""

    id: int
    owner: Owner


def find_owner(connection: Connection, login: str, now: datetime) -> Owner | None:
    """Return who signs in by this login: one of us, else a client's user."""
    on = now.astimezone(MOSCOW).date()
    return people.find_staff(connection, login) or people.find_user_by_login(connection, login, on)


def find_hash(connection: Connection, owner: Owner) -> str | None:
    """Return the hash of somebody's password, None while there is none."""
    found = select(passwords.c.hash).where(_is_of(passwords, owner))
    kept: str | None = connection.execute(found).scalar_one_or_none()
    return kept


def put_hash(connection: Connection, owner: Owner, hashed: str, at: datetime) -> None:
    """Keep a new password; whoever signed in by the former one has to sign in again."""
    connection.execute(delete(passwords).where(_is_of(passwords, owner)))
    connection.execute(insert(passwords).values(hash=hashed, set_at=at, **_holder(owner)))
    _end_invitations(connection, owner, at)
    sessions.end_all(connection, owner, at)


def renew_hash(connection: Connection, owner: Owner, old: str, new: str) -> None:
    """Put the same password's newer hash in the place of the older one, and nothing else."""
    is_old = _is_of(passwords, owner) & (passwords.c.hash == old)
    connection.execute(update(passwords).where(is_old).values(hash=new))


def invite(connection: Connection, owner: Owner, now: datetime) -> str:
    """Make a one-time link's secret and return it; the older links of this person end."""
    plain = bearers.new_secret(PREFIX)
    _end_invitations(connection, owner, now)
    kept = {"digest": bearers.digest_of(plain), "expires_at": now + INVITATION_HOLDS}
    connection.execute(insert(invitations).values(**kept, **_holder(owner)))
    return plain


def find_invitation(connection: Connection, plain: str, now: datetime) -> Invitation | None:
    """Return the link of this secret while it is good; held until the transaction ends."""
    is_good = (invitations.c.expires_at > now) & invitations.c.ended_at.is_(None)
    found = (
        select(invitations.c.id, staff.c.login, users.c.login)
        .join_from(invitations, staff, staff.c.id == invitations.c.staff_id, isouter=True)
        .join(users, users.c.id == invitations.c.user_id, isouter=True)
        .where(invitations.c.digest == bearers.digest_of(plain), is_good)
        .with_for_update(of=invitations)
    )
    row = connection.execute(found).first()
    if row is None:
        return None
    id_, of_ours, of_client = row
    on = now.astimezone(MOSCOW).date()
    if of_ours is not None:
        owner: Owner | None = people.find_staff(connection, of_ours)
    else:
        owner = people.find_user_by_login(connection, of_client, on)
    return Invitation(id_, owner) if owner else None


def _end_invitations(connection: Connection, owner: Owner, at: datetime) -> None:
    is_open = _is_of(invitations, owner) & invitations.c.ended_at.is_(None)
    connection.execute(update(invitations).where(is_open).values(ended_at=at))


def _is_of(table: Table, owner: Owner) -> ColumnElement[bool]:
    if isinstance(owner, Staff):
        return table.c.staff_id == owner.id
    return table.c.user_id == owner.user_id


def _holder(owner: Owner) -> dict[str, int]:
    return {"staff_id": owner.id} if isinstance(owner, Staff) else {"user_id": owner.user_id}
