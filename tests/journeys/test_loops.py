"""No loop of machines outlives the limit: copies of this service, responders of any kind.

R33, R53 and laws 1-3, in virtual days: real letters go by SMTP from one service to the other.
"""

import asyncio
import smtplib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import compat32
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from activities.correspondence import Stationery
from deploy.local import processes
from deploy.local.maildirs import StoredLetter
from deploy.local.stage import doors
from deploy.local.story import A_MOMENT, Story, begin
from deploy.local.world import (
    SERVICE,
    STATIONERY,
    Place,
    World,
    virtual_engine,
    wait_until,
)
from deploy.local.world import world as running_world
from domain.commands import AskClient, Identify, Take
from domain.editions import Settings
from domain.filing import MOST_A_DAY, ONE_DAY, SPACING
from domain.letters import ConfirmationTiming
from domain.terms import LetterState, Status
from gateway.parts import Parts
from mail.identity import Keyring
from storage import editions, letters, messages, raw_letters, requests, tickets
from storage.database import Database
from storage.files import FileStore
from workflows.installation import Installation

OTHER = "support@b.example"
OTHER_PAPER = Stationery(
    keys=Keyring("k1", {"k1": bytes(reversed(range(32)))}),
    domain="b.example",
    instance=STATIONERY.instance,  # who installs two copies may leave both the name they come with
    site="http://localhost",
)
AWAY = "away@elsewhere.example"
MARKS_OF_A_MACHINE = (
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "X-Profman-Loop",
    "Precedence",
    "In-Reply-To",
    "References",
)
MARGIN = timedelta(seconds=5)  # a letter that may leave at once takes a moment to do so
MOST_TURNS = 50  # a day within the limit takes twenty
MINUTES = timedelta(minutes=1)

Carry = Callable[[], Awaitable[bool]]
Row = Mapping[str, Any]


@dataclass
class Service:
    """A whole service whose mail door is open, and what it has written to one correspondent."""

    world: World
    address: str
    port: int
    carried: dict[str, int] = field(default_factory=dict)

    async def receive(self, sender: str, raw: bytes) -> None:
        """Take a letter in at the door, and let what follows from it happen."""
        await asyncio.to_thread(self._post, sender, raw)
        await wait_until(self._is_sorted, "letters to be filed")
        await self.world.until(self.world.clock() + A_MOMENT)

    def new_letters(self, to: str) -> Sequence[StoredLetter]:
        """Return what arrived at an address since this was asked last."""
        found = self.world.letters(to)
        before = self.carried.get(to, 0)
        self.carried[to] = len(found)
        return found[before:]

    def tickets(self) -> list[str]:
        """Return the numbers of all tickets, oldest first."""
        with self.world.database.transaction() as connection:
            return sorted(row["number"] for row in tickets.list_open(connection))

    def request(self, number: str) -> Row:
        """Return the appeal of a ticket."""
        with self.world.database.transaction() as connection:
            found = requests.find(connection, number)
        assert found is not None
        return dict(found)

    def confirmations(self) -> list[Row]:
        """Return the confirmations of all tickets, withheld ones too, oldest first."""
        with self.world.database.transaction() as connection:
            written = [row for one in self.tickets() for row in letters.list_for(connection, one)]
        return [dict(row) for row in written if row["kind"] == "confirmation"]

    def standings(self, number: str) -> list[str]:
        """Return in whose standing each message of a ticket came."""
        with self.world.database.transaction() as connection:
            return [row["standing"] for row in messages.list_for(connection, number)]

    def next_departure(self) -> datetime | None:
        """Return when the first of the waiting letters leaves."""
        moments = [
            row["leaves_at"] for row in self.confirmations() if row["state"] == LetterState.WAITING
        ]
        return min(moments, default=None)

    def _post(self, sender: str, raw: bytes) -> None:
        with smtplib.SMTP(processes.LOOPBACK, self.port, timeout=30) as smtp:
            smtp.sendmail(sender, [self.address], raw)

    async def _is_sorted(self) -> bool:
        return await asyncio.to_thread(self._has_no_kept)

    def _has_no_kept(self) -> bool:
        with self.world.database.transaction() as connection:
            return raw_letters.count_kept(connection) == 0


@dataclass
class Responder:
    """A vacation responder that shows no mark of one: each answer is new in every field."""

    service: Service
    threads: bool = False
    marks: bool = False
    answers: Iterator[int] = field(default_factory=lambda: count(1))
    sent: int = 0

    async def carry(self) -> bool:
        """Answer at once each letter that has come; tell whether there was any."""
        came = self.service.new_letters(AWAY)
        for letter in came:
            await self.write(letter)
        return bool(came)

    async def write(self, answered: StoredLetter | None = None) -> None:
        """Write a letter, be it to begin with or in answer to one."""
        place = next(self.answers)
        letter = EmailMessage()
        letter["From"], letter["To"] = AWAY, self.service.address
        letter["Subject"] = f"Буду позже, сообщение {place}"
        letter["Date"] = self.service.world.clock()
        letter["Message-ID"] = f"<{place}.absence@elsewhere.example>"
        if answered and self.threads:
            letter["In-Reply-To"] = letter["References"] = answered.accepted.message_id
        if self.marks:
            letter["Auto-Submitted"] = "auto-replied"
        letter.set_content(f"Меня нет на месте, это письмо номер {place}.")
        self.sent += 1
        await self.service.receive(AWAY, letter.as_bytes())


@pytest.fixture
def cached_tickets() -> int:
    return 100  # the tickets of a loop go side by side


@pytest.fixture
def in_working_time(database: Database) -> None:
    """Let confirmations wait for working time, before anybody has read the rules."""
    with database.transaction() as connection:
        settings = Settings(confirmation=ConfirmationTiming.IN_WORKING_TIME)
        editions.put(connection, settings, datetime.now(UTC), "Подтверждения в рабочее время", "1")


@pytest.fixture
async def ours(story: Story, tmp_path: Path) -> AsyncIterator[Service]:
    async with _open(story.world, tmp_path / "files", SERVICE, STATIONERY) as service:
        await service.world.until(story.at("mon", "10:00"))
        yield service


@pytest.fixture
async def theirs(other_database: Database, tmp_path: Path) -> AsyncIterator[Service]:
    """Give the other copy: nothing of it is ours but the program."""
    with other_database.transaction() as connection:
        settings = Settings(service_address=OTHER)
        editions.put(connection, settings, datetime.now(UTC), "Другая установка", "1")
    place = Place(tmp_path / "other-mail", (processes.LOOPBACK, 1), OTHER, OTHER_PAPER)
    async with AsyncExitStack() as closing:
        engine = await closing.enter_async_context(virtual_engine())
        running = running_world(other_database, engine, place)
        world = await closing.enter_async_context(running)
        story = begin(world)
        opening = _open(world, tmp_path / "other-files", OTHER, OTHER_PAPER)
        service = await closing.enter_async_context(opening)
        await world.until(story.at("mon", "10:00"))
        yield service
        await world.end()


async def test_two_copies_of_this_service_write_two_letters_at_most(
    ours: Service, theirs: Service
) -> None:  # R33
    carry = between(ours, theirs, _as_it_is)
    await ours.receive(OTHER, in_the_name_of(OTHER))

    await live_through(ONE_DAY, carry, ours, theirs)

    [confirmation] = ours.world.letters(OTHER)
    [ticket] = theirs.tickets()
    assert theirs.world.letters(SERVICE) == []
    assert confirmation.accepted.sender == SERVICE
    assert theirs.request(ticket)["withheld"].startswith("машинное письмо")
    assert len(ours.tickets()) == 1


async def test_two_copies_between_which_all_marks_are_lost_stop_at_the_limit(
    ours: Service, theirs: Service
) -> None:  # R33
    carry = between(ours, theirs, _without_marks)
    await ours.receive(OTHER, in_the_name_of(OTHER))

    await live_through(ONE_DAY, carry, ours, theirs)

    to_them, to_us = ours.world.letters(OTHER), theirs.world.letters(SERVICE)
    assert (len(to_them), len(to_us)) == (MOST_A_DAY, MOST_A_DAY)
    assert all(gap >= SPACING - MARGIN for gap in _gaps(ours) + _gaps(theirs))
    assert len(ours.tickets()) == 1 + len(to_us)
    assert len(theirs.tickets()) == len(to_them)
    assert "за сутки" in ours.request(ours.tickets()[-1])["withheld"]


async def test_a_responder_without_any_mark_is_confirmed_five_times_a_day_and_no_more(
    ours: Service,
) -> None:  # R33
    responder = Responder(ours)
    await responder.write()
    await live_through(ONE_DAY, responder.carry, ours)
    first_day = len(ours.world.letters(AWAY))

    await responder.write()
    await live_through(ONE_DAY, responder.carry, ours)

    withheld = [row["reason"] for row in ours.confirmations() if row["state"] == "withheld"]
    assert first_day == MOST_A_DAY
    assert len(ours.world.letters(AWAY)) == 2 * MOST_A_DAY
    assert all(gap >= SPACING - MARGIN for gap in _gaps(ours))
    assert len(ours.tickets()) == responder.sent == 2 * MOST_A_DAY + 2
    assert len(withheld) == 2
    assert all("за сутки" in reason for reason in withheld)


async def test_a_responder_that_writes_on_by_itself_is_confirmed_no_more_often(
    ours: Service,
) -> None:  # R33
    responder = Responder(ours)

    for _ in range(6):
        await responder.write()
        await live_through(4 * MINUTES, responder.carry, ours)
    await live_through(ONE_DAY - 24 * MINUTES, responder.carry, ours)

    assert len(ours.world.letters(AWAY)) == MOST_A_DAY
    assert all(gap >= SPACING - MARGIN for gap in _gaps(ours))
    assert len(ours.tickets()) == responder.sent == 6 + MOST_A_DAY


@pytest.mark.usefixtures("in_working_time")
async def test_what_gathers_over_days_of_rest_is_confirmed_within_the_limit_all_the_same(
    ours: Service, story: Story
) -> None:  # R33 R45 Q3
    responder = Responder(ours)
    for evening in ("fri", "sat", "sun"):
        await story.until(story.at(evening, "20:00"))
        for _ in range(3):
            await responder.write()

    await live_through(ONE_DAY, responder.carry, ours)

    assert len(ours.world.letters(AWAY)) == MOST_A_DAY
    assert all(gap >= SPACING - MARGIN for gap in _gaps(ours))


@pytest.mark.usefixtures("in_working_time")
async def test_what_the_end_of_the_day_cuts_off_leaves_next_morning_one_by_one(
    ours: Service, story: Story
) -> None:  # R33 R45 Q3
    responder = Responder(ours)
    await story.until(story.at("thu", "17:55"))

    for _ in range(3):
        await responder.write()
    await story.until(story.at("fri", "18:00"))

    assert len(ours.world.letters(AWAY)) == 3
    assert all(gap >= SPACING - MARGIN for gap in _gaps(ours))


async def test_an_unmarked_answer_in_the_thread_adds_to_its_ticket_and_is_not_answered(
    ours: Service,
) -> None:  # R33 R53
    responder = Responder(ours, threads=True)
    await responder.write()

    await live_through(ONE_DAY, responder.carry, ours)

    [ticket] = ours.tickets()
    assert ours.standings(ticket) == ["participant", "participant"]
    assert len(ours.world.letters(AWAY)) == 1


@pytest.mark.parametrize(
    ("marks", "standing", "status"),
    [
        (True, "automatic", Status.AWAITING_CLIENT),
        (False, "participant", Status.IN_DIAGNOSIS),
    ],
)
async def test_only_an_unmarked_answer_resumes_what_waits_for_the_client(
    ours: Service,
    story: Story,
    marks: bool,  # noqa: FBT001 - a parameter of the cases
    standing: str,
    status: Status,
) -> None:  # R33 R53
    responder = Responder(ours, threads=True)
    await responder.write()
    [ticket] = ours.tickets()
    ours.new_letters(AWAY)
    await story.order(ticket, Identify(client="1", entitled=True))
    await story.order(ticket, Take())
    await story.order(ticket, AskClient(story.text(ticket, "Какая версия?")))
    responder.marks = marks

    await live_through(timedelta(hours=8), responder.carry, ours)

    assert ours.tickets() == [ticket]
    assert story.ticket(ticket).status is status
    assert ours.standings(ticket)[-1] == standing
    assert [row["kind"] for row in story.letters(ticket).values()] == ["confirmation", "question"]


async def live_through(time: timedelta, carry: Carry, *services: Service) -> None:
    """Let time pass from one departure to the next; what has left is carried at once."""
    moment = services[0].world.clock()
    ends_at = moment + time
    for _ in range(MOST_TURNS):
        if await carry():
            continue
        if moment >= ends_at:
            return
        due = [departure for one in services if (departure := one.next_departure())]
        moment = min([*(leaves_at + A_MOMENT for leaves_at in due), ends_at])
        for service in services:
            await service.world.until(moment)
    raise AssertionError("they answer each other without end")


def between(one: Service, other: Service, relay: Callable[[Message], Message]) -> Carry:
    """Carry what each of two services has written to the other through a relay."""

    async def carry() -> bool:
        return any([await _hand_over(one, other, relay), await _hand_over(other, one, relay)])

    return carry


def in_the_name_of(sender: str) -> bytes:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = sender, SERVICE, "Не открывается отчёт"
    letter["Message-ID"] = "<begins@b.example>"
    letter.set_content("Отчёт закрывается сразу после запуска.")
    return letter.as_bytes()


async def _hand_over(writer: Service, reader: Service, relay: Callable[[Message], Message]) -> bool:
    came = writer.new_letters(reader.address)
    for letter in came:
        passed_on = relay(BytesParser(policy=compat32).parsebytes(letter.raw))
        await reader.receive(letter.accepted.sender, passed_on.as_bytes())
    return bool(came)


def _as_it_is(letter: Message) -> Message:
    return letter


def _without_marks(letter: Message) -> Message:
    for name in MARKS_OF_A_MACHINE:
        del letter[name]
    return letter


def _gaps(service: Service) -> list[timedelta]:
    """Return the time between confirmations that have left."""
    left = sorted(row["accepted_at"] for row in service.confirmations() if row["accepted_at"])
    return [later - earlier for earlier, later in pairwise(left)]


@asynccontextmanager
async def _open(
    world: World, folder: Path, address: str, paper: Stationery
) -> AsyncIterator[Service]:
    """Open the mail door of a service."""
    settings = Installation(
        files_folder=folder,
        door_port=processes.free_port(),
        lmtp_port=0,
        own_addresses=(address,),
        signing_key_id=paper.keys.current,
        signing_keys={name: SecretStr(key.hex()) for name, key in paper.keys.keys.items()},
        instance=paper.instance,
    )
    files = FileStore(folder)
    parts = Parts(world.database, world.client, files, world.rules, settings, world.clock)
    async with doors(parts):
        yield Service(world, address, settings.door_port)
