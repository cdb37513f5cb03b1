"""The mailbox watched at a real server: nothing is lost, nothing comes twice, nothing is deleted.

R28 and law 1, against Dovecot.
"""

import asyncio
import logging
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.imap import MOST_BYTES, Account, Bounds
from activities.mailbox import MailboxActivities, Watch
from deploy.local import processes
from deploy.local.faults import Break, Cut, FaultyLine, Way
from deploy.local.processes import LOOPBACK, Program
from storage import mailboxes, review_items
from storage.database import Database
from storage.mailboxes import Fault, Mailbox
from tests.acceptance.conftest import QUICK, Register, ended, letter, sweep, until
from tests.acceptance.dovecot import SECRET, Dovecot
from tests.hosted import Hosted

LONG = timedelta(minutes=10)
OF_IDLE_ONLY = Bounds(sweep_seconds=600.0)
OTHER_SECRET = "another password"  # noqa: S105 - of a server that lives as long as a test

log = logging.getLogger(__name__)


@pytest.fixture
def hosted(imap_server: Dovecot) -> Hosted:
    return imap_server.mailbox()


@pytest.fixture
def line(imap_server: Dovecot) -> Iterator[FaultyLine]:
    running = FaultyLine(LOOPBACK, imap_server.port).start()
    yield running
    running.stop()


@contextmanager
def watched(database: Database, account: Account, bounds: Bounds = QUICK) -> Iterator[None]:
    """Watch the mailbox as the workflow has it watched: again and again, whatever breaks."""
    activities = MailboxActivities(database, {account.name: account}, bounds)
    environment, is_over = ActivityEnvironment(), threading.Event()

    def watch() -> None:
        while not is_over.is_set():
            with suppress(ApplicationError):
                environment.run(activities.watch_mailbox, Watch(account.name, LONG))
            is_over.wait(0.2)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        environment.worker_shutdown()
        thread.join()


def known(database: Database, name: str) -> Mailbox:
    with database.transaction() as connection:
        found = mailboxes.find(connection, name)
    assert found is not None
    return found


def having(register: Register, *contents: bytes) -> Callable[[], bool]:
    """Ask whether these letters are kept."""
    return lambda: register.kept().keys() >= set(contents)


def ailing(register: Register, name: str, fault: Fault) -> Callable[[], bool]:
    """Ask whether the mailbox ails by this name."""

    def is_ailing() -> bool:
        with register.database.transaction() as connection:
            found = mailboxes.find(connection, name)
        return found is not None and found.ails and found.fault is fault

    return is_ailing


async def test_a_new_letter_is_a_ticket_at_once(  # R16 R28
    register: Register, hosted: Hosted
) -> None:
    sorting = asyncio.create_task(register.sorter.run())
    with watched(register.database, hosted.account, OF_IDLE_ONLY):
        await asyncio.to_thread(hosted.put, letter("first"))
        await until(lambda: register.tickets() == ["first"])
        await asyncio.sleep(0.5)  # it waits for news now

        await asyncio.to_thread(hosted.put, letter("second"))
        took = await until(lambda: register.tickets() == ["first", "second"])
    await ended(sorting)

    log.info("%.3f seconds from the mailbox to the ticket", took)
    assert took < 5


async def test_letters_that_come_while_others_are_fetched_do_not_wait_for_a_sweep(  # R28
    register: Register, hosted: Hosted
) -> None:
    letters = [letter(f"n{number}") for number in range(60)]

    with watched(register.database, hosted.account, OF_IDLE_ONLY):
        puts = [asyncio.to_thread(hosted.put, *letters[start::3]) for start in range(3)]
        await asyncio.gather(*puts)
        await until(having(register, *letters))
        await until(lambda: Counter(hosted.contents("Processed")) == Counter(letters))

    assert register.kept() == Counter(letters)
    assert hosted.contents("INBOX") == []


async def test_a_folder_made_anew_while_it_is_watched_is_read_anew(  # R28
    register: Register, hosted: Hosted
) -> None:
    hosted = Hosted(replace(hosted.account, folder="Support", processed=""))
    with hosted.client() as imap:
        imap.create_folder("Support")
    hosted.put(letter("before"))
    with watched(register.database, hosted.account):
        await until(having(register, letter("before")))

        with hosted.client() as imap:
            imap.delete_folder("Support")
            await until(ailing(register, hosted.account.name, Fault.FOLDER))
            imap.create_folder("Support")
        await asyncio.to_thread(hosted.put, letter("before"), letter("after"))
        await until(having(register, letter("after")))

    assert await register.filed() == ["after", "before"]


async def test_what_another_program_reads_marks_or_moves_is_not_lost(  # R28
    register: Register, hosted: Hosted
) -> None:
    letters = [letter(f"n{number}") for number in range(40)]
    with hosted.client() as other, watched(register.database, hosted.account):
        other.create_folder("Elsewhere")
        for number, one in enumerate(letters):
            other.append("INBOX", one)
            other.select_folder("INBOX")
            other.add_flags(other.search("ALL"), [b"\\Seen", b"\\Flagged"])
            if number % 3 == 0 and (left := other.search("ALL")):
                other.move(left[-1:], "Elsewhere")
        await until(lambda: hosted.contents("INBOX") == [])

    # Of two moves at the same moment the server makes two copies.
    taken, processed = hosted.contents("Elsewhere"), hosted.contents("Processed")
    assert {*taken, *processed} == set(letters)
    assert register.kept().keys() >= set(processed)
    assert set(register.kept().values()) == {1}


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


async def test_a_letter_of_several_pieces_is_whole_and_one_too_large_comes_before_a_person(  # R28
    register: Register, hosted: Hosted
) -> None:
    whole, too_large = letter("whole", 5 * 2**20 // 2), letter("large", 27 * 2**20)
    hosted.put(too_large, whole)

    sweep(register.database, hosted.account)

    assert register.kept() == Counter([whole, too_large[:MOST_BYTES]])
    assert Counter(hosted.contents("Processed")) == Counter([whole, too_large])
    assert await register.filed() == ["whole"]
    with register.database.transaction() as connection:
        (item,) = review_items.list_open(connection)
    assert (item.kind, item.reason) == ("unreadable", "larger than 25 MB")


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


async def test_several_watchers_of_one_mailbox_keep_each_letter_once(  # R28
    register: Register, hosted: Hosted
) -> None:
    letters = [letter(f"n{number}") for number in range(50)]
    hosted.put(*letters)

    looks = [asyncio.to_thread(sweep, register.database, hosted.account) for _ in range(3)]
    await asyncio.gather(*looks)

    assert register.kept() == Counter(letters)
    assert Counter(hosted.contents("Processed")) == Counter(letters)


def put_at(hosted: Hosted, content: bytes, at: datetime) -> None:
    with hosted.client() as imap:
        imap.append("INBOX", content, msg_time=at)


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
