"""The door says that a letter is accepted when it is, and not before."""

import asyncio
import smtplib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text

from deploy.local.processes import LOOPBACK, free_port
from gateway.filing import FilingDesk
from gateway.incoming import House
from gateway.mailroom import Mailroom
from gateway.sorting import Sorter
from mail.identity import Keyring
from storage.database import Database
from storage.files import FileStore
from storage.raw_letters import RawLetter, list_kept
from storage.rules import CurrentRules
from storage.ticket_tables import requests
from workflows.installation import Installation

AT = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
CLIENT = "o.belova@sever.example"
OWN = ("lanskov@profman.ru", "office@profman.ru")
LETTER = b"From: o.belova@sever.example\r\nSubject: s\r\n\r\n.\r\nText\r\n"
Dialogue = Callable[[smtplib.SMTP], object]
TOO_LARGE = b"Subject: s\r\n\r\n" + (b"x" * 76 + b"\r\n") * (26 * 2**20 // 78)


@dataclass(frozen=True)
class Doors:
    """Open doors and the register behind them."""

    mailroom: Mailroom
    database: Database

    async def say(self, dialogue: Dialogue) -> object:
        """Hold a dialogue at the SMTP door and return its outcome."""
        return await asyncio.to_thread(self._say, dialogue, smtplib.SMTP, self.mailroom.smtp_port)

    async def say_lmtp(self, dialogue: Dialogue) -> object:
        """Hold a dialogue at the LMTP door and return its outcome."""
        return await asyncio.to_thread(self._say, dialogue, smtplib.LMTP, self.mailroom.lmtp_port)

    def kept(self) -> tuple[RawLetter, ...]:
        """Return the letters kept."""
        with self.database.transaction() as connection:
            return list_kept(connection, 10)

    def numbers(self) -> list[str]:
        """Return the numbers of all tickets."""
        with self.database.transaction() as connection:
            return list(connection.execute(select(requests.c.number)).scalars())

    @staticmethod
    def _say(dialogue: Dialogue, kind: type[smtplib.SMTP], port: int) -> object:
        with kind(LOOPBACK, port) as smtp:
            smtp.ehlo()
            return dialogue(smtp)


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


@asynccontextmanager
async def opened(database: Database, sorter: Sorter) -> AsyncIterator[Doors]:
    settings = Installation(door_host=LOOPBACK, door_port=0, lmtp_port=0, own_addresses=OWN)
    mailroom = Mailroom(database, sorter, settings, lambda: AT)
    task = asyncio.create_task(mailroom.run())
    await mailroom.opened()
    yield Doors(mailroom, database)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def sorter_of(database: Database, folder: Path) -> Sorter:
    house = House(Keyring("k1", {"k1": bytes(range(32))}), frozenset(OWN), "support")
    rules = CurrentRules(database, lambda: AT)
    return Sorter(database, FilingDesk(FileStore(folder), rules, house))


def giving(*recipients: str, content: bytes = LETTER, sender: str = CLIENT) -> Dialogue:
    return lambda smtp: smtp.sendmail(sender, recipients, content)


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


def lmtp_replies(lmtp: smtplib.SMTP, content: bytes = LETTER) -> list[int]:
    lmtp.mail(CLIENT)
    for recipient in OWN:
        lmtp.rcpt(recipient)
    first = lmtp.data(content)[0]
    return [first, *(lmtp.getreply()[0] for _ in OWN[1:])]
