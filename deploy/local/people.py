"""Invented clients and staff for the local world, each with a password and a token to sign in.

Two clients have a contract (R2, R7), the contract of the third has run out (Q13).
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from typing_extensions import override

from deploy.local.settings import write_private
from domain.terms import Role
from gateway.entrance.passwords import hasher
from storage import accounts, people, tokens
from storage.database import Connection, Database
from storage.people import Person, Staff

TOKENS_HOLD: Final = timedelta(days=365)
SCOPES: Final = ("api",)
PASSWORD_BYTES: Final = 12
ROLES: Final = {
    Role.CLIENT: "клиент",
    Role.SPECIALIST: "специалист",
    Role.HEAD: "руководитель",
    Role.DEVELOPMENT: "разработка",
    Role.OPERATIONS: "эксплуатация",
}
_COLUMNS: Final = (
    *("client_code", "client_name", "login", "user_name", "email", "phone"),
    *("contract_starts_on", "contract_ends_on"),
)
_ROWS: Final = (
    (
        *("SEVER", "ООО «Северный двор»", "anna", "Ветрова Анна Сергеевна"),
        *("anna@client.example", "+7 000 000-00-01", "2024-01-01", ""),
    ),
    (
        *("SEVER", "ООО «Северный двор»", "oleg", "Дубов Олег Ильич"),
        *("oleg@client.example", "+7 000 000-00-02", "2024-01-01", ""),
    ),
    (
        *("PARUS", "АО «Бизнес-парк Парус»", "irina", "Ясенева Ирина Павловна"),
        *("irina@parus.example", "+7 000 000-00-03", "2024-06-01", ""),
    ),
    (
        *("LIPA", "ТСЖ «Липовая аллея»", "pavel", "Лугов Павел Андреевич"),
        *("pavel@lipa.example", "", "2022-01-01", "2023-12-31"),
    ),
)
CLIENTS: Final = tuple(dict(zip(_COLUMNS, row, strict=True)) for row in _ROWS)
STAFF: Final = (
    ("sokol", "Соколов Алексей", "sokol@support.example", Role.SPECIALIST),
    ("lipina", "Липина Мария", "lipina@support.example", Role.SPECIALIST),
    ("head", "Громова Елена", "head@support.example", Role.HEAD),
    ("devel", "Кленов Денис", "devel@support.example", Role.DEVELOPMENT),
    ("oper", "Ручьёв Антон", "oper@support.example", Role.OPERATIONS),
)


@dataclass(frozen=True)
class SignIn:
    """How one of the demo people signs in: by password at the pages, by token at the API."""

    login: str
    role: Role
    name: str
    password: str
    token: str

    @override
    def __str__(self) -> str:
        """Return the line that people read."""
        return f"{ROLES[self.role]:<13} {self.login:<8} {self.password}  {self.name}"

    @property
    def line(self) -> str:
        """Return the line that the note keeps."""
        return f"{ROLES[self.role]:<13} {self.login:<8} {self.password}  {self.token}  {self.name}"


def settle(database: Database, note: Path, now: datetime) -> tuple[SignIn, ...]:
    """Enter the demo people and let them sign in as the note keeps; nothing is new a second time.

    Returns the new sign-ins, or nothing when those of the note still hold.
    """
    with database.transaction() as connection:
        people.import_clients(connection, CLIENTS)
        for login, name, email, role in STAFF:
            people.put_staff(connection, login, name, email, role)
        if _still_hold(connection, note, now):
            return ()
        made = tuple(_sign_ins(connection, now))
        write_private(note, "".join(f"{sign_in.line}\n" for sign_in in made))
        return made


def _sign_ins(connection: Connection, now: datetime) -> Iterator[SignIn]:
    until = now + TOKENS_HOLD
    for owner in _owners(connection, now.astimezone(UTC).date()):
        role = owner.role if isinstance(owner, Staff) else Role.CLIENT
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        accounts.put_hash(connection, owner, hasher.hash(password), now)
        token = tokens.create(connection, owner, SCOPES, "local demo", until)
        yield SignIn(owner.login, role, owner.name, password, token)


def _owners(connection: Connection, today: date) -> Iterator[Person | Staff]:
    for login in (row["login"] for row in CLIENTS):
        if user := people.find_user_by_login(connection, login, today):
            yield user
    for login, *_ in STAFF:
        if member := people.find_staff(connection, login):
            yield member


def _still_hold(connection: Connection, note: Path, now: datetime) -> bool:
    """Tell whether every token of the note is good; a register made anew knows none of them.

    A note of before there were passwords is made anew.
    """
    if not note.exists():
        return False
    words = [word for word in note.read_text().split() if word.startswith(tokens.PREFIX)]
    are_good = bool(words) and all(tokens.find(connection, word, now) for word in words)
    kept = (accounts.find_hash(connection, one) for one in _owners(connection, now.date()))
    return are_good and None not in kept
