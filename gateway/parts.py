"""What the doors work with: register, files, rules, the way to the engine, the clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.client import Client

from storage.database import Database
from storage.files import FileStore
from storage.rules import CurrentRules
from workflows.connection import connect
from workflows.installation import Installation

# Kept open; with as many again on demand there is one for each of the server's 40 threads.
CONNECTIONS = 20


@dataclass(frozen=True)
class Parts:
    """The parts of one gateway; `client` connects when it is first used."""

    database: Database
    client: Client
    files: FileStore
    rules: CurrentRules
    settings: Installation
    clock: Callable[[], datetime]


async def assemble(settings: Installation) -> Parts:
    """Put together the parts that the settings describe."""
    database = Database(settings.database_url, pool_size=CONNECTIONS)
    return Parts(
        database,
        await connect(settings),
        FileStore(settings.files_folder),
        CurrentRules(database, wall_clock),
        settings,
        wall_clock,
    )


def wall_clock() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)
