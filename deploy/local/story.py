"""A story told to a whole service in virtual time: who asks, who answers, what the days bring.

Each verb is one act of a person or of the calendar, done the way the doors do it: the words are
kept in the register first, then the process is told. For the journeys among the tests and the demo.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from email import message_from_bytes
from email.policy import default
from itertools import count
from typing import Any

from deploy.local.world import World
from domain.calendar import MOSCOW, ONE_DAY, Calendar, DaySource, Hours
from domain.commands import TicketCommand
from domain.events import TicketEvent
from domain.terms import Actor, Channel, Role
from domain.ticket import Ticket
from storage import calendars, letters, messages, people, releases, requests, tickets
from storage.messages import ClientMessage, StaffText
from storage.people import Person
from storage.requests import Entry, Registration
from workflows.messages import Order, Standing

SPECIALIST = Actor(Role.SPECIALIST, "7")
HEAD = Actor(Role.HEAD, "1")
DEVELOPMENT = Actor(Role.DEVELOPMENT, "9")
A_MOMENT = timedelta(seconds=2)
ANNA = "anna@dom.example"
BORIS = "boris@dvor.example"
PEOPLE: tuple[Mapping[str, str], ...] = (
    {
        "client_code": "C1",
        "client_name": "ООО «Дом»",
        "contract_starts_on": "2026-01-01",
        "login": "anna",
        "user_name": "Анна Сергеевна",
        "email": ANNA,
    },
    {
        "client_code": "C2",
        "client_name": "ООО «Двор»",
        "contract_starts_on": "2024-01-01",
        "contract_ends_on": "2025-12-31",
        "login": "boris",
        "user_name": "Борис Петрович",
        "email": BORIS,
    },
)


@dataclass(frozen=True)
class Letter:
    """A letter as its reader sees it."""

    subject: str
    text: str
    message_id: str


@dataclass(frozen=True)
class Story:
    """One story: its service, and a Monday after which four weeks are like any other."""

    world: World
    monday: date
    keys: Iterator[int] = field(default_factory=count)

    def at(self, weekday: str, clock: str = "9:00") -> datetime:
        """Return a moment of the story: `fri 17:59:30`, `mon+1` a week later, in Moscow."""
        name, _, weeks = weekday.partition("+")
        days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(name) + 7 * int(weeks or 0)
        return datetime.combine(self.monday + ONE_DAY * days, _time(clock), MOSCOW)

    async def until(self, moment: datetime) -> None:
        """Let the time pass."""
        await self.world.until(moment)

    async def register(self, at: datetime, sender: str = ANNA, **known: Any) -> str:  # noqa: ANN401 - Registration checks them
        """Let an appeal come at a moment; return its number when its letters are written."""
        return (await self.register_all(at, {"sender": sender, **known}))[0]

    async def register_all(self, at: datetime, *appeals: dict[str, Any]) -> list[str]:
        """Let several appeals come at one moment, in this order; return their numbers."""
        await self.world.settle()
        self.world.clock.set(at)
        entries = [self._enter(at, **appeal) for appeal in appeals]
        await self.until(at + A_MOMENT)
        return [entry.number for entry in entries]

    def text(self, number: str, words: str, by: Actor = SPECIALIST) -> int:
        """Keep words of staff; return their id for a command."""
        with self.world.database.transaction() as connection:
            written = StaffText(number, words, str(by), self.world.clock())
            return messages.add_staff_text(connection, written)

    async def order(
        self, number: str, command: TicketCommand, by: Actor = SPECIALIST, key: str = ""
    ) -> Standing:
        """Give a command as the API does and wait until it is carried out.

        Raises:
            WorkflowUpdateFailedError: when it is refused.

        """
        order = Order(command, by, key or f"order-{next(self.keys)}")
        process = self.world.ticket(number)
        standing: Standing = await process.execute_update(
            "command", order, id=order.key, result_type=Standing
        )
        await self.world.settle()
        return standing

    async def client_writes(self, number: str, words: str, **known: Any) -> None:  # noqa: ANN401 - ClientMessage checks them
        """Let the client's message come by some door."""
        given = {"key": f"message-{next(self.keys)}", "channel": Channel.EMAIL, **known}
        message = ClientMessage(number=number, at=self.world.clock(), text=words, **given)
        with self.world.database.transaction() as connection:
            messages.add_client_message(connection, message)
        await self.world.settle()

    async def publish(self, release: str) -> tuple[str, ...]:
        """Publish a release; return the tickets that waited for it."""
        with self.world.database.transaction() as connection:
            woken = releases.publish(connection, release, str(DEVELOPMENT), self.world.clock())
        await self.world.settle()
        return woken

    async def set_hours(self, on: date, hours: Hours | None, reason: str) -> int:
        """Give a day hours of its own, or none; return the calendar's new version."""
        with self.world.database.transaction() as connection:
            version = calendars.add_exception(connection, {on: hours}, reason, str(HEAD))
        await self.world.settle()
        return version

    def ticket(self, number: str) -> Ticket:
        """Return the ticket as the register has it."""
        with self.world.database.transaction() as connection:
            found = tickets.find(connection, number)
        if found is None:
            raise LookupError(number)
        return found

    def journal(self, number: str) -> tuple[TicketEvent, ...]:
        """Return what happened to the ticket."""
        with self.world.database.transaction() as connection:
            return tickets.journal(connection, number)

    def kinds(self, number: str) -> list[str]:
        """Return the kinds of what happened to the ticket, in order."""
        return [event.kind for event in self.journal(number)]

    def letters(self, number: str) -> dict[str, Mapping[str, Any]]:
        """Return the ticket's letters by their place and kind, such as `4/reminder`."""
        with self.world.database.transaction() as connection:
            found = letters.list_for(connection, number)
        return {row["key"].removeprefix(f"{number}/"): dict(row) for row in found}

    def mailbox(self, address: str = ANNA) -> list[Letter]:
        """Return what arrived at an address, as its reader sees it."""
        return [_read(letter.raw) for letter in self.world.letters(address)]

    def _enter(self, at: datetime, sender: str = ANNA, **known: Any) -> Entry:  # noqa: ANN401 - as above
        calendar = self.world.rules().calendar
        with self.world.database.transaction() as connection:
            person = people.find_user_by_email(connection, sender, at.date())
            given: dict[str, Any] = {
                "key": f"appeal-{next(self.keys)}",
                "channel": Channel.EMAIL,
                "received_at": at,
                "accepted_at": calendar.next_working_moment(at),
                "subject": "Не открывается отчёт",
                "text": "Отчёт по договорам закрывается сразу после запуска.",
                "address": sender,
            }
            return requests.register(connection, Registration(**(given | _of(person) | known)))


def begin(world: World) -> Story:
    """Begin a story: enter its people and find its Monday."""
    with world.database.transaction() as connection:
        people.import_clients(connection, PEOPLE)
    return Story(world, plain_monday(world.rules().calendar, world.clock().date() + 2 * ONE_DAY))


def plain_monday(calendar: Calendar, since: date, weeks: int = 4) -> date:
    """Return the next Monday after which so many weeks have neither holidays nor transfers."""
    following = (since + ONE_DAY * days for days in count())
    mondays = (on for on in following if on.weekday() == 0)
    return next(on for on in mondays if _is_plain(calendar, on, weeks))


def _is_plain(calendar: Calendar, monday: date, weeks: int) -> bool:
    days = (calendar.day(monday + ONE_DAY * number) for number in range(7 * weeks))
    return all(day.source is DaySource.WEEKLY for day in days)


def _of(person: Person | None) -> dict[str, Any]:
    if person is None:
        return {}
    return {
        "client_id": person.client_id,
        "user_id": person.user_id,
        "name": person.name,
        "is_verified": True,
        "entitled": person.is_supported,
    }


def _read(raw: bytes) -> Letter:
    parsed = message_from_bytes(raw, policy=default)
    body = parsed.get_body(("plain",))
    text = body.get_content() if body else ""
    return Letter(str(parsed["Subject"]), text, str(parsed["Message-ID"]))


def _time(clock: str) -> time:
    return time.fromisoformat(clock.zfill(5) if clock.count(":") == 1 else clock.zfill(8))
