"""People are found as one types: by the beginnings of what they are called, or by their phone.

R2, R30, R43; U3, U14.
"""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Connection

from storage import people, people_search
from storage.database import Database

TODAY = date(2026, 9, 7)
HEADING = ("client_code", "client_name", "login", "user_name", "email", "phone")
ROWS = (
    (
        "ROM",
        "ООО «Ромашка-Плюс»",
        "anna.v",
        "Ветрова Анна",
        "anna@rom.example",
        "+7 (495) 329-12-29",
    ),
    ("ROM", "ООО «Ромашка-Плюс»", "petr", "Фёдоров Пётр", "petr@rom.example", "8 916 111-22-33"),
    ("SEV", "АО «Север»", "oleg", "Дубов Олег", "oleg@sever.example", ""),
    ("SEV", "АО «Север»", "anna2", "Анненская Ольга", "", "3291230"),
)


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with database.transaction() as connection:
        people.import_clients(connection, [dict(zip(HEADING, row, strict=True)) for row in ROWS])
        yield connection


@pytest.mark.parametrize(
    ("typed", "logins"),
    [
        ("ветр", ["anna.v"]),
        ("АННА", ["anna.v"]),
        ("анн", ["anna.v", "anna2"]),
        ("федоров", ["petr"]),
        ("Фёд пет", ["petr"]),
        ("anna", ["anna.v", "anna2"]),
        ("anna@rom.example", ["anna.v"]),
        ("oleg@", ["oleg"]),
        ("ромашка", ["anna.v", "petr"]),
        ("«Ромашка-Плюс» пётр", ["petr"]),
        ("ооо ромашка анна", ["anna.v"]),
        ("sev", ["anna2", "oleg"]),
        ("+7 (495) 329-12-29", ["anna.v"]),
        ("8 (495) 329-12-29", ["anna.v"]),
        ("329-12-29", ["anna.v"]),
        ("329-12", ["anna.v", "anna2"]),
        ("1229", ["anna.v"]),
        ("89161112233", ["petr"]),
        ("кто-то", []),
    ],
)
def test_a_user_is_found_by_what_one_knows_of_them(
    connection: Connection, typed: str, logins: list[str]
) -> None:  # R30 U14
    found = people_search.search_users(connection, typed, TODAY)

    assert sorted(person.login for person in found) == logins


@pytest.mark.parametrize(
    "typed", ["", " ", "'", "\0", "&|!", "x" * 10_000, "\ud800", "(000)", "----"]
)
def test_nothing_that_is_typed_breaks_the_search_of_people(
    connection: Connection, typed: str
) -> None:  # U14
    assert people_search.search_users(connection, typed, TODAY) == ()
    assert people_search.search_clients(connection, typed) == ()


def test_no_more_people_are_shown_than_asked_for(connection: Connection) -> None:  # U14
    assert len(people_search.search_users(connection, "rom", TODAY, limit=1)) == 1


@pytest.mark.parametrize(
    ("typed", "codes"), [("ромаш", ["ROM"]), ("sev", ["SEV"]), ("плюс ООО", ["ROM"])]
)
def test_a_client_is_found_by_its_name_or_code(
    connection: Connection, typed: str, codes: list[str]
) -> None:  # U3
    found = people_search.search_clients(connection, typed)

    assert [client.code for client in found] == codes
