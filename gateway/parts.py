"""What the doors work with: register, files, rules, the way to the engine, the clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from temporalio.client import Client

from gateway.filing import FilingDesk
from gateway.incoming import house_of, own_names_of
from mail.confinement import Reading
from mail.reading import ReceivedLetter, read
from mail.showing import Showroom
from storage.database import Database
from storage.files import FileStore
from storage.forecasting import CurrentBasis
from storage.rules import CurrentRules
from workflows.connection import connect
from workflows.installation import Installation

# Kept open; with as many again on demand there is one for each of the server's 40 threads.
CONNECTIONS = 20
SHOWROOM = Showroom()


@dataclass(frozen=True)
class Parts:
    """The parts of one gateway; `client` connects when it is first used.

    The last two handle what strangers wrote; the showroom does so in processes of its own.
    """

    database: Database
    client: Client
    files: FileStore
    rules: CurrentRules
    settings: Installation
    clock: Callable[[], datetime]
    read_letter: Callable[[bytes], ReceivedLetter] = read
    showroom: Showroom = SHOWROOM

    @cached_property
    def desk(self) -> FilingDesk:
        """Where letters are filed."""
        house = house_of(self.settings)
        return FilingDesk(self.files, self.rules, house, self.clock, self.read_letter)

    @cached_property
    def basis(self) -> CurrentBasis:
        """What a forecast goes by."""
        return CurrentBasis(self.database)


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
        Reading(settings.reading_children, own_names_of(settings)).read,
    )


def wall_clock() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)
