"""Whether the register's tables are those that this code was written for."""

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from storage.database import MIGRATIONS, Database


def is_up_to_date(database: Database) -> bool:
    """Tell whether every migration has been carried out, and none that we do not know."""
    known = ScriptDirectory(str(MIGRATIONS)).get_heads()
    with database.transaction() as connection:
        return set(MigrationContext.configure(connection).get_current_heads()) == set(known)
