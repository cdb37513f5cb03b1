"""The register is laid out as its tables say, by whoever comes first, on a server that keeps it."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import aclosing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError

from storage.database import Database, NotDurableError
from storage.schema import metadata

CATALOGUE = """
SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || udt_name
       || ' ' || is_nullable || ' ' || is_identity || ' ' || coalesce(column_default, '-')
FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
UNION
SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  AND conrelid <> coalesce(to_regclass('alembic_version'), 0)
UNION
SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'
UNION
SELECT sequencename || ' ' || start_value || ' ' || increment_by
FROM pg_sequences WHERE schemaname = 'public'
"""
FUNCTIONS = """
SELECT pg_get_functiondef(oid) FROM pg_proc
WHERE pronamespace = 'public'::regnamespace ORDER BY oid
"""
UPGRADE = "import sys; from storage.database import Database; Database(sys.argv[1]).upgrade()"
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def catalogue(connection: Connection) -> set[str]:
    return set(connection.execute(text(CATALOGUE)).scalars())


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_migrated_register_has_the_tables_of_the_code(database: Database) -> None:
    with database.transaction() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})

        assert compare_metadata(context, metadata) == []


def test_the_migrated_register_has_every_constraint_of_the_code(
    database: Database, empty_database: Database
) -> None:
    with database.transaction() as connection:  # columns and indexes rest on the functions
        functions = connection.execute(text(FUNCTIONS)).scalars().all()

    with empty_database.transaction() as connection:
        for function in functions:
            connection.exec_driver_sql(function)
        metadata.create_all(connection)
        wanted = catalogue(connection)

    with database.transaction() as connection:
        migrated = catalogue(connection)

    assert migrated == wanted


def test_two_processes_may_upgrade_at_once(empty_database: Database) -> None:
    with empty_database.transaction() as held, empty_database.transaction() as watching:
        held.execute(text("SELECT pg_advisory_xact_lock(750001)"))
        both = [
            subprocess.Popen([sys.executable, "-c", UPGRADE, empty_database.url])  # noqa: S603 - ours
            for _ in range(2)
        ]
        wait_until(lambda: watching.execute(text(WAITING)).scalar_one() == 2)

    assert [one.wait(timeout=60) for one in both] == [0, 0]
    with empty_database.transaction() as connection:
        assert connection.execute(text("SELECT count(*) FROM editions")).scalar_one() == 1


def test_an_upgrade_of_an_upgraded_register_changes_nothing(database: Database) -> None:
    with database.transaction() as connection:
        before = catalogue(connection)

    database.upgrade()

    with database.transaction() as connection:
        assert catalogue(connection) == before


def test_a_server_that_keeps_its_commits_is_accepted(database: Database) -> None:
    database.check_durability()


def test_a_server_that_may_lose_commits_is_refused_by_name(database: Database) -> None:
    with database.transaction() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    database.dispose()

    with pytest.raises(NotDurableError, match="synchronous_commit"):
        database.check_durability()


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    entry = "INSERT INTO releases (version, by, published_at) VALUES ('9.1', 'head:1', now())"

    with pytest.raises(DataError), database.transaction() as connection:  # noqa: PT012 - one whole
        connection.execute(text(entry))
        connection.execute(text("SELECT 1 / 0"))

    with database.transaction() as connection:
        assert connection.execute(text("SELECT count(*) FROM releases")).scalar_one() == 0


async def test_a_listener_hears_what_was_committed(database: Database) -> None:
    async with aclosing(database.notifications("handovers")) as notifications:
        opened = await anext(notifications)
        hearing = asyncio.ensure_future(anext(notifications))
        while not hearing.done():
            with database.transaction() as connection:
                connection.execute(text("SELECT pg_notify('handovers', 'PS-000001')"))
            await asyncio.wait([hearing], timeout=0.05)

    assert opened == ""
    assert hearing.result() == "PS-000001"
