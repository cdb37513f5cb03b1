"""What the tests run on: one PostgreSQL for a run, an own empty register for each test.

`TEST_POSTGRES=container` runs it in a container instead of the embedded binaries.
"""

import json
import os
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, text
from temporalio.testing import WorkflowEnvironment
from testcontainers.community.postgres import PostgresContainer

from deploy.local import postgres
from deploy.local.faults import FaultyLine
from deploy.local.story import Story, begin
from deploy.local.world import Place, World, virtual_engine
from deploy.local.world import world as running_world
from storage.database import Database

# A machine that is busy is no broken promise: no example of a property has to be quick.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
ROOM_BYTES = 2 * 1024**3
HISTORIES = Path(__file__).parent / "workflows" / "histories"
COURSES: set[tuple[str, ...]] = set()
OF_THE_MACHINE = {"identity", "workerVersion", "stackTrace", "requestId"}
THOUSANDS = count(1000, 1000)
NOBODY = ("127.0.0.1", 1)  # no letter of a journey comes in by mail
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


@pytest.fixture
def other_database(cluster: Server, template: str) -> Iterator[Database]:
    """Give the empty register of another installation."""
    yield from _own(cluster, template)


@pytest.fixture
def faulty_line() -> Iterator[Callable[[str, int], FaultyLine]]:
    """Give the way to lay a line to a server that breaks where a test tells it to."""
    laid: list[FaultyLine] = []

    def lay(host: str, port: int) -> FaultyLine:
        laid.append(FaultyLine(host, port).start())
        return laid[-1]

    yield lay
    for line in laid:
        line.stop()


async def record_histories(service: World, scenario: str) -> None:
    """Keep the history of each run whose course no scenario before has taken."""
    kinds = 'WorkflowType IN ("Ticket", "AccountLetter")'
    runs = [run async for run in service.client.list_workflows(kinds)]
    known = "SELECT number FROM tickets UNION SELECT key FROM letters WHERE number IS NULL"
    with service.database.transaction() as connection:
        numbers = set(connection.execute(text(known)).scalars())
    ours = [run for run in runs if run.id in numbers]
    for place, run in enumerate(sorted(ours, key=lambda run: (run.id, run.start_time)), start=1):
        process = service.client.get_workflow_handle(run.id, run_id=run.run_id)
        history = json.loads((await process.fetch_history()).to_json())
        course = tuple(event["eventType"] for event in history["events"])
        if "EVENT_TYPE_WORKFLOW_TASK_COMPLETED" in course and course not in COURSES:
            COURSES.add(course)
            name = re.sub(r"\W+", "-", f"{scenario.removeprefix('test_')}-{place}")
            kept = json.dumps(_plain(history), ensure_ascii=False, separators=(",", ":"))
            (HISTORIES / f"{name}.json").write_text(kept + "\n")


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Leave out what names the machine that recorded it."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items() if key not in OF_THE_MACHINE}
    return value


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


@pytest.fixture(scope="session")
async def engine() -> AsyncIterator[WorkflowEnvironment]:
    """Give the engine of this run, in which each process has its own virtual clock."""
    async with virtual_engine() as environment:
        yield environment


@pytest.fixture
def cached_tickets() -> int:
    """Give how many tickets the worker remembers: none, so that each step replays the history.

    A test whose tickets go side by side overrides this.
    """
    return 0


def start_numbers(database: Database) -> None:
    """Let a register count from a number of its own: each is used once in the shared engine."""
    told = {"n": next(THOUSANDS)}
    with database.transaction() as connection:
        connection.execute(text("SELECT setval('ticket_numbers', :n)"), told)
        for table in ("invitations", "passwords"):
            counter = f"pg_get_serial_sequence('{table}', 'id')"
            connection.execute(text(f"SELECT setval({counter}, :n)"), told)


@pytest.fixture
async def world(
    database: Database,
    engine: WorkflowEnvironment,
    tmp_path: Path,
    cached_tickets: int,
    request: pytest.FixtureRequest,
) -> AsyncIterator[World]:
    """Give a whole service on an empty register, its days passing in moments."""
    start_numbers(database)
    place = Place(tmp_path / "mail", NOBODY, cached=cached_tickets)
    async with running_world(database, engine, place) as service:
        yield service
        if os.environ.get("PROFMAN_RECORD_HISTORIES"):
            await record_histories(service, request.node.name)
        await service.end()


@pytest.fixture
def story(world: World) -> Story:
    """Give a story to tell."""
    return begin(world)
