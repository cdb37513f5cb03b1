"""Counts what the register is asked, for tests of pages whose cost must not grow."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event
from sqlalchemy.engine import Engine

RULES = re.compile(r"FROM (editions|calendar\w*)")


@contextmanager
def counted() -> Iterator[list[str]]:
    """Count the statements that any connection executes meanwhile, but for the rules in force.

    Those are read at most once a second, for everybody.
    """
    statements: list[str] = []

    def note(*told: object) -> None:
        if not RULES.search(str(told[2])):
            statements.append(str(told[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)
