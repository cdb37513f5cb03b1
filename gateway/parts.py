"""What the doors work with: register, files, rules, the way to the engine, the clock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from temporalio.client import Client

from gateway.filing import FilingDesk
from gateway.incoming import house_of
from mail.pictures import Copy, drawn_anew
from mail.reading import ReceivedLetter, read
from mail.safe_html import safe_html
from storage.database import Database
from storage.files import FileStore
from storage.rules import CurrentRules
from workflows.connection import connect
from workflows.installation import Installation

# Kept open; with as many again on demand there is one for each of the server's 40 threads.
CONNECTIONS = 20


@dataclass(frozen=True)
class Parts:
    """The parts of one gateway; `client` connects when it is first used.

    What strangers wrote is read, cleaned and drawn by the last three, in processes of their own.
    """

    database: Database
    client: Client
    files: FileStore
    rules: CurrentRules
    settings: Installation
    clock: Callable[[], datetime]
    read_letter: Callable[[bytes], ReceivedLetter] = read
    make_safe: Callable[[str, Mapping[str, str]], str] = safe_html
    draw: Callable[[bytes], Copy] = drawn_anew

    @cached_property
    def desk(self) -> FilingDesk:
        """Where letters are filed."""
        return FilingDesk(self.files, self.rules, house_of(self.settings))


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
