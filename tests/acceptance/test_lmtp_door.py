"""A real mail server before our door: what it accepted becomes one ticket, whatever breaks.

R28 and law 1, against Postfix delivering by LMTP.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import select, text

from deploy.local import processes
from deploy.local.faults import Break, Cut, FaultyLine, Way
from deploy.local.processes import LOOPBACK, free_port
from gateway.dialogue import Limits
from gateway.mailroom import Mailroom
from storage.database import Database
from storage.mail_tables import raw_letters
from tests.acceptance import postfix
from tests.acceptance.conftest import OWN, Register, ended, letter, open_folder, until
from tests.acceptance.postfix import Postfix
from workflows.installation import PRIVATE, Installation

DOOR = free_port()
IMPATIENT = Limits(keep_seconds=1.0)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Site:
    """The site's own mail server, and the line from it to our door."""

    server: Postfix
    line: FaultyLine

    async def give(self, content: bytes, *recipients: str, **envelope: object) -> None:
        """Hand a letter over to the server."""
        to = recipients or OWN[:1]
        await asyncio.to_thread(self.server.give, content, to, **envelope)  # type: ignore[arg-type] # the names are those of Postfix.give

    async def delivered(self, seconds: float = 30) -> None:
        """Wait until the server has nothing left to deliver."""
        self.server.try_now()
        try:
            await until(lambda: self.server.waiting() == 0, seconds)
        except TimeoutError:
            raise TimeoutError(self.server.log()) from None

    async def refused(self, reason: str) -> None:
        """Wait until a letter was put off for this reason."""
        await until(lambda: reason in self.server.log())


@pytest.fixture(scope="module")
def running_site() -> Iterator[Site]:
    if reason := postfix.lack():
        pytest.skip(reason)
    line = FaultyLine(LOOPBACK, DOOR).start()
    with open_folder() as folder:
        server = Postfix.start(folder, line.port)
        try:
            yield Site(server, line)
        finally:
            server.stop()
            line.stop()


@pytest.fixture
def site(running_site: Site) -> Iterator[Site]:
    (running_site.server.folder / "mail.log").write_text("")
    yield running_site
    processes.wait_for(lambda: running_site.server.waiting() == 0, processes.GRACE)


@asynccontextmanager
async def door(
    register: Register, database: Database | None = None, peers: tuple[str, ...] = PRIVATE
) -> AsyncIterator[Mailroom]:
    """Keep the door open and the sorter at work."""
    settings = Installation(
        door_host=LOOPBACK, door_port=0, lmtp_port=DOOR, own_addresses=OWN, door_peers=peers
    )
    mailroom = Mailroom(database or register.database, register.sorter, settings, limits=IMPATIENT)
    working = [asyncio.create_task(work) for work in (mailroom.run(), register.sorter.run())]
    await mailroom.opened()
    try:
        yield mailroom
    finally:
        for task in working:
            await ended(task)


def envelopes(register: Register) -> list[tuple[str, list[str]]]:
    with register.database.transaction() as connection:
        rows = connection.execute(
            select(raw_letters.c.envelope_from, raw_letters.c.envelope_to).order_by(
                raw_letters.c.id
            )
        )
        return [(row.envelope_from, row.envelope_to) for row in rows]


def bodies(register: Register) -> list[bytes]:
    """Return the letters without their headers, to which the site adds lines of its own."""
    return [body_of(content) for content in register.kept()]


def body_of(content: bytes) -> bytes:
    return content.partition(b"\r\n\r\n")[2]


async def test_what_the_site_accepted_is_a_ticket_at_once(  # R16 R28
    register: Register, site: Site
) -> None:
    async with door(register):
        await site.give(letter("first"))
        await until(lambda: register.tickets() == ["first"])

        await site.give(letter("second"))
        took = await until(lambda: register.tickets() == ["first", "second"])

    log.info("%.3f seconds from the mail server to the ticket", took)
    assert took < 5


async def test_while_the_door_is_closed_the_site_keeps_the_letter(  # R28
    register: Register, site: Site
) -> None:
    await site.give(letter("one"))
    await site.refused("status=deferred")

    async with door(register):
        await site.delivered()
        await until(lambda: register.tickets() == ["one"])

    assert list(register.kept().values()) == [1]


async def test_while_the_register_is_away_the_site_keeps_the_letter(  # R28
    register: Register, site: Site
) -> None:
    away = Database(f"postgresql+psycopg://nobody@{LOOPBACK}:{free_port()}/nothing")
    async with door(register, away):
        await site.give(letter("one"))
        await site.refused("451 4.3.0")
    away.dispose()

    async with door(register):
        await site.delivered()
        await until(lambda: register.tickets() == ["one"])

    assert list(register.kept().values()) == [1]


async def test_while_the_register_hangs_the_site_keeps_the_letter(  # R28
    register: Register, site: Site
) -> None:
    async with door(register):
        with register.database.transaction() as connection:
            connection.execute(text("LOCK TABLE raw_letters IN ACCESS EXCLUSIVE MODE"))
            await site.give(letter("one"))
            await site.refused("451 4.3.0")
        await site.delivered()
        await until(lambda: register.tickets() == ["one"])
        await asyncio.sleep(1)  # what hung may be kept late, once more

    assert await register.filed() == ["one"]


async def test_a_door_that_takes_the_site_for_a_stranger_loses_nothing(  # R28
    register: Register, site: Site
) -> None:
    async with door(register, peers=("10.0.0.0/8",)):
        await site.give(letter("one"))
        await site.refused("554 5.7.1")

    async with door(register):
        await site.delivered()

    assert await register.filed() == ["one"]


async def test_an_answer_that_never_arrives_makes_no_second_ticket(  # R28
    register: Register, site: Site
) -> None:
    async with door(register):
        await site.give(letter("measured"))
        await site.delivered()
        until_answer = site.line.passed[Way.TO_CLIENT] - len("250 2.0.0 Accepted\r\n221 Bye\r\n")
        connections = site.line.connections
        site.line.cut_next(Cut(Way.TO_CLIENT, until_answer, Break.SILENCE))
        await site.give(letter("one"))
        await until(lambda: site.line.connections > connections + 1)
        await site.delivered()

    assert await register.filed() == ["measured", "one"]
    assert sorted(register.kept().values()) == [1, 2]


async def test_a_line_cut_in_the_middle_of_a_letter_loses_nothing(  # R28
    register: Register, site: Site
) -> None:
    site.line.cut_next(Cut(Way.TO_SERVER, 100_000))
    content = letter("large", 500_000)
    async with door(register):
        await site.give(content)
        await site.delivered()

    assert await register.filed() == ["large"]
    assert bodies(register) == [body_of(content)]


async def test_a_letter_to_several_of_our_addresses_is_one_ticket(  # R28
    register: Register, site: Site
) -> None:
    tagged = "Office+Sales@profman.ru"
    async with door(register):
        await site.give(letter("one"), *OWN, tagged, "stranger@profman.ru")
        await site.delivered()

    assert await register.filed() == ["one"]
    ((_, recipients),) = envelopes(register)
    assert sorted(recipients) == sorted([*OWN, tagged])


async def test_a_letter_of_twenty_megabytes_is_whole(register: Register, site: Site) -> None:  # R28
    content = letter("large", 20 * 2**20)
    async with door(register):
        await site.give(content)
        await site.delivered(seconds=60)

    assert await register.filed() == ["large"]
    assert bodies(register) == [body_of(content)]


async def test_letters_without_sender_and_in_any_letters_come_through(  # R28
    register: Register, site: Site
) -> None:
    russian = "Subject: Заявка\r\nFrom: ольга@север.example\r\n\r\nТекст\r\n".encode()
    eight_bits = letter("eight") + "Текст\r\n".encode("koi8-r")
    async with door(register):
        await site.give(letter("null"), sender="")
        await site.delivered()
        await site.give(eight_bits, options=["BODY=8BITMIME"])
        await site.delivered()
        await site.give(russian, sender="ольга@север.example", options=["SMTPUTF8"])
        await site.delivered()

    senders = [sender for sender, _ in envelopes(register)]
    assert senders == ["", "o.belova@sever.example", "ольга@север.example"]
    assert await register.filed() == ["eight", "null", "Заявка"]


async def test_a_burst_while_the_door_opens_and_closes_loses_nothing(  # R28
    register: Register, site: Site
) -> None:
    names = [f"n{number:03}" for number in range(100)]
    giving = [asyncio.create_task(site.give(letter(name))) for name in names]
    for _ in range(6):
        async with door(register):
            await asyncio.sleep(0.5)
    await asyncio.gather(*giving)

    async with door(register):
        await site.delivered()

    assert await register.filed() == names
