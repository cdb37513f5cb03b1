"""The mailbox watched at a real server: nothing is lost, nothing comes twice, nothing is deleted.

R28 and law 1, against Dovecot.
"""

import asyncio
import logging
from collections import Counter
from dataclasses import replace

from activities.imap import MOST_BYTES, Bounds
from storage import review_items
from storage.mailboxes import Fault
from tests.acceptance.conftest import (
    Register,
    ailing,
    ended,
    having,
    letter,
    sweep,
    until,
    watched,
)
from tests.hosted import Hosted

OF_IDLE_ONLY = Bounds(sweep_seconds=600.0)

log = logging.getLogger(__name__)


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
    assert (item.kind, item.reason) == ("unreadable", "письмо больше 25 МБ")


async def test_several_watchers_of_one_mailbox_keep_each_letter_once(  # R28
    register: Register, hosted: Hosted
) -> None:
    letters = [letter(f"n{number}") for number in range(50)]
    hosted.put(*letters)

    looks = [asyncio.to_thread(sweep, register.database, hosted.account) for _ in range(3)]
    await asyncio.gather(*looks)

    assert register.kept() == Counter(letters)
    assert Counter(hosted.contents("Processed")) == Counter(letters)
