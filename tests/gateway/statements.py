"""Counts what the register is asked, for tests of pages whose cost must not grow."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from storage.database import Database

RULES = re.compile(r"FROM (editions|calendar\w*)")
SCANNED = re.compile(r"Seq Scan on (\w+)")


@dataclass(frozen=True)
class Asked:
    """A statement as it went to the register."""

    text: str
    values: Any


@contextmanager
def counted() -> Iterator[list[Asked]]:
    """Keep the statements that any connection executes meanwhile, but for the rules in force.

    Those are read at most once a second, for everybody.
    """
    statements: list[Asked] = []

    def note(*told: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        if not RULES.search(str(told[2])):
            statements.append(Asked(str(told[2]), told[3]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def read_whole(database: Database, asked: Asked) -> set[str]:
    """Return the tables that the statement cannot but read from end to end."""
    if not asked.text.lstrip().startswith(("SELECT", "WITH")):
        return set()
    with database.transaction() as connection:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = connection.exec_driver_sql(f"EXPLAIN {asked.text}", asked.values)
        return set(SCANNED.findall("\n".join(plan.scalars())))
