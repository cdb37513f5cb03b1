"""The rules are read once for all who ask at a time, and so is that they cannot be read."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

from deploy.local.processes import LOOPBACK
from storage.database import AWAY, CONNECT_SECONDS, Database
from storage.rules import CurrentRules

AT = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
ASKING = 4


def test_whoever_waits_while_another_asks_in_vain_waits_once() -> None:  # law 10
    together = Barrier(ASKING)

    def asks(rules: CurrentRules) -> bool:
        together.wait(10)
        try:
            rules()
        except AWAY:
            return True
        return False

    with socket.create_server((LOOPBACK, 0)) as silent, ThreadPoolExecutor(ASKING) as pool:
        port = silent.getsockname()[1]
        database = Database(f"postgresql+psycopg://nobody@{LOOPBACK}:{port}/nothing")
        begun = time.monotonic()
        found = list(pool.map(asks, [CurrentRules(database, lambda: AT)] * ASKING))
        took = time.monotonic() - begun
        database.dispose()

    assert found == [True] * ASKING
    assert took < 2 * CONNECT_SECONDS


def test_the_rules_that_were_read_last_can_be_had_without_asking(database: Database) -> None:
    rules = CurrentRules(database, lambda: AT)

    before, read = rules.last, rules()

    assert before is None
    assert rules.is_fresh
    assert rules.last is read
