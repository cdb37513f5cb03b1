"""Fuzz through the register: of two thousand broken letters none is missing; R28, law 1."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import select, text

from gateway.filing import FilingDesk
from gateway.sorting import Sorter
from mail.confinement import Reading
from storage import raw_letters
from storage.database import Database
from storage.files import FileStore
from storage.mail_tables import raw_letters as raw_rows
from storage.raw_letters import Arrival, RawState
from storage.rules import CurrentRules
from tests.gateway.doors import AT, HOUSE
from tests.mail.test_letters_of_strangers import LETTERS, mutated

BATCH = 99  # other damage than where reading alone is tried
OUR_FAULTS = text("SELECT reason FROM review_items WHERE reason LIKE '%Error'")

# What was filed is a message, or an item that people see, or a letter of our own.
MISSING = text("""
SELECT id FROM raw_letters
WHERE state IN ('filed', 'unreadable') AND reason <> 'own_mail'
  AND NOT EXISTS (SELECT FROM messages WHERE messages.raw_id = raw_letters.id)
  AND NOT EXISTS (SELECT FROM review_items WHERE review_items.raw_id = raw_letters.id)
""")


@pytest.fixture(scope="module")
def reading() -> Iterator[Reading]:
    with Reading(2) as reading:
        yield reading


async def test_of_broken_letters_none_is_missing_from_register_or_queue(
    database: Database, tmp_path: Path, reading: Reading
) -> None:
    rules = CurrentRules(database, lambda: AT)
    desk = FilingDesk(FileStore(tmp_path), rules, HOUSE, lambda: AT, reading.read)
    with database.transaction() as connection:
        for raw in islice(mutated(BATCH), LETTERS):
            raw_letters.keep(connection, arrived(raw))

    await Sorter(database, desk).sort()

    with database.transaction() as connection:
        states = list(connection.execute(select(raw_rows.c.state)).scalars())
        assert len(states) == LETTERS
        assert RawState.KEPT not in states
        assert states.count(RawState.FILED) > LETTERS / 2
        assert list(connection.execute(MISSING)) == []
        assert list(connection.execute(OUR_FAULTS)) == []


def arrived(raw: bytes) -> Arrival:
    sender = "anna@client.example"
    return Arrival(content=raw, door="lmtp", received_at=AT, envelope_from=sender)
