"""Clients with their contracts and users, and our staff: who somebody is and whether we owe help.

Carries out R2 and R7 (a user has a login, and support holds while a contract does), Q12, Q13.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Date,
    Row,
    bindparam,
    exists,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from domain.terms import Role
from storage.people_tables import clients, contracts, staff, users

REQUIRED = ("client_code", "client_name", "login", "user_name")
DATES = ("contract_starts_on", "contract_ends_on")
COLUMNS = (*REQUIRED, *DATES, "email", "phone")
Cells = Mapping[str, str | None]
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


class UnknownClientError(LookupError):
    """The register has no such client."""


@dataclass(frozen=True)
class Client:
    """An organisation that we serve."""

    id: int
    code: str
    name: str


@dataclass(frozen=True)
class Person:
    """A client's user, and whether a contract supports the client on the day asked for."""

    user_id: int
    client_id: int
    client_code: str
    client_name: str
    name: str
    login: str
    email: str
    phone: str
    language: str
    is_supported: bool


@dataclass(frozen=True)
class Staff:
    """One of us."""

    id: int
    login: str
    name: str
    email: str
    role: Role


@dataclass(frozen=True)
class RowProblem:
    """Why a row was left out: its line counted from 1 with the heading, its field, the reason."""

    line: int
    field: str
    reason: str


@dataclass(frozen=True)
class ImportReport:
    """How many rows were taken, and what kept the others out."""

    taken: int
    problems: tuple[RowProblem, ...]


IMPORT = text("""
WITH ours AS (
  SELECT WHERE NOT EXISTS (
    SELECT FROM users JOIN clients ON clients.id = users.client_id
    WHERE users.login = :login AND clients.code <> :client_code
  )
), client AS (
  INSERT INTO clients (code, name) SELECT :client_code, :client_name FROM ours
  ON CONFLICT (code) DO UPDATE SET name = excluded.name
  RETURNING id
), contract AS (
  INSERT INTO contracts (client_id, starts_on, ends_on)
  SELECT id, cast(:contract_starts_on AS date), cast(:contract_ends_on AS date) FROM client
  WHERE cast(:contract_starts_on AS date) IS NOT NULL
  ON CONFLICT (client_id, starts_on) DO UPDATE SET ends_on = excluded.ends_on
)
INSERT INTO users (client_id, login, name, email, phone)
SELECT id, :login, :user_name, lower(:email), :phone FROM client
ON CONFLICT (login) DO UPDATE
  SET name = excluded.name, email = excluded.email, phone = excluded.phone
RETURNING id
""")


def is_supported(
    client_id: ColumnElement[int], on: date | BindParameter[date]
) -> ColumnElement[bool]:
    """Return the condition that a contract of the client holds on the day, its last included."""
    has_begun = contracts.c.starts_on <= on
    has_not_ended = contracts.c.ends_on.is_(None) | (contracts.c.ends_on >= on)
    return exists().where(contracts.c.client_id == client_id, has_begun, has_not_ended)


# Put together once: it is asked for every letter and every form.
PEOPLE = (
    select(
        *(users.c.id, clients.c.id, clients.c.code, clients.c.name, users.c.name, users.c.login),
        *(users.c.email, users.c.phone, users.c.language),
        is_supported(users.c.client_id, bindparam("on", type_=Date)),
    )
    .join_from(users, clients, clients.c.id == users.c.client_id)
    .order_by(users.c.id)
)
BY_EMAIL = PEOPLE.where(users.c.email == func.lower(bindparam("address")), users.c.email != "")
BY_LOGIN = PEOPLE.where(users.c.login == bindparam("login"))


def import_clients(connection: Connection, rows: Iterable[Cells]) -> ImportReport:
    """Take clients, contracts and users from the rows of a table with a heading.

    The columns are COLUMNS; a day is written 2026-01-31, a row without one adds no contract. Good
    rows are taken, and taking them again changes nothing; the others are reported.
    """
    problems: list[RowProblem] = []
    taken = 0
    for line, row in enumerate(rows, start=2):
        found = _problems(row) or _take(connection, row)
        problems += [RowProblem(line, name, reason) for name, reason in found.items()]
        taken += not found
    return ImportReport(taken, tuple(problems))


def find_user_by_email(connection: Connection, address: str, on: date) -> Person | None:
    """Return the user who writes from this address; None when two clients share it (Q12)."""
    found = connection.execute(BY_EMAIL, {"address": address, "on": on})
    people = [Person(*row) for row in found]
    is_plain = len({person.client_id for person in people}) == 1
    return people[0] if is_plain else None


def find_user_by_login(connection: Connection, login: str, on: date) -> Person | None:
    """Return the user of this login, if there is one."""
    row = connection.execute(BY_LOGIN, {"login": login, "on": on}).first()
    return Person(*row) if row else None


def get_client(connection: Connection, client_id: int) -> Client:
    """Return the client.

    Raises:
        UnknownClientError: when there is none of this id.

    """
    found = select(clients.c.id, clients.c.code, clients.c.name).where(clients.c.id == client_id)
    row = connection.execute(found).first()
    if row is None:
        raise UnknownClientError(f"no client {client_id}")
    return Client(*row)


def put_sharing(connection: Connection, code: str, *, shares: bool) -> bool:
    """Let a client's users see each other's tickets or not; return false where there is no such."""
    changed = update(clients).where(clients.c.code == code).values(shares_tickets=shares)
    return connection.execute(changed).rowcount > 0


def put_language(connection: Connection, user_id: int, language: str) -> None:
    """Keep the language in which a client's user is written to."""
    connection.execute(update(users).where(users.c.id == user_id).values(language=language))


def list_clients(connection: Connection) -> tuple[Client, ...]:
    """Return every client by name."""
    found = select(clients.c.id, clients.c.code, clients.c.name)
    return tuple(Client(*row) for row in connection.execute(found.order_by(clients.c.name)))


def put_staff(connection: Connection, login: str, name: str, email: str, role: Role) -> Staff:
    """Enter one of us, or change who already has the login."""
    new = insert(staff).values(login=login, name=name, email=email, role=role)
    changed = {column: new.excluded[column] for column in ("name", "email", "role")}
    put = new.on_conflict_do_update(index_elements=[staff.c.login], set_=changed)
    return _member(connection.execute(put.returning(*staff.c)).one())


def find_staff(connection: Connection, login: str) -> Staff | None:
    """Return who of us has this login, if anybody."""
    row = connection.execute(select(staff).where(staff.c.login == login)).first()
    return _member(row) if row else None


def list_staff(connection: Connection) -> tuple[Staff, ...]:
    """Return all of us by name."""
    return tuple(_member(row) for row in connection.execute(select(staff).order_by(staff.c.name)))


def _member(row: Row[*tuple[Any, ...]]) -> Staff:
    return Staff(row.id, row.login, row.name, row.email, Role(row.role))


def _take(connection: Connection, row: Cells) -> Mapping[str, str]:
    given = {name: _cell(row, name) for name in COLUMNS}
    days = {name: _day(given[name]) for name in DATES}
    taken = connection.execute(IMPORT, {**given, **days}).first()
    return {} if taken else {"login": "логин принадлежит другому клиенту"}


def _problems(row: Cells) -> Mapping[str, str]:
    empty = {name: "не заполнено" for name in REQUIRED if not _cell(row, name)}
    email = _cell(row, "email")
    is_unread = email and not ADDRESS.fullmatch(email)
    return empty | _problems_of_days(row) | ({"email": "не адрес почты"} if is_unread else {})


def _problems_of_days(row: Cells) -> dict[str, str]:
    days = {name: _day(_cell(row, name)) for name in DATES}
    unread = [name for name in DATES if _cell(row, name) and not days[name]]
    starts_on, ends_on = days.values()
    if unread or not ends_on:
        return dict.fromkeys(unread, "день пишется так: 2026-01-31")
    if not starts_on:
        return {"contract_starts_on": "указан конец договора, но не его начало"}
    is_turned = ends_on < starts_on
    return {"contract_ends_on": "договор кончается раньше, чем начинается"} if is_turned else {}


def _cell(row: Cells, name: str) -> str:
    return (row.get(name) or "").strip()


def _day(cell: str) -> date | None:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        return None
