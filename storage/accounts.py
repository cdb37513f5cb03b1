"""Passwords of people and the one-time links that let them choose one.

Carries out R2 and law 9: of a password its hash is kept, of a link its digest. A newer invitation
ends the older links. A link that was asked for by letter ends none, so that no stranger can end
what the owner has. A new password ends every link and every session.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Table, delete, func, insert, select, update
from sqlalchemy.sql import ColumnElement

from domain.account_letters import AccountLetterKind
from domain.calendar import MOSCOW
from storage import bearers, people, sessions
from storage.mail_tables import letters
from storage.people import Person, Staff
from storage.people_tables import staff, users
from storage.sign_in_tables import invitations, passwords

Owner = Person | Staff
PREFIX = "i_"
INVITATION_HOLDS = timedelta(days=7)
RESET_HOLDS = timedelta(hours=1)
RESET_SPACING = timedelta(minutes=10)
MOST_OF_AN_ADDRESS = 5


@dataclass(frozen=True)
class Link:
    """A new one-time link: its secret, which is kept nowhere, and until when it is good."""

    id: int
    plain: str
    expires_at: datetime


@dataclass(frozen=True)
class Invitation:
    """A good one-time link and whose it is."""

    id: int
    owner: Owner


def find_owner(connection: Connection, login: str, now: datetime) -> Owner | None:
    """Return who signs in by this login: one of us, else a client's user."""
    on = now.astimezone(MOSCOW).date()
    return people.find_staff(connection, login) or people.find_user_by_login(connection, login, on)


def find_owners(connection: Connection, typed: str, now: datetime) -> tuple[Owner, ...]:
    """Return who signs in by this login, else everybody whose address this is."""
    if owner := find_owner(connection, typed, now):
        return (owner,)
    address = func.lower(typed.strip())
    ours = select(staff.c.login).where(func.lower(staff.c.email) == address, staff.c.email != "")
    clients = select(users.c.login).where(users.c.email == address, users.c.email != "")
    logins = connection.execute(ours.union_all(clients).limit(MOST_OF_AN_ADDRESS)).scalars().all()
    found = (find_owner(connection, login, now) for login in logins)
    return tuple(owner for owner in found if owner)


def find_hash(connection: Connection, owner: Owner) -> str | None:
    """Return the hash of somebody's password, None while there is none."""
    found = select(passwords.c.hash).where(_is_of(passwords, owner))
    kept: str | None = connection.execute(found).scalar_one_or_none()
    return kept


def put_hash(connection: Connection, owner: Owner, hashed: str, at: datetime) -> int:
    """Keep a new password and return its id; whoever signed in by the former signs in again."""
    connection.execute(delete(passwords).where(_is_of(passwords, owner)))
    kept = insert(passwords).values(hash=hashed, set_at=at, **holder(owner))
    id_: int = connection.execute(kept.returning(passwords.c.id)).scalar_one()
    _end_invitations(connection, owner, at)
    sessions.end_all(connection, owner, at)
    return id_


def renew_hash(connection: Connection, owner: Owner, old: str, new: str) -> None:
    """Put the same password's newer hash in the place of the older one, and nothing else."""
    is_old = _is_of(passwords, owner) & (passwords.c.hash == old)
    connection.execute(update(passwords).where(is_old).values(hash=new))


def invite(connection: Connection, owner: Owner, now: datetime) -> Link:
    """Make a one-time link; the older links of this person end."""
    _end_invitations(connection, owner, now)
    return _new_link(connection, owner, now + INVITATION_HOLDS)


def offer_reset(connection: Connection, owner: Owner, now: datetime) -> Link | None:
    """Make a one-time link that was asked for by letter; the older ones remain.

    None where one was asked for a little while ago: nobody can fill somebody's mailbox.
    """
    table = staff if isinstance(owner, Staff) else users
    id_ = next(iter(holder(owner).values()))
    lock = select(table.c.id).where(table.c.id == id_).with_for_update(key_share=True)
    connection.execute(lock)  # of two that ask at once the second waits, and sees the first
    is_reset = letters.c.kind == AccountLetterKind.PASSWORD_RESET
    is_recent = letters.c.prepared_at > now - RESET_SPACING
    recent = select(letters.c.key).where(_is_of(letters, owner), is_reset, is_recent)
    if connection.execute(recent.limit(1)).first():
        return None
    return _new_link(connection, owner, now + RESET_HOLDS)


def decoy_link(now: datetime) -> Link:
    """Make a link that opens nothing, for a letter that is never sent."""
    return Link(0, bearers.new_secret(PREFIX), now + RESET_HOLDS)


def end_link(connection: Connection, id_: int, at: datetime) -> None:
    """End one link: others have seen it."""
    is_open = (invitations.c.id == id_) & invitations.c.ended_at.is_(None)
    connection.execute(update(invitations).where(is_open).values(ended_at=at))


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


def _new_link(connection: Connection, owner: Owner, expires_at: datetime) -> Link:
    plain = bearers.new_secret(PREFIX)
    kept = {"digest": bearers.digest_of(plain), "expires_at": expires_at, **holder(owner)}
    new = insert(invitations).values(kept).returning(invitations.c.id)
    return Link(connection.execute(new).scalar_one(), plain, expires_at)


def _end_invitations(connection: Connection, owner: Owner, at: datetime) -> None:
    is_open = _is_of(invitations, owner) & invitations.c.ended_at.is_(None)
    connection.execute(update(invitations).where(is_open).values(ended_at=at))


def _is_of(table: Table, owner: Owner) -> ColumnElement[bool]:
    if isinstance(owner, Staff):
        return table.c.staff_id == owner.id
    return table.c.user_id == owner.user_id


def holder(owner: Owner) -> dict[str, int]:
    """Return the column that names this person, and its value."""
    return {"staff_id": owner.id} if isinstance(owner, Staff) else {"user_id": owner.user_id}
