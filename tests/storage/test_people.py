"""Who is whom, and whether we owe help on a day."""

from datetime import date

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from domain.terms import Role
from storage import people
from storage.database import Database
from storage.people import Client, Person, RowProblem, UnknownClientError

ON = date(2026, 9, 7)
ROW = {
    "client_code": "SEVER",
    "client_name": "ООО «Северный двор»",
    "contract_starts_on": "2026-01-01",
    "contract_ends_on": "2026-12-31",
    "login": "sever-01",
    "user_name": "Ольга Белова",
    "email": "O.Belova@Sever.example",
    "phone": "8 812 000-00-01",
}


def taken(connection: Connection, **changes: str) -> None:
    report = people.import_clients(connection, [{**ROW, **changes}])
    assert report.problems == ()


def test_a_user_is_found_by_login_with_the_client_and_its_support(database: Database) -> None:  # R2
    with database.transaction() as connection:
        taken(connection)

        person = people.find_user_by_login(connection, "sever-01", ON)

    assert person == Person(
        user_id=1,
        client_id=1,
        client_code="SEVER",
        client_name="ООО «Северный двор»",
        name="Ольга Белова",
        login="sever-01",
        email="o.belova@sever.example",
        phone="8 812 000-00-01",
        language="ru",
        is_supported=True,
    )


@pytest.mark.parametrize(
    ("on", "is_supported"),
    [
        (date(2025, 12, 31), False),
        (date(2026, 1, 1), True),
        (date(2026, 12, 31), True),
        (date(2027, 1, 1), False),
    ],
)
def test_support_holds_from_the_first_to_the_last_day_of_a_contract(
    database: Database, on: date, *, is_supported: bool
) -> None:  # R7 Q13
    with database.transaction() as connection:
        taken(connection)

        person = people.find_user_by_login(connection, "sever-01", on)

    assert person is not None
    assert person.is_supported is is_supported


def test_a_contract_without_end_supports_for_ever(database: Database) -> None:  # R7
    with database.transaction() as connection:
        taken(connection, contract_ends_on="")

        person = people.find_user_by_login(connection, "sever-01", date(2100, 1, 1))

    assert person is not None
    assert person.is_supported


def test_a_client_without_a_contract_is_known_but_not_supported(database: Database) -> None:  # Q13
    with database.transaction() as connection:
        taken(connection, contract_starts_on="", contract_ends_on="")

        person = people.find_user_by_login(connection, "sever-01", ON)

    assert person is not None
    assert not person.is_supported


def test_an_address_is_found_however_its_letters_are_cased(database: Database) -> None:  # R28
    with database.transaction() as connection:
        taken(connection)

        person = people.find_user_by_email(connection, "o.BELOVA@sever.EXAMPLE", ON)

    assert person is not None
    assert person.login == "sever-01"


def test_an_address_shared_within_a_client_names_its_first_user(database: Database) -> None:
    with database.transaction() as connection:
        taken(connection)
        taken(connection, login="sever-02")

        person = people.find_user_by_email(connection, ROW["email"], ON)

    assert person is not None
    assert person.login == "sever-01"


def test_an_address_shared_by_two_clients_names_nobody(database: Database) -> None:  # Q12
    with database.transaction() as connection:
        taken(connection)
        taken(connection, client_code="YUG", login="yug-01")

        assert people.find_user_by_email(connection, ROW["email"], ON) is None


def test_no_address_is_nobodys_address(database: Database) -> None:
    with database.transaction() as connection:
        taken(connection, email="")

        assert people.find_user_by_email(connection, "", ON) is None


def test_the_same_table_taken_twice_changes_nothing(database: Database) -> None:
    everything = text(
        "SELECT clients.id, clients.name, contracts.id, ends_on, users.id, login, email"
        " FROM clients JOIN contracts ON contracts.client_id = clients.id"
        " JOIN users ON users.client_id = clients.id"
    )
    with database.transaction() as connection:
        taken(connection)
        before = connection.execute(everything).all()

        taken(connection)

        assert connection.execute(everything).all() == before


def test_a_later_table_mends_names_and_the_end_of_a_contract(database: Database) -> None:
    with database.transaction() as connection:
        taken(connection)

        taken(connection, client_name="АО «Северный двор»", contract_ends_on="2026-06-30")

        person = people.find_user_by_login(connection, "sever-01", ON)
    assert person is not None
    assert (person.client_name, person.is_supported) == ("АО «Северный двор»", False)


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        ("client_code", " "),
        ("client_name", ""),
        ("login", ""),
        ("user_name", ""),
        ("contract_starts_on", "01.02.2026"),
        ("contract_starts_on", ""),
        ("contract_ends_on", "2026-02-30"),
        ("contract_ends_on", "2025-12-31"),
        ("email", "сообщить позже"),
    ],
)
def test_a_bad_row_is_reported_and_the_good_ones_are_taken(
    database: Database, field: str, cell: str
) -> None:
    good = {**ROW, "client_code": "YUG", "login": "yug-01"}
    with database.transaction() as connection:
        report = people.import_clients(connection, [{**ROW, field: cell}, good])

        names = [client.code for client in people.list_clients(connection)]

    assert [(problem.line, problem.field) for problem in report.problems] == [(2, field)]
    assert (report.taken, names) == (1, ["YUG"])


def test_a_missing_column_is_reported_for_each_row(database: Database) -> None:
    row = {name: cell for name, cell in ROW.items() if name != "login"}
    with database.transaction() as connection:
        report = people.import_clients(connection, [row, row])

    assert report.problems == (
        RowProblem(2, "login", "не заполнено"),
        RowProblem(3, "login", "не заполнено"),
    )


def test_a_login_never_passes_from_one_client_to_another(database: Database) -> None:  # R2
    with database.transaction() as connection:
        taken(connection)

        report = people.import_clients(connection, [{**ROW, "client_code": "YUG"}])

        person = people.find_user_by_login(connection, "sever-01", ON)
        codes = [client.code for client in people.list_clients(connection)]
    assert [problem.field for problem in report.problems] == ["login"]
    assert person is not None
    assert (person.client_code, codes) == ("SEVER", ["SEVER"])


def test_a_client_is_got_by_its_id_and_a_wrong_id_is_an_error(database: Database) -> None:
    with database.transaction() as connection:
        taken(connection)

        assert people.get_client(connection, 1) == Client(1, "SEVER", "ООО «Северный двор»")
        with pytest.raises(UnknownClientError):
            people.get_client(connection, 2)


def test_one_of_us_is_entered_once_and_changed_by_login(database: Database) -> None:
    with database.transaction() as connection:
        first = people.put_staff(connection, "petrov", "Иван Петров", "", Role.SPECIALIST)
        people.put_staff(connection, "anna", "Анна Юрьева", "a@profman.example", Role.HEAD)

        now = people.put_staff(connection, "petrov", "Иван Петров", "p@x.example", Role.HEAD)

        assert now.id == first.id
        assert people.find_staff(connection, "petrov") == now
        assert people.find_staff(connection, "nobody") is None
        assert [one.login for one in people.list_staff(connection)] == ["anna", "petrov"]


@pytest.mark.parametrize("role", [Role.CLIENT, Role.SYSTEM])
def test_nobody_of_us_is_a_client_or_the_system(database: Database, role: Role) -> None:
    with (
        pytest.raises(IntegrityError, match="role_is_of_staff"),
        database.transaction() as connection,
    ):
        people.put_staff(connection, "petrov", "Иван Петров", "", role)
