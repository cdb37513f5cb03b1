"""An edition holds from its moment, and every edition there was can be read."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from domain.editions import Edition, Settings
from domain.letters import ConfirmationTiming
from domain.terms import DeferralReason
from storage import editions
from storage.database import Database
from storage.editions import NoEditionError

NOW = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
OTHER = Settings(
    confirmation=ConfirmationTiming.IN_WORKING_TIME,
    reminder_days=(1, 3, 7),
    deferral_days={DeferralReason.ILL_POSED: 3},
    largest_file_bytes=1,
)


def test_the_first_edition_holds_the_defaults(database: Database) -> None:  # Q3 Q6 Q14
    with database.transaction() as connection:
        edition = editions.current(connection, NOW)

    assert (edition.number, edition.settings) == (1, Settings())


def test_an_edition_comes_back_as_it_was_put(database: Database) -> None:  # R12
    with database.transaction() as connection:
        edition = editions.put(connection, OTHER, NOW, "Напоминаем чаще", "head:1")

        assert edition == Edition(2, NOW, OTHER)
        assert editions.get(connection, 2) == edition


def test_an_edition_holds_from_its_moment(database: Database) -> None:  # R12
    with database.transaction() as connection:
        editions.put(connection, OTHER, NOW, "Напоминаем чаще", "head:1")

        assert editions.current(connection, NOW - timedelta(seconds=1)).number == 1
        assert editions.current(connection, NOW).number == 2


def test_of_two_editions_for_one_moment_the_later_holds(database: Database) -> None:  # R12
    with database.transaction() as connection:
        editions.put(connection, OTHER, NOW, "Напоминаем чаще", "head:1")
        editions.put(connection, Settings(), NOW, "Напоминаем как прежде", "head:1")

        assert editions.current(connection, NOW).settings == Settings()


def test_a_setting_younger_than_its_edition_takes_the_default(database: Database) -> None:
    older = text(
        "UPDATE editions SET settings = settings - 'largest_file_bytes' || '{\"gone\": 1}'"
    )
    with database.transaction() as connection:
        connection.execute(older)

        edition = editions.current(connection, NOW)

    assert edition.settings == Settings()


def test_before_the_first_edition_there_is_none(database: Database) -> None:
    with database.transaction() as connection:
        with pytest.raises(NoEditionError):
            editions.current(connection, datetime(1999, 1, 1, tzinfo=UTC))
        with pytest.raises(NoEditionError):
            editions.get(connection, 2)


def test_the_public_is_told_what_an_edition_changes(database: Database) -> None:  # R13
    with database.transaction() as connection:
        editions.put(connection, OTHER, NOW, "Напоминаем чаще", "head:1")

        summaries = connection.execute(text("SELECT summary FROM editions ORDER BY number"))

        assert list(summaries.scalars()) == ["Первая редакция", "Напоминаем чаще"]


def test_the_public_is_told_of_every_edition_the_newest_first(database: Database) -> None:  # R13
    with database.transaction() as connection:
        editions.put(connection, OTHER, NOW, "Напоминаем чаще", "head:1")

        told = editions.list_announced(connection)

    assert [(one.number, one.summary) for one in told] == [
        (2, "Напоминаем чаще"),
        (1, "Первая редакция"),
    ]
    assert told[0].valid_from == NOW
