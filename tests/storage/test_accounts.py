"""Links that lead to a password: who is found, how often one is made, what ends them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from domain.account_letters import AccountLetterKind, account_key
from domain.terms import LetterState, Role
from storage import account_letters, accounts, client_data, letters, people, sessions
from storage.accounts import MOST_OF_AN_ADDRESS, RESET_HOLDS, RESET_SPACING, Owner
from storage.database import Connection, Database
from storage.letters import PreparedLetter
from storage.mail_tables import letters as letter_rows
from storage.people import Person
from storage.people_tables import users

NOW = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
ANNA = "anna@dom.example"


def client(login: str, email: str = ANNA) -> dict[str, str]:
    return {
        "client_code": "dom",
        "client_name": "Дом",
        "login": login,
        "user_name": login.title(),
        "email": email,
    }


@pytest.fixture
def anna(database: Database) -> Owner:
    with database.transaction() as connection:
        people.import_clients(connection, [client("anna")])
        found = accounts.find_owner(connection, "anna", NOW)
    assert found is not None
    return found


def write(connection: Connection, owner: Owner, at: datetime = NOW) -> str | None:
    """Make a link and its letter, as the page does; return the letter's key."""
    link = accounts.offer_reset(connection, owner, at)
    if link is None:
        return None
    key = account_key(link.id, AccountLetterKind.PASSWORD_RESET)
    letter = PreparedLetter(
        key=key,
        number=None,
        sequence=0,
        kind=AccountLetterKind.PASSWORD_RESET,
        recipient=owner.email,
        subject="s",
        text="[ссылка была в письме]",
        message_id=f"<{link.id}@profman.ru>",
        mime=link.plain.encode(),
        state=LetterState.PREPARED,
        prepared_at=at,
    )
    account_letters.put(connection, letter, owner, link.id)
    return key


def test_of_two_that_ask_at_once_one_is_written_to(database: Database, anna: Owner) -> None:  # R2
    def ask(_: int) -> str | None:
        with database.transaction() as connection:
            return write(connection, anna)

    with ThreadPoolExecutor(4) as threads:
        written = [key for key in threads.map(ask, range(8)) if key]

    assert len(written) == 1


def test_after_ten_minutes_another_link_may_be_asked_for(
    database: Database, anna: Owner
) -> None:  # R2
    moments = (NOW, NOW + RESET_SPACING - timedelta(seconds=1), NOW + RESET_SPACING)
    with database.transaction() as connection:
        written = [write(connection, anna, at) is not None for at in moments]

    assert written == [True, False, True]


def test_a_link_that_was_asked_for_holds_for_an_hour(database: Database, anna: Owner) -> None:  # R2
    with database.transaction() as connection:
        link = accounts.offer_reset(connection, anna, NOW)
        assert link is not None
        at = NOW + RESET_HOLDS
        found = [
            accounts.find_invitation(connection, link.plain, moment) is not None
            for moment in (at - timedelta(seconds=1), at)
        ]

    assert found == [True, False]


def test_a_login_is_found_before_an_address_and_an_address_finds_all_who_share_it(
    database: Database, anna: Owner
) -> None:  # R2
    with database.transaction() as connection:
        people.import_clients(connection, [client("boris"), client("vera", "vera@dom.example")])
        people.put_staff(connection, "sveta", "Света", ANNA.upper(), Role.SPECIALIST)
        named_so = users.c.login == "vera"
        connection.execute(update(users).where(named_so).values(login=ANNA))

        by_login = accounts.find_owners(connection, ANNA, NOW)
        by_other_case = accounts.find_owners(connection, ANNA.upper(), NOW)

    assert [owner.email for owner in by_login] == ["vera@dom.example"]
    assert sorted(owner.login for owner in by_other_case) == ["anna", "boris", "sveta"]
    assert anna.login == "anna"


def test_an_address_shared_by_many_is_not_a_way_to_write_to_all(
    database: Database, anna: Owner
) -> None:  # R2
    with database.transaction() as connection:
        people.import_clients(connection, [client(f"user{n}") for n in range(20)])
        found = accounts.find_owners(connection, ANNA, NOW)

    assert len(found) == MOST_OF_AN_ADDRESS
    assert anna.email == ANNA


def test_nobody_is_found_by_nothing(database: Database) -> None:
    with database.transaction() as connection:
        people.import_clients(connection, [client("anna", "")])

        assert accounts.find_owners(connection, "", NOW) == ()
        assert accounts.find_owners(connection, "  ", NOW) == ()


def test_a_forgotten_link_takes_no_letter_with_it_and_opens_nothing(
    database: Database, anna: Owner
) -> None:  # R2
    with database.transaction() as connection:
        key = write(connection, anna)
        assert key is not None
        sessions.clear(connection, NOW + timedelta(days=365))
        claimed = letters.claim(connection, key, NOW)

    assert claimed is not None
    assert claimed.is_link_dead


def test_what_a_person_takes_away_has_the_letters_about_their_account(
    database: Database, anna: Owner
) -> None:  # R2 K12
    assert isinstance(anna, Person)
    with database.transaction() as connection:
        key = write(connection, anna)
        assert key is not None
        before = client_data.read(connection, anna.user_id, anna.client_id)["letters"]
        letters.settle(connection, key, LetterState.ACCEPTED, NOW)
        after = client_data.read(connection, anna.user_id, anna.client_id)["letters"]
        kept = connection.execute(select(letter_rows.c.mime)).scalar_one()

    assert before == []
    assert [(row["number"], row["text"]) for row in after] == [(None, "[ссылка была в письме]")]
    assert bytes(kept) == b""
