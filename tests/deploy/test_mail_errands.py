"""The operator sees how mail stands and why, and what could not be read is filed after a mend."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from deploy.command_line import app
from gateway.filing import FilingDesk
from gateway.incoming import House
from gateway.sorting import Sorter
from mail.identity import Keyring
from storage import mailboxes, raw_letters, review_items
from storage.database import Database
from storage.files import FileStore
from storage.mail_tables import raw_letters as raw_rows
from storage.mailboxes import Fault, Mailbox
from storage.raw_letters import Arrival, RawState
from storage.rules import CurrentRules, Rules
from storage.ticket_tables import requests
from workflows.installation import installation

AT = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
HOUSE = House(Keyring("k1", {"k1": bytes(range(32))}), frozenset({"a@profman.ru"}), "support")
LETTER = b"From: anna@client.example\r\nSubject: one\r\nMessage-ID: <1@c>\r\n\r\nwords\r\n"


@pytest.fixture
def register(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("SUPPORT_DATABASE_URL", database.url)
    installation.cache_clear()
    return database


def run(*words: str) -> str:
    told = CliRunner().invoke(app, words, catch_exceptions=False)
    assert told.exit_code == 0
    return told.stdout


def keep(database: Database, content: bytes = LETTER) -> int:
    with database.transaction() as connection:
        arrival = Arrival(content=content, door="lmtp", received_at=AT, envelope_from="a@c")
        return raw_letters.keep(connection, arrival)


def faulty_once(rules: CurrentRules) -> Rules:
    raise ZeroDivisionError(rules)


async def sort(database: Database, folder: Path, *, is_mended: bool) -> None:
    rules = CurrentRules(database, lambda: AT)
    read = rules if is_mended else lambda: faulty_once(rules)
    await Sorter(database, FilingDesk(FileStore(folder), read, HOUSE)).sort()


def state(database: Database, id_: int) -> str:
    with database.transaction() as connection:
        found = select(raw_rows.c.state).where(raw_rows.c.id == id_)
        return str(connection.execute(found).scalar_one())


def tickets(database: Database) -> int:
    with database.transaction() as connection:
        return len(connection.execute(select(requests.c.number)).all())


async def test_what_could_not_be_read_is_filed_after_the_mend_and_only_once(
    register: Database, tmp_path: Path
) -> None:  # R28
    id_ = keep(register)
    await sort(register, tmp_path, is_mended=False)
    assert (state(register, id_), tickets(register)) == (RawState.UNREADABLE, 0)

    assert run("mail", "reprocess") == "Передано на разбор: 1\n"
    assert run("mail", "reprocess") == "Передано на разбор: 0\n"
    await sort(register, tmp_path, is_mended=True)
    await sort(register, tmp_path, is_mended=True)

    assert (state(register, id_), tickets(register)) == (RawState.FILED, 1)
    with register.transaction() as connection:
        assert review_items.list_open(connection) == ()


async def test_what_a_person_settled_is_not_brought_back(
    register: Database, tmp_path: Path
) -> None:
    keep(register)
    await sort(register, tmp_path, is_mended=False)
    with register.transaction() as connection:
        (item,) = review_items.list_open(connection)
        review_items.settle(connection, item.id, "specialist:1", AT)

    assert run("mail", "reprocess") == "Передано на разбор: 0\n"


async def test_one_letter_can_be_filed_again_by_its_number(
    register: Database, tmp_path: Path
) -> None:
    first, second = keep(register), keep(register, LETTER.replace(b"<1@c>", b"<2@c>"))
    await sort(register, tmp_path, is_mended=False)

    run("mail", "reprocess", "--letter", str(second))

    assert [state(register, id_) for id_ in (first, second)] == ["unreadable", "kept"]


def test_a_mailbox_is_shown_with_its_last_sweep_and_its_count_against_ours(
    register: Database,
) -> None:  # R28
    with register.transaction() as connection:
        mailboxes.put(
            connection,
            Mailbox("lanskov", 7, 12, AT, 12, 3, 2, Fault.LOGIN, AT + timedelta(minutes=1)),
        )

    told = run("mail", "status")

    assert "Ящик lanskov: просмотрен 07.09.2026 11:30:00 МСК, в нём 3, из них у нас 2" in told
    assert "СБОЙ: сервер не принимает имя и пароль" in told


def test_what_is_kept_and_not_filed_is_counted_for_programs_too(register: Database) -> None:
    keep(register)

    found = json.loads(run("mail", "status", "--json"))

    assert (found["unfiled"], found["mailboxes"], found["overdue"]) == (1, [], [])
    assert "Принято и ещё не разобрано: 1, старейшее с 07.09.2026" in run("mail", "status")
