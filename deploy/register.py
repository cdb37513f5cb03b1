"""The operator's errands in the register: tokens, clients and staff (R2, R7)."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from deploy.local import processes
from domain.calendar import MOSCOW
from domain.terms import Role
from gateway.entrance import passwords
from gateway.entrance.letters import AccountPost, NoAddressError
from storage import accounts, calendars, editions, people, tokens
from storage.accounts import Owner
from storage.database import Connection, Database
from storage.letters import PreparedLetter
from storage.people import COLUMNS, REQUIRED, ImportReport
from storage.rules import Rules
from workflows.installation import installation

POSTGRES_PORT: Final = 5432
STAFF_ROLES: Final = (Role.SPECIALIST, Role.HEAD, Role.DEVELOPMENT, Role.OPERATIONS)


def create_token(login: str, scopes: Sequence[str], days: int, label: str) -> str:
    """Make a token for one of us or a client's user and return it.

    Raises:
        LookupError: nobody has this login.

    """
    now = datetime.now(UTC)
    named = [scope.strip() for scope in scopes if scope.strip()]
    with transaction() as connection:
        owner = people.find_staff(connection, login) or people.find_user_by_login(
            connection, login, now.astimezone(MOSCOW).date()
        )
        if owner is None:
            raise LookupError(f"Логина {login} нет ни у сотрудников, ни у пользователей.")
        return tokens.create(connection, owner, named, label, now + timedelta(days=days))


def revoke_token(number: int) -> None:
    """End a token from now on."""
    with transaction() as connection:
        tokens.revoke(connection, number, datetime.now(UTC))


def import_clients(file: Path) -> ImportReport:
    """Take the good rows of a table in CSV, parted by commas or semicolons.

    Raises:
        ValueError: a column that is needed is missing.

    """
    rows = csv.DictReader(text := _text(file).splitlines(), delimiter=_delimiter(text))
    missing = [name for name in REQUIRED if name not in (rows.fieldnames or ())]
    if missing:
        raise ValueError(
            f"В первой строке {file} нет столбцов: {', '.join(missing)}. "
            f"Нужны и могут быть: {', '.join(COLUMNS)}."
        )
    with transaction() as connection:
        return people.import_clients(connection, rows)


def set_sharing(code: str, *, shares: bool) -> None:
    """Let a client's users see each other's tickets, or their own alone.

    Raises:
        LookupError: there is no such client.

    """
    with transaction() as connection:
        if not people.put_sharing(connection, code, shares=shares):
            raise LookupError(f"Клиента с кодом {code} нет.")


def add_staff(login: str, name: str, email: str, role: str) -> None:
    """Enter one of us.

    Raises:
        ValueError: there is no such role.

    """
    if role not in STAFF_ROLES:
        raise ValueError(f"Роли {role} нет. Есть: {', '.join(STAFF_ROLES)}.")
    with transaction() as connection:
        people.put_staff(connection, login, name, email, Role(role))


def set_password(login: str, plain: str) -> None:
    """Give one of us a password; their sessions and links end.

    Raises:
        LookupError: none of us has this login.
        ValueError: the password is too weak.

    """
    if wrong := passwords.flaw(plain, login):
        raise ValueError(wrong)
    hashed = passwords.hasher.hash(plain)
    with transaction() as connection:
        member = people.find_staff(connection, login)
        if member is None:
            raise LookupError(f"Сотрудника с логином {login} нет.")
        accounts.put_hash(connection, member, hashed, datetime.now(UTC))


def invite(login: str) -> str:
    """Make a one-time link by which somebody chooses a password; their older links end.

    Raises:
        LookupError: nobody has this login.

    """
    now = datetime.now(UTC)
    with transaction() as connection:
        link = accounts.invite(connection, _owner(connection, login, now), now)
        return f"{installation().site}/invitation/{link.plain}"


def invite_by_letter(login: str) -> PreparedLetter:
    """Have a one-time link sent to somebody; their older links end.

    Raises:
        LookupError: nobody has this login, they have no address, or there is no key to sign with.

    """
    now, settings = datetime.now(UTC), installation()
    if not settings.signing_keys:
        raise LookupError("Письма подписываются ключом: задайте SUPPORT_SIGNING_KEYS.")
    with transaction() as connection:
        owner = _owner(connection, login, now)
        rules = Rules(calendars.load(connection), editions.current(connection, now).settings)
        try:
            return AccountPost(settings, rules).invite(connection, owner, now)
        except NoAddressError:
            raise LookupError(
                f"У логина {login} нет адреса, на который можно отправить письмо. "
                f"Передайте ссылку сами: support invite --login {login}"
            ) from None


def _owner(connection: Connection, login: str, now: datetime) -> Owner:
    owner = accounts.find_owner(connection, login, now)
    if owner is None:
        raise LookupError(f"Логина {login} нет ни у сотрудников, ни у пользователей.")
    return owner


@contextmanager
def transaction() -> Iterator[Connection]:
    """Open a transaction in the register that the settings name.

    Raises:
        ConnectionError: nobody answers there.

    """
    address = installation().database_url
    _check_answers(address)
    database = Database(address, pool_size=1)
    try:
        with database.transaction() as connection:
            yield connection
    finally:
        database.dispose()


def _check_answers(address: str) -> None:
    told = urlsplit(address)
    port = told.port or POSTGRES_PORT
    if told.hostname and not processes.is_answering(port, told.hostname):
        raise ConnectionError(
            f"Реестр не отвечает: {told.hostname}:{port}. Укажите его в SUPPORT_DATABASE_URL; "
            "после make up: . .local/support.env"
        )


def _text(file: Path) -> str:
    """Read a table as its program wrote it: in UTF-8, or as older Excel does."""
    content = file.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1251")


def _delimiter(lines: Sequence[str]) -> str:
    heading = lines[0] if lines else ""
    return ";" if heading.count(";") > heading.count(",") else ","
