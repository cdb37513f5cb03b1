"""The ground of a run: one PostgreSQL, one engine, one sink, and ours and bare beside each other.

Engine and register are set as `make up` sets them. Support is open around the clock by an
exception in the register's own calendar, and one reminder is due by its own edition, so that a
run at night measures what a run by day does.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from temporalio.client import Client

from bench.arrivals import Arrivals
from bench.bare_register import BareRegister
from bench.processor import Meter
from deploy.local import engine, postgres, processes
from deploy.local.engine import Engine, EngineOptions, attribute_types
from deploy.local.processes import LOOPBACK, Child, Program
from domain.calendar import Hours
from domain.editions import Settings
from storage import calendars, editions, people
from storage.database import Database
from workflows.connection import data_converter
from workflows.installation import Installation

AROUND_THE_CLOCK = Hours(time(0), time.max)
ROOT = Path(__file__).parent.parent
SERVICE = "lanskov@profman.ru"


@dataclass
class Ground:
    """Everything that both sides stand on, and the programs that run on it."""

    folder: Path
    database: Database
    bare: BareRegister
    server: postgres.Cluster
    engine: Engine
    options: EngineOptions
    sink: Child
    sink_port: int
    arrivals: Arrivals
    client: Client
    bare_client: Client
    programs: dict[str, Child] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """Return the surroundings of every program: ours reads SUPPORT_…, bare BENCH_…."""
        return {
            "SUPPORT_DATABASE_URL": self.database.url,
            "SUPPORT_TEMPORAL_ADDRESS": self.engine.address,
            "SUPPORT_SIGNING_KEYS": '{"k1": "' + bytes(range(32)).hex() + '"}',
            "SUPPORT_SMTP_HOST": LOOPBACK,
            "SUPPORT_SMTP_PORT": str(self.sink_port),
            "SUPPORT_JOURNAL_ADDRESS": "journal@profman.ru",
            "SUPPORT_LMTP_PORT": "0",
            "SUPPORT_LETTERS_A_MINUTE": "0",
            "SUPPORT_LETTERS_AT_ONCE": "0",
            "SUPPORT_AUTOMATIC_LETTERS_A_MINUTE": "0",
            "SUPPORT_FILES_FOLDER": str(self.folder / "files"),
            "BENCH_DATABASE": self.bare.conninfo,
            "BENCH_TEMPORAL": self.engine.address,
            "BENCH_SINK": str(self.sink_port),
        }

    def run(self, name: str, module: str, *arguments: str, **more: str) -> Child:
        """Start a program of this ground."""
        command = processes.python_module(module, *arguments)
        surroundings = {**self.environment(), **more}
        log = self.folder / f"{name}.log"
        self.programs[name] = processes.start(Program(command, log, surroundings, ROOT))
        return self.programs[name]

    async def serve(self, name: str, module: str, port: int, *arguments: str, **more: str) -> Child:
        """Start a program and wait until it answers on its port."""
        child = self.run(name, module, *arguments, **more)
        await asyncio.to_thread(child.wait_until, lambda: processes.is_answering(port))
        return child

    async def work(self, name: str, module: str, *arguments: str) -> Child:
        """Start a worker and wait until it says that it is up."""
        child = self.run(name, module, *arguments)
        await asyncio.to_thread(child.wait_until, lambda: "is up" in child.log_end())
        return child

    async def open_gateway(self) -> tuple[int, int]:
        """Start our gateway whole: doors, sorter, relay; return its ports for HTTP and SMTP."""
        http, smtp = processes.free_port(), processes.free_port()
        ports = {"SUPPORT_HTTP_PORT": str(http), "SUPPORT_DOOR_PORT": str(smtp)}
        await self.serve("gateway", "gateway", http, **ports)
        return http, smtp

    def stop(self, *names: str) -> None:
        """Stop programs of this ground."""
        for name in names:
            self.programs.pop(name).stop()

    def tell_last_words(self) -> None:
        """Print what each program wrote last, for whoever looks for a fault."""
        for name, child in self.programs.items():
            print(f"--- {name}\n{child.log_end()}", file=sys.stderr)

    def meter(self, **programs: str) -> Meter:
        """Return a meter of engine, register, sink, driver and these programs by their parts."""
        shared = {"temporal": self.engine.child.pid, "postgres": self.server.child.pid}
        own = {part: self.programs[name].pid for part, name in programs.items()}
        return Meter(shared | {"sink": self.sink.pid} | own)

    def stop_engine(self) -> None:
        """Stop the engine; what it knows stays on disk."""
        self.engine.stop()

    async def start_engine(self) -> None:
        """Start the engine again where it stopped."""
        self.engine = await asyncio.to_thread(engine.start, self.options)


@asynccontextmanager
async def ground(clients: int) -> AsyncIterator[Ground]:
    """Set up the ground in a folder of its own, and take all of it away again."""
    async with AsyncExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        server = await asyncio.to_thread(postgres.start, folder / "postgres")
        closing.callback(server.stop)
        database = _register(server, clients)
        closing.callback(database.dispose)
        options = EngineOptions(
            folder / "temporal.log", folder / "temporal.db", search_attributes=attribute_types()
        )
        running = await asyncio.to_thread(engine.start, options)
        arrivals = Arrivals(folder / "driver.socket").start()
        port = processes.free_port()
        sink = _sink(folder, port)
        closing.callback(sink.stop)
        converter = data_converter(Installation())
        ours = await Client.connect(running.address, data_converter=converter)
        bare = _bare(database)
        made = Ground(
            folder,
            database,
            bare,
            server,
            running,
            options,
            sink,
            port,
            arrivals,
            ours,
            await Client.connect(running.address),
        )
        closing.callback(made.stop_engine)
        closing.callback(lambda: made.stop(*list(made.programs)))
        try:
            yield made
        except Exception:
            made.tell_last_words()
            raise


def _sink(folder: Path, port: int) -> Child:
    command = processes.python_module("bench.sink", str(port), str(folder / "driver.socket"))
    sink = processes.start(Program(command, folder / "sink.log", working_folder=ROOT))
    sink.wait_until(lambda: processes.is_answering(port))
    return sink


def _register(server: postgres.Cluster, clients: int) -> Database:
    """Make the register with its clients, its open calendar and its edition."""
    server.create_database("bench")
    database = Database(server.url("bench"), pool_size=16)
    database.upgrade()
    now = datetime.now(UTC)
    days = {now.date() + timedelta(days=day): AROUND_THE_CLOCK for day in range(-2, 4)}
    with database.transaction() as connection:
        people.import_clients(connection, (_client(number) for number in range(clients)))
        calendars.add_exception(connection, days, "a benchmark never closes", "bench")
        settings = Settings(reminder_days=(1,))
        editions.put(connection, settings, now - timedelta(seconds=1), "one reminder", "bench")
    return database


def _bare(database: Database) -> BareRegister:
    bare = BareRegister(database.url.replace("+psycopg", ""))
    bare.lay_out()
    bare.settle_statistics()
    return bare


def _client(number: int) -> Mapping[str, str]:
    return {
        "client_code": f"C{number}",
        "client_name": f"ООО «Дом {number}»",
        "contract_starts_on": "2026-01-01",
        "contract_ends_on": "",
        "login": f"user{number}",
        "user_name": "Анна Сергеевна",
        "email": address(number),
        "phone": "",
    }


def address(number: int) -> str:
    """Return the address of a client's user."""
    return f"user{number}@client.example"
