"""A token says who its bearer is while it is good, and cannot be read out of the register."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection, event, text

from domain.terms import Actor, Role
from storage import people, tokens
from storage.bearers import Bearer
from storage.database import Database
from storage.people import Person, Staff

NOW = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
ROW = {
    "client_code": "SEVER",
    "client_name": "ООО «Северный двор»",
    "contract_starts_on": "2026-01-01",
    "contract_ends_on": "2026-09-07",
    "login": "sever-01",
    "user_name": "Ольга Белова",
}


def user(connection: Connection) -> Person:
    people.import_clients(connection, [ROW])
    person = people.find_user_by_login(connection, "sever-01", date(2026, 9, 7))
    assert person is not None
    return person


def head(connection: Connection) -> Staff:
    return people.put_staff(connection, "anna", "Анна Юрьева", "", Role.HEAD)


def test_a_clients_token_names_the_user_the_client_and_the_support(
    database: Database,
) -> None:  # R2
    with database.transaction() as connection:
        plain = tokens.create(connection, user(connection), ["cabinet"], "браузер", LATER)

        bearer = tokens.find(connection, plain, NOW)

    assert bearer == Bearer(
        token_id=1,
        role=Role.CLIENT,
        id=1,
        client_id=1,
        login="sever-01",
        name="Ольга Белова",
        scopes=frozenset({"cabinet"}),
        is_supported=True,
    )
    assert bearer.actor == Actor(Role.CLIENT, "1")


def test_a_staff_token_carries_the_role_and_no_client(database: Database) -> None:
    with database.transaction() as connection:
        plain = tokens.create(connection, head(connection), ["console", "api"], "", LATER)

        bearer = tokens.find(connection, plain, NOW)

    assert bearer is not None
    assert (bearer.role, bearer.client_id, bearer.is_supported) == (Role.HEAD, None, False)
    assert bearer.scopes == {"console", "api"}


def test_support_is_that_of_the_day_in_moscow(database: Database) -> None:  # R7 Q13
    with database.transaction() as connection:
        plain = tokens.create(connection, user(connection), [], "", LATER)

        last_minute = tokens.find(connection, plain, datetime(2026, 9, 7, 20, 59, tzinfo=UTC))
        midnight = tokens.find(connection, plain, datetime(2026, 9, 7, 21, 0, tzinfo=UTC))

    assert last_minute is not None
    assert midnight is not None
    assert (last_minute.is_supported, midnight.is_supported) == (True, False)


def test_a_change_of_role_holds_for_tokens_given_before(database: Database) -> None:
    with database.transaction() as connection:
        plain = tokens.create(connection, head(connection), [], "", LATER)

        people.put_staff(connection, "anna", "Анна Юрьева", "", Role.SPECIALIST)

        bearer = tokens.find(connection, plain, NOW)
    assert bearer is not None
    assert bearer.role is Role.SPECIALIST


def test_the_plain_token_is_nowhere_in_the_register(database: Database) -> None:
    with database.transaction() as connection:
        plain = tokens.create(connection, head(connection), ["console"], "браузер", LATER)

        line = connection.execute(text("SELECT tokens::text FROM tokens")).scalar_one()

    assert plain not in line
    assert plain.encode().hex() not in line
    assert len(plain) >= len("ps_") + 43


def test_a_token_is_good_until_its_moment_only(database: Database) -> None:
    with database.transaction() as connection:
        plain = tokens.create(connection, head(connection), [], "", LATER)

        assert tokens.find(connection, plain, LATER - timedelta(seconds=1)) is not None
        assert tokens.find(connection, plain, LATER) is None


def test_a_revoked_token_is_no_token(database: Database) -> None:
    with database.transaction() as connection:
        plain = tokens.create(connection, head(connection), [], "", LATER)
        other = tokens.create(connection, head(connection), [], "", LATER)
        bearer = tokens.find(connection, plain, NOW)
        assert bearer is not None

        tokens.revoke(connection, bearer.token_id, NOW)

        assert tokens.find(connection, plain, NOW) is None
        assert tokens.find(connection, other, NOW) is not None


@pytest.mark.parametrize("plain", ["", "ps_", "ps_" + "A" * 43, "ключ\x00"])
def test_an_invented_token_is_no_token(database: Database, plain: str) -> None:
    with database.transaction() as connection:
        tokens.create(connection, head(connection), [], "", LATER)

        assert tokens.find(connection, plain, NOW) is None


def test_a_bearer_is_found_in_one_statement(database: Database) -> None:
    statements: list[str] = []
    with database.transaction() as connection:
        plain = tokens.create(connection, user(connection), [], "", LATER)
        event.listen(connection, "before_cursor_execute", lambda *told: statements.append(told[2]))

        tokens.find(connection, plain, NOW)

    assert len(statements) == 1
