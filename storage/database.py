"""The one way to PostgreSQL: every read or write is one transaction, every start one migration."""

import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, QueuePool, create_engine, make_url, text
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

__all__ = ["AWAY", "UNSTORABLE", "Connection", "Database", "NotDurableError"]

MIGRATIONS = Path(__file__).parent / "migrations"
CONNECT_SECONDS = 5
# A machine that is gone answers nothing, not even that it is: after half a minute the line is dead.
LINE = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
LET_GO_SECONDS = 5.0
GLANCE_SECONDS = 0.01
# What a transaction raises when the server cannot be asked now: the same try may do later.
AWAY: tuple[type[Exception], ...] = (OperationalError, PoolTimeoutError)
# What a transaction raises for a value that no column holds: a zero sign, a number past all bounds.
UNSTORABLE: tuple[type[Exception], ...] = (DataError,)
# A commit must survive a crash of the machine: it is what every door's "accepted" rests on.
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}


class NotDurableError(Exception):
    """The server may lose what it has committed."""


class Database:
    """Hands out transactions on one pool of connections."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        """Use the server at this `postgresql+psycopg://` URL; connects when first asked."""
        self.url = url
        # No ping before use: it would cost every transaction a round trip, and a connection that
        # broke fails one try, which every caller makes again.
        self._engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_use_lifo=True,  # the connection used last has its statements prepared and at hand
            hide_parameters=True,  # an error that is logged must not print people's words
            connect_args=LINE,
        )

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a transaction: it commits on leaving, or rolls back on an error."""
        with self._engine.begin() as connection:
            yield connection

    def upgrade(self) -> None:
        """Bring the tables up to date; several processes may do so at once."""
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with self.transaction() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(750001)"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def check_durability(self) -> None:
        """Check that a commit survives a crash.

        Raises:
            NotDurableError: naming the setting that must be switched on.

        """
        with self.transaction() as connection:
            for name, wanted in DURABLE.items():
                if connection.execute(text(f"SHOW {name}")).scalar_one() != wanted:
                    raise NotDurableError(f"PostgreSQL runs with {name} not {wanted}")

    async def notifications(self, channel: str) -> AsyncGenerator[str]:
        """Listen on a connection of its own and yield each notification of the channel.

        The first is empty and says that the ear is open: what was notified before is past hearing.

        Raises:
            psycopg.OperationalError: when the connection breaks.

        """
        plain = make_url(self.url).set(drivername="postgresql")
        conninfo = make_conninfo(plain.render_as_string(hide_password=False), **LINE)
        async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
            await connection.execute(f"LISTEN {channel}".encode())
            yield ""
            async for notification in connection.notifies():
                yield notification.payload

    def dispose(self) -> None:
        """Close every connection of the pool; those in use are waited for a little while."""
        pool, until = self._engine.pool, time.monotonic() + LET_GO_SECONDS
        while isinstance(pool, QueuePool) and pool.checkedout() and time.monotonic() < until:
            time.sleep(GLANCE_SECONDS)
        self._engine.dispose()
