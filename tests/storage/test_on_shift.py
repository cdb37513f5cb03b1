"""Who of us was at work in the last minutes is known by their sessions, not by a list. R5, U15."""

from datetime import UTC, datetime, timedelta

from domain.terms import Role
from storage import people, sessions
from storage.database import Database

AT = datetime(2026, 9, 7, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_specialists_and_heads_seen_lately_are_on_shift_and_nobody_else(
    database: Database,
) -> None:  # R5 U15
    with database.transaction() as connection:
        for login, role, at in (
            ("olga", Role.SPECIALIST, AT - 9 * MINUTE),
            ("igor", Role.HEAD, AT),
            ("gone", Role.SPECIALIST, AT - 11 * MINUTE),
            ("dev", Role.DEVELOPMENT, AT),
        ):
            member = people.put_staff(connection, login, login.title(), "", role)
            sessions.begin(connection, member, at, "password")
        people.put_staff(connection, "never", "Never", "", Role.SPECIALIST)

        assert sessions.list_on_shift(connection, AT) == ("Igor", "Olga")


def test_whoever_signed_out_is_on_shift_no_more(database: Database) -> None:  # R5 U15
    with database.transaction() as connection:
        member = people.put_staff(connection, "olga", "Olga", "", Role.SPECIALIST)
        sessions.begin(connection, member, AT, "password")
        sessions.end_all(connection, member, AT)

        assert sessions.list_on_shift(connection, AT + MINUTE) == ()
