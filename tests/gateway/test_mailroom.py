"""The door says that a letter is accepted when it is, and not before."""

import asyncio
import smtplib
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from deploy.local.processes import LOOPBACK, free_port
from gateway.dialogue import Limits
from gateway.sorting import Sorter
from storage.database import Database
from tests.gateway.doors import (
    AT,
    CLIENT,
    LETTER,
    OWN,
    TOO_LARGE,
    Doors,
    giving,
    lmtp_replies,
    opened,
    sorter_of,
)

FULL_DISK = """
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN RAISE EXCEPTION USING ERRCODE = ''53100''; END'
"""
FULL = "CREATE TRIGGER t BEFORE INSERT ON raw_letters EXECUTE FUNCTION f()"


@pytest.fixture
def sorter(database: Database, tmp_path: Path) -> Sorter:
    return sorter_of(database, tmp_path)


@pytest.fixture
async def doors(database: Database, sorter: Sorter) -> AsyncIterator[Doors]:
    async with opened(database, sorter) as open_doors:
        yield open_doors


@pytest.fixture
async def doors_without_register(tmp_path: Path) -> AsyncIterator[Doors]:
    away = Database(f"postgresql+psycopg://nobody@{LOOPBACK}:{free_port()}/nothing")
    async with opened(away, sorter_of(away, tmp_path)) as open_doors:
        yield open_doors
    away.dispose()


async def test_an_accepted_letter_is_kept_as_it_came(doors: Doors) -> None:  # R28
    await doors.say(giving(*OWN))

    (kept,) = doors.kept()
    assert (kept.content, kept.door, kept.received_at) == (LETTER, "smtp", AT)
    assert (kept.envelope_from, kept.envelope_to) == (CLIENT, OWN)


async def test_nothing_is_accepted_before_it_is_kept(doors: Doors) -> None:  # R28
    with doors.database.transaction() as connection:
        connection.execute(text("LOCK TABLE raw_letters IN SHARE MODE"))

        sending = asyncio.create_task(doors.say(giving(OWN[0])))
        _, pending = await asyncio.wait([sending], timeout=0.5)

    await sending
    assert pending == {sending}
    assert len(doors.kept()) == 1


async def test_without_the_register_the_sender_keeps_the_letter(  # R28
    doors_without_register: Doors,
) -> None:
    with pytest.raises(smtplib.SMTPDataError) as refused:
        await doors_without_register.say(giving(OWN[0]))

    assert refused.value.smtp_code == 451


async def test_without_the_register_each_recipient_is_put_off(  # R28
    doors_without_register: Doors,
) -> None:
    replies = await doors_without_register.say_lmtp(lmtp_replies)

    assert replies == [451, 451]


async def test_a_sender_without_address_is_one_without_address(doors: Doors) -> None:
    await doors.say(giving(OWN[0], sender=""))

    assert doors.kept()[0].envelope_from == ""


async def test_our_addresses_are_ours_in_any_letters(doors: Doors) -> None:
    await doors.say(giving("Lanskov@PROFMAN.ru"))

    assert len(doors.kept()) == 1


async def test_letters_for_others_are_refused(doors: Doors) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        await doors.say(giving("x@evil.example"))

    assert refused.value.recipients["x@evil.example"][0] == 550
    assert doors.kept() == ()


async def test_a_letter_that_says_it_is_too_large_is_refused_at_once(doors: Doors) -> None:
    with pytest.raises(smtplib.SMTPSenderRefused) as refused:
        await doors.say(giving(OWN[0], content=TOO_LARGE))

    assert refused.value.smtp_code == 552


async def test_a_letter_that_turns_out_too_large_is_refused(doors: Doors) -> None:
    def without_saying(smtp: smtplib.SMTP) -> int:
        smtp.mail(CLIENT)
        smtp.rcpt(OWN[0])
        return smtp.data(TOO_LARGE)[0]

    assert await doors.say(without_saying) == 552
    assert doors.kept() == ()


async def test_lmtp_answers_for_each_recipient(doors: Doors) -> None:  # R28
    assert await doors.say_lmtp(lmtp_replies) == [250, 250]

    (kept,) = doors.kept()
    assert (kept.door, kept.envelope_to) == ("lmtp", OWN)


async def test_lmtp_refuses_what_is_too_large_for_each_recipient(doors: Doors) -> None:
    def too_large(lmtp: smtplib.SMTP) -> list[int]:
        return lmtp_replies(lmtp, TOO_LARGE)

    assert await doors.say_lmtp(too_large) == [552, 552]


async def test_a_kept_letter_becomes_a_ticket_at_once(  # R16 R28
    doors: Doors, sorter: Sorter
) -> None:
    sorting = asyncio.create_task(sorter.run())

    await doors.say(giving(OWN[0]))

    for _ in range(100):  # less than the glance that the sorter makes by itself
        await asyncio.sleep(0.02)
        if numbers := await asyncio.to_thread(doors.numbers):
            break
    sorting.cancel()
    with suppress(asyncio.CancelledError):
        await sorting
    assert len(numbers) == 1


async def test_a_full_disk_leaves_the_letter_with_its_sender(doors: Doors) -> None:  # R28
    with doors.database.transaction() as connection:
        connection.execute(text(FULL_DISK))
        connection.execute(text(FULL))

    with pytest.raises(smtplib.SMTPDataError) as refused:
        await doors.say(giving(OWN[0]))

    assert refused.value.smtp_code == 451


async def test_a_register_that_hangs_leaves_the_letter_with_its_sender(  # R28
    database: Database, sorter: Sorter
) -> None:
    async with opened(database, sorter, Limits(keep_seconds=0.2)) as doors:
        with database.transaction() as connection:
            connection.execute(text("LOCK TABLE raw_letters IN SHARE MODE"))

            with pytest.raises(smtplib.SMTPDataError) as refused:
                await doors.say(giving(OWN[0]))

    assert refused.value.smtp_code == 451


async def test_a_letter_that_is_being_kept_when_the_doors_close_is_answered_for(  # R28
    database: Database, sorter: Sorter
) -> None:
    with database.transaction() as connection:
        connection.execute(text("LOCK TABLE raw_letters IN SHARE MODE"))
        async with opened(database, sorter) as doors:
            sending = asyncio.create_task(doors.say_lmtp(lmtp_replies))
            await asyncio.wait([sending], timeout=0.3)
            asyncio.get_running_loop().call_later(0.3, connection.rollback)

    assert await sending == [250, 250]


@pytest.mark.parametrize("turns", range(4))
async def test_whoever_knocks_as_the_doors_close_is_sent_away(  # R28
    database: Database, sorter: Sorter, turns: int
) -> None:
    async with opened(database, sorter) as doors:
        line = socket.create_connection((LOOPBACK, doors.mailroom.lmtp_port), 2)
        for _ in range(turns):
            await asyncio.sleep(0)

    with line:
        line.settimeout(2)
        await asyncio.to_thread(until_it_ends, line)


def until_it_ends(line: socket.socket) -> None:
    with suppress(ConnectionResetError):
        while line.recv(1000):
            pass


async def test_an_address_of_ours_may_carry_a_tag(doors: Doors) -> None:  # R28
    await doors.say(giving("Office+Sales@profman.ru"))

    with pytest.raises(smtplib.SMTPRecipientsRefused):
        await doors.say(giving("x+office@profman.ru"))

    assert [kept.envelope_to for kept in doors.kept()] == [("Office+Sales@profman.ru",)]
