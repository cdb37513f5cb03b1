"""Whoever of us the organisation's provider vouches for: entered, or changed to what it says.

Carries out R2. The provider has the last word on a role: with another one every session ends.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from domain.calendar import MOSCOW
from domain.terms import Role
from storage import people, sessions
from storage.people import Staff


@dataclass(frozen=True)
class Vouched:
    """Who somebody is by the provider's word; an empty name or address is not told."""

    login: str
    name: str
    email: str
    role: Role


class ForeignLoginError(LookupError):
    """The login is that of a client's user, whom our provider cannot vouch for."""


def admit(connection: Connection, vouched: Vouched, now: datetime) -> Staff:
    """Enter whom the provider vouches for and return them; a new role ends their sessions.

    Raises:
        ForeignLoginError: when a client's user has this login.

    """
    known = people.find_staff(connection, vouched.login)
    on = now.astimezone(MOSCOW).date()
    if known is None and people.find_user_by_login(connection, vouched.login, on):
        raise ForeignLoginError(vouched.login)
    if known is not None and known.role is not vouched.role:
        sessions.end_all(connection, known, now)
    name = vouched.name or (known.name if known else vouched.login)
    email = vouched.email or (known.email if known else "")
    return people.put_staff(connection, vouched.login, name, email, vouched.role)


def turn_away(connection: Connection, login: str, now: datetime) -> None:
    """End the sessions of one of us whom the provider gives no role any more."""
    known = people.find_staff(connection, login)
    if known is not None:
        sessions.end_all(connection, known, now)
