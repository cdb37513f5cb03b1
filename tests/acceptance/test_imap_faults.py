"""The mailbox watched while something is wrong: shown by its name, and nothing lost by it.

R28 and law 1, against Dovecot.
"""

import asyncio
import shutil
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError

from activities.imap import Account
from deploy.local import processes
from deploy.local.faults import Break, Cut, FaultyLine, Way
from deploy.local.processes import LOOPBACK, Program
from storage.database import Database
from storage.mailboxes import Fault
from tests.acceptance.conftest import (
    LONG,
    QUICK,
    Register,
    ailing,
    having,
    known,
    letter,
    sweep,
    until,
    watched,
)
from tests.acceptance.dovecot import SECRET, Dovecot
from tests.hosted import Hosted

OTHER_SECRET = "another password"  # noqa: S105 - of a server that lives as long as a test


async def test_a_letter_that_cannot_be_moved_for_want_of_room_is_kept_once_and_shown(  # R28
    register: Register, hosted: Hosted
) -> None:
    account = replace(hosted.account, processed="Full/Done")
    letters = [letter(f"n{number}") for number in range(4)]
    for one in letters:
        hosted.put(one)
        sweep(register.database, account)

    again = sweep(register.database, account)

    assert again == 0
    assert register.kept() == Counter(letters)
    assert hosted.contents("Full/Done") + hosted.contents("INBOX") == letters
    known_of = known(register.database, account.name)
    assert (known_of.ails, known_of.fault) == (True, Fault.MOVE)
    assert (known_of.counted, known_of.there, known_of.ours) == (4, 2, 2)


async def test_a_changed_password_is_shown_and_the_watch_goes_on_with_the_right_one(  # R28
    register: Register, hosted: Hosted, imap_server: Dovecot, line: FaultyLine
) -> None:
    account = replace(hosted.account, port=line.port)
    line.cut_next(Cut(Way.TO_CLIENT, 4000))  # the watch must log in anew some time
    with watched(register.database, account):
        await asyncio.to_thread(hosted.put, letter("before"))
        await until(having(register, letter("before")))
        await asyncio.to_thread(imap_server.let_in, account.name, OTHER_SECRET)
        await until(ailing(register, account.name, Fault.LOGIN))

        await asyncio.to_thread(imap_server.let_in, account.name, SECRET)
        await asyncio.to_thread(hosted.put, letter("after"))
        await until(having(register, letter("after")))
        await until(lambda: not known(register.database, account.name).ails)

    assert await register.filed() == ["after", "before"]


async def test_a_token_that_somebody_keeps_fresh_lets_in_instead_of_a_password(  # R28
    register: Register, hosted: Hosted, imap_server: Dovecot, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    account = replace(hosted.account, password="", token_file=token)
    hosted.put(letter("one"))
    for content in ("", imap_server.token_for(account.user, -LONG)):
        token.write_text(content)
        with pytest.raises(ApplicationError) as failed:
            sweep(register.database, account)
        assert failed.value.type == Fault.LOGIN

    token.write_text(imap_server.token_for(account.user, LONG) + "\n")

    assert sweep(register.database, account) == 1


async def test_a_mailbox_that_never_could_be_read_is_shown(  # R28
    register: Register, hosted: Hosted
) -> None:
    account = replace(hosted.account, password=OTHER_SECRET)

    with pytest.raises(ApplicationError) as failed:
        sweep(register.database, account)

    assert failed.value.type == Fault.LOGIN
    found = known(register.database, account.name)
    assert (found.fault, found.swept_at, found.ails) == (Fault.LOGIN, None, True)


async def test_a_line_that_fell_silent_is_noticed_by_the_sweep(  # R28
    register: Register, hosted: Hosted, line: FaultyLine
) -> None:
    account = replace(hosted.account, port=line.port)
    hosted.put(letter("before"))
    line.cut_next(Cut(Way.TO_CLIENT, 2500, Break.SILENCE))

    with watched(register.database, account):
        await until(having(register, letter("before")))
        await until(lambda: line.passed[Way.TO_CLIENT] == 2500, seconds=30)
        await asyncio.to_thread(hosted.put, letter("after"))
        took = await until(having(register, letter("after")))

    assert took < QUICK.sweep_seconds + QUICK.answer_seconds + 5
    assert register.kept() == Counter([letter("before"), letter("after")])


async def test_a_worker_killed_between_keeping_and_moving_keeps_nothing_twice(  # R28
    register: Register, hosted: Hosted, line: FaultyLine, tmp_path: Path
) -> None:
    before = [letter("first"), letter("second")]
    for rehearsed in before:
        hosted.put(rehearsed)
        sweep(register.database, replace(hosted.account, port=line.port))
    in_moving = line.passed[Way.TO_SERVER] - 45
    hosted.put(letter("one"))
    line.cut_next(Cut(Way.TO_SERVER, in_moving, Break.SILENCE))
    program = Program(_sweeping(register.database, hosted.account, line.port), tmp_path / "log")
    child = processes.start(program)
    await until(having(register, letter("one")), seconds=30)

    child.kill()

    assert hosted.contents("INBOX") == [letter("one")]
    assert sweep(register.database, hosted.account) == 0
    assert register.kept() == Counter([*before, letter("one")])
    assert hosted.contents("Processed") == [*before, letter("one")]


def _sweeping(database: Database, account: Account, port: int) -> tuple[str, ...]:
    """Return the command of a worker's process that looks into the mailbox."""
    program = f"""
from datetime import timedelta
from temporalio.testing import ActivityEnvironment
from activities.imap import Account
from activities.mailbox import MailboxActivities, Watch
from storage.database import Database
account = Account("{account.name}", "{LOOPBACK}", {port}, "{account.user}", "{SECRET}", tls=False)
activities = MailboxActivities(Database("{database.url}"), {{account.name: account}})
ActivityEnvironment().run(activities.watch_mailbox, Watch(account.name, timedelta(0)))
"""
    return (sys.executable, "-c", program)


async def test_a_server_set_back_to_an_old_copy_loses_no_letter(  # R28
    register: Register, hosted: Hosted, imap_server: Dovecot, tmp_path: Path
) -> None:
    account = replace(hosted.account, processed="")
    home = imap_server.folder / "mail" / account.name
    sweep(register.database, account)
    shutil.copytree(home, tmp_path / "copy")
    put_at(hosted, letter("first"), datetime(2026, 9, 7, 8, 30, tzinfo=UTC))
    sweep(register.database, account)
    shutil.rmtree(home)
    shutil.copytree(tmp_path / "copy", home)
    for path in (home, *home.rglob("*")):
        shutil.chown(path, "nobody", "nogroup")
    put_at(hosted, letter("second"), datetime(2026, 9, 7, 8, 31, tzinfo=UTC))

    counts = [sweep(register.database, account), sweep(register.database, account)]

    assert counts == [1, 1]
    assert register.kept() == Counter([letter("first"), letter("second")])


def put_at(hosted: Hosted, content: bytes, at: datetime) -> None:
    with hosted.client() as imap:
        imap.append("INBOX", content, msg_time=at)


async def test_a_letter_that_cannot_be_fetched_holds_up_no_other_and_is_kept_later(  # R28
    register: Register, hosted: Hosted, imap_server: Dovecot
) -> None:
    account = replace(hosted.account, processed="")
    letters = [letter(f"n{number}") for number in range(5)]
    hosted.put(*letters)
    inbox = imap_server.folder / "mail" / account.name / "Maildir"
    broken, *_ = sorted(path for place in ("new", "cur") for path in (inbox / place).iterdir())
    broken.chmod(0)

    with watched(register.database, account):
        await until(lambda: register.count() == 4)
        await until(lambda: known(register.database, account.name).swept_at is not None)
        shown = known(register.database, account.name)
        (moved,) = inbox.glob(f"*/{broken.name.partition(',')[0]}*")
        moved.chmod(0o600)
        await until(having(register, *letters))

    assert (shown.there, shown.ours, shown.ails) == (5, 4, True)
    assert register.kept() == Counter(letters)
