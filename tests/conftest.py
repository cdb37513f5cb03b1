"""What the tests run on: one PostgreSQL for a run, an own empty register for each test.

`TEST_POSTGRES=container` runs it in a container instead of the embedded binaries.
"""

import os
from collections.abc import Iterator
from itertools import count
from typing import Protocol

import pytest
from sqlalchemy import create_engine, text
from testcontainers.community.postgres import PostgresContainer

from deploy.local import postgres
from storage.database import Database

NAMES = (f"test_{number}" for number in count(1))


class Server(Protocol):
    """A PostgreSQL in which databases can be made."""

    def url(self, database: str) -> str: ...

    def create_database(self, name: str, template: str = ...) -> None: ...

    def drop_database(self, name: str) -> None: ...


class ContainerServer:
    """A PostgreSQL in a container."""

    def __init__(self, container: PostgresContainer) -> None:
        self._container = container
        self._engine = create_engine(container.get_connection_url(), isolation_level="AUTOCOMMIT")

    def url(self, database: str) -> str:
        rendered = self._engine.url.set(database=database)
        return rendered.render_as_string(hide_password=False)

    def create_database(self, name: str, template: str = "template1") -> None:
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    def drop_database(self, name: str) -> None:
        self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _run(self, sql: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(text(sql))


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give the server of this run (of this worker, under xdist)."""
    if os.environ.get("TEST_POSTGRES") == "container":
        with PostgresContainer("postgres:18", driver="psycopg") as container:
            yield ContainerServer(container)
        return
    running = postgres.start(tmp_path_factory.mktemp("postgres"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def template(cluster: Server) -> str:
    """Give the name of a database with every table, of which each test gets a copy."""
    cluster.create_database("template")
    database = Database(cluster.url("template"))
    database.upgrade()
    database.dispose()
    return "template"


@pytest.fixture
def empty_database(cluster: Server) -> Iterator[Database]:
    """Give a database without tables."""
    yield from _own(cluster, "template1")


@pytest.fixture
def database(cluster: Server, template: str) -> Iterator[Database]:
    """Give an empty register."""
    yield from _own(cluster, template)


def _own(cluster: Server, template: str) -> Iterator[Database]:
    name = next(NAMES)
    cluster.create_database(name, template)
    database = Database(cluster.url(name))
    yield database
    database.dispose()
    cluster.drop_database(name)
