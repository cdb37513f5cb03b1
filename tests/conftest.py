"""What the tests run on: one PostgreSQL for a run, an own empty register for each test.

`TEST_POSTGRES=container` runs it in a container instead of the embedded binaries.
"""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import create_engine, text
from testcontainers.community.postgres import PostgresContainer

from deploy.local import postgres
from storage.database import Database

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
ROOM_BYTES = 2 * 1024**3
NAMES = (f"test_{number}" for number in count(1))


class Server:
    """A PostgreSQL in which each test gets a database of its own."""

    def __init__(self, address: str) -> None:
        """Administer it by the address of one of its databases."""
        self._engine = create_engine(address, isolation_level="AUTOCOMMIT")

    def url(self, database: str) -> str:
        """Return the SQLAlchemy address of a database."""
        return self._engine.url.set(database=database).render_as_string(hide_password=False)

    def create_database(self, name: str, template: str = "template1") -> None:
        """Create a database as a copy of the template."""
        self._administer(f"CREATE DATABASE {name} TEMPLATE {template}")

    def drop_database(self, name: str) -> None:
        """Drop a database, ending its connections."""
        self._administer(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Leave the server."""
        self._engine.dispose()

    def _administer(self, sql: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(text(sql))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Server]:
    """Give the server of this run, or of this worker's part of it."""
    in_container = os.environ.get("TEST_POSTGRES") == "container"
    with (
        _contained() if in_container else _embedded() as address,
        closing(Server(address)) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def template(cluster: Server) -> str:
    """Give the name of a database with every table, of which each test gets a copy."""
    cluster.create_database("migrated")
    database = Database(cluster.url("migrated"))
    database.upgrade()
    database.dispose()
    return "migrated"


@pytest.fixture
def empty_database(cluster: Server) -> Iterator[Database]:
    """Give a database without tables."""
    yield from _own(cluster, "template1")


@pytest.fixture
def database(cluster: Server, template: str) -> Iterator[Database]:
    """Give an empty register."""
    yield from _own(cluster, template)


@contextmanager
def _embedded() -> Iterator[str]:
    # A database is 300 files: in memory a copy takes 20 ms, on a disk up to 20 times as long.
    has_room = MEMORY.is_dir() and disk_usage(MEMORY).free > ROOM_BYTES
    with TemporaryDirectory(prefix="postgres-", dir=MEMORY if has_room else None) as folder:
        running = postgres.start(Path(folder))
        try:
            yield running.url("postgres")
        finally:
            running.stop()


@contextmanager
def _contained() -> Iterator[str]:
    with PostgresContainer("postgres:18", driver="psycopg") as container:
        yield container.get_connection_url()


def _own(cluster: Server, template: str) -> Iterator[Database]:
    name = next(NAMES)
    cluster.create_database(name, template)
    database = Database(cluster.url(name))
    yield database
    database.dispose()
    cluster.drop_database(name)
