"""Lives of tickets as they would lie in the register after years: nearly all of them closed.

Of a million 5,000 are open and 400 of those wait to be taken. Some clients write a hundred times
as often as others.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic_core import to_json

from bench import vocabulary
from domain.terms import Status
from domain.ticket import Ticket

CLIENTS = 3000
USERS = 3 * CLIENTS
STAFF = 20
SPAN = timedelta(days=5 * 365)
CHUNK = 20_000
CATEGORIES = ("", "product_problem", "product_functions", "installation", "updates")
CHANNELS = ("email",) * 12 + ("web",) * 5 + ("phone",) * 2 + ("paper",)
SHARES = {
    Status.IN_QUEUE: 8,
    Status.IN_DIAGNOSIS: 32,
    Status.AWAITING_CLIENT: 30,
    Status.DEFERRED: 15,
    Status.IN_DEVELOPMENT: 10,
    Status.IDENTIFICATION: 5,
}
REASONS = ("R55", "R56", "R57", "R58", "R59")
COLUMNS = {
    "messages": "id, number, direction, channel, author, subject, text, visible_text, at",
    "requests": (
        "number, message_id, channel, kind, declared, client_id, user_id, name, address, login,"
        " is_verified, subject, told, received_at, accepted_at"
    ),
    "tickets": (
        "number, status, sequence, client_id, specialist, is_routine, received_at, closed_at,"
        " snapshot"
    ),
    "events": "number, sequence, kind, at, by, data",
    "letters": (
        "key, number, sequence, kind, recipient, subject, text, message_id, mime, state,"
        " prepared_at, accepted_at"
    ),
}
TICKET = json.loads(to_json(Ticket("")))


@dataclass
class Years:
    """Tickets one after another, each with its life."""

    tickets: int
    until: datetime
    chance: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - figures, no secrets
    rows: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in COLUMNS})
    messages: int = 0

    def __post_init__(self) -> None:
        """Prepare what is said."""
        self.texts = vocabulary.sentences(self.chance, range(6, 14))
        self.subjects = vocabulary.sentences(self.chance, range(3, 6))

    def chunks(self) -> Iterator[dict[str, list[str]]]:
        """Make the rows of every table, some thousands of tickets at a time."""
        for place in range(1, self.tickets + 1):
            self._live(place)
            if place % CHUNK == 0 or place == self.tickets:
                yield self.rows
                self.rows = {name: [] for name in COLUMNS}

    def _live(self, place: int) -> None:
        chance = self.chance
        status = self._status(place)
        came = self.until - SPAN * (1 - place / self.tickets)
        life = Life(self, f"PS-{place:06}", came, str(1 + int(STAFF * chance.random())))
        life.register(status)
        if status is Status.CLOSED:
            life.talk()
            life.close()
        elif status not in {Status.IN_QUEUE, Status.IDENTIFICATION}:
            life.talk()
        life.write(status)

    def _status(self, place: int) -> Status:
        """Leave half a hundredth open, most of them among the newest."""
        share = 0.2 if place > 0.98 * self.tickets else 0.001
        if self.chance.random() >= share:
            return Status.CLOSED
        return self.chance.choices(tuple(SHARES), tuple(SHARES.values()))[0]

    def happens(self, share: float) -> bool:
        """Tell whether what happens to that share of tickets happens now."""
        return self.chance.random() < share

    def say(self, count: int) -> str:
        """Return a text of so many sentences, with a code of its own sometimes."""
        said = ". ".join(self.chance.choice(self.texts) for _ in range(count))
        if self.happens(0.2):
            said += (
                f". Код 0x{self.chance.randrange(1 << 32):08X}, версия 5.{self.chance.randrange(9)}"
            )
        return said


@dataclass
class Life:
    """One ticket as it happened."""

    years: Years
    number: str
    at: datetime
    specialist: str
    sequence: int = 0
    told: dict[str, object] = field(default_factory=dict)

    def register(self, status: Status) -> None:
        """Come in by some door."""
        chance, subject = self.years.chance, self.years.chance.choice(self.years.subjects)
        self.client = (
            1 + int(CLIENTS * chance.random() ** 2) if status is not Status.IDENTIFICATION else 0
        )
        self.user = self.client + CLIENTS * chance.randrange(3) if self.client else 0
        channel, declared = (
            chance.choice(CHANNELS),
            "critical" if self.years.happens(0.05) else "normal",
        )
        address = (
            f"user{self.user}@firm{self.client}.example"
            if self.user
            else f"x{chance.randrange(9**6)}@mail.example"
        )
        self.subject, self.channel, self.address, self.received = subject, channel, address, self.at
        said = self.years.say(chance.randrange(2, 5))
        message = self._message("in", f"client:{self.user}", said)
        self._add(
            "requests",
            *(
                self.number,
                message,
                channel,
                "problem",
                declared,
                self.client or "\\N",
                self.user or "\\N",
            ),
            *(person(self.user), address, f"user{self.user}", "t", subject),
            *(json.dumps({"product_version": f"5.{chance.randrange(9)}"}), self.at, self.at),
        )
        self.told |= {"declared": declared, "channel": channel, "client": str(self.client or "")}
        self.told |= {"received_at": _iso(self.at), "accepted_at": _iso(self.at)}
        self.told["category"] = chance.choice(CATEGORIES)
        self._event(
            "registered",
            f"client:{self.user}",
            channel=channel,
            declared=declared,
            received_at=_iso(self.at),
            accepted_at=_iso(self.at),
        )
        self._letter("confirmation", "Заявка зарегистрирована. " + said)

    def talk(self) -> None:
        """Be taken, asked and answered."""
        by = f"specialist:{self.specialist}"
        if self.years.happens(0.03):
            self._event(
                "criticality_confirmed", by, criticality="critical", text=self._staff(by, 1)
            )
            self.told["confirmed"] = "critical"
        self._event("taken", by, specialist=self.specialist)
        if self.years.happens(0.3):
            self._event("noted", by, text=self._staff(by, 1))
        self._tell("client_asked", "question", by)
        if self.years.happens(0.4):
            message = self._message("in", f"client:{self.user}", self.years.say(2))
            self._event("client_answered", f"client:{self.user}", message=message)

    def close(self) -> None:
        """End with a result."""
        by = f"specialist:{self.specialist}"
        self.told["result"] = self._tell("closing_began", "closing", by, ground="solved")
        self._event("closed", "system")
        self.told |= {"closed_at": _iso(self.at), "ground": "solved"}

    def write(self, status: Status) -> None:
        """Write the line of the register."""
        if status is Status.DEFERRED:
            self.told["deferral"] = self.years.chance.choice(REASONS)
        has_specialist = status not in {Status.IN_QUEUE, Status.IDENTIFICATION}
        specialist = self.specialist if has_specialist else ""
        told = {"number": self.number, "status": status.value, "sequence": self.sequence}
        snapshot = TICKET | self.told | told | {"specialist": specialist, "since": _iso(self.at)}
        ended = self.at if status is Status.CLOSED else "\\N"
        is_routine = "f" if self.told.get("confirmed") else "t"
        self._add(
            "tickets",
            *(self.number, status.value, self.sequence, self.client or "\\N", specialist),
            *(is_routine, self.received, ended, json.dumps(snapshot)),
        )

    def _tell(self, kind: str, letter: str, by: str, **more: str) -> int:
        self.at += timedelta(hours=self.years.chance.expovariate(0.1))
        said = self.years.say(2)
        words = self._message("internal", by, said)
        self._event(kind, by, text=words, **more)
        self.told.setdefault("replied_at", _iso(self.at))
        self._letter(letter, said)
        return words

    def _staff(self, by: str, count: int) -> int:
        return self._message("internal", by, self.years.say(count))

    def _message(self, direction: str, by: str, said: str) -> int:
        self.years.messages += 1
        id_, subject = self.years.messages, self.subject if direction == "in" else ""
        self._add(
            "messages", id_, self.number, direction, self.channel, by, subject, said, said, self.at
        )
        return id_

    def _event(self, kind: str, by: str, **data: object) -> None:
        self.sequence += 1
        told = {"kind": kind, "at": _iso(self.at), "by": by, **data}
        self._add("events", self.number, self.sequence, kind, self.at, by, json.dumps(told))

    def _letter(self, kind: str, said: str) -> None:
        key = f"{self.number}/{self.sequence}/{kind}"
        self._add(
            "letters",
            *(
                key,
                self.number,
                self.sequence,
                kind,
                self.address,
                f"[{self.number}] {self.subject}",
            ),
            *(said, f"<{key}@profman.ru>", "\\\\x00", "accepted", self.at, self.at),
        )

    def _add(self, table: str, *cells: object) -> None:
        self.years.rows[table].append("\t".join(map(str, cells)))


def person(n: int) -> str:
    """Return the name of somebody."""
    surnames, names = vocabulary.SURNAMES, vocabulary.NAMES
    return f"{surnames[n % len(surnames)]} {names[n // len(surnames) % len(names)]}"


def _iso(at: datetime) -> str:
    return at.isoformat()
