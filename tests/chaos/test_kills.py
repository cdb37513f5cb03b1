"""Fifty tickets live while worker, gateway, engine and register are killed.

Two ledgers stand outside the system: what its doors accepted, and what reached the mail server.
Afterwards nothing is lost, nothing came twice, nothing left outside its window.
"""

import random
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local import settings, up
from deploy.local.maildirs import Maildirs, StoredLetter
from deploy.local.parts import Parts
from deploy.local.settings import Home
from domain.calendar import MOSCOW, Hours
from domain.ticket import fold
from mail.reading import read
from storage import calendars, people, tickets
from storage.database import Database
from storage.tokens import create as create_token

LIVES = 50
AT_ONCE = 8
KILLS = 12
# For each thing that is waited for, not for all: on a busy machine fifty lives take their time.
PATIENCE = 120.0
SERVICE = "lanskov@profman.ru"
# Each life has an address of its own: confirmations to one keep ten minutes between them (R33).
CLIENTS = tuple(f"life{life:02}" for life in range(LIVES))
DOMAIN = "@client.example"
VICTIMS = (
    "исполнитель заявок",
    "приём заявок и писем",
    "процессы (Temporal)",
    "реестр (PostgreSQL)",
)
ALL_DAY = Hours(clock(0, 0), clock(23, 59, 59))
PER_LIFE = ("confirmation", "question", "answer", "closing")


@dataclass
class World:
    """The processes under test, and what was asked of them."""

    launch: up.Launch
    tokens: dict[str, str]
    database: Database
    replies: list[str] = field(default_factory=list)
    killed: list[str] = field(default_factory=list)
    last_answer: str = ""

    def until(self, is_so: Callable[[], Any], what: str) -> Any:  # noqa: ANN401 - whatever is waited for
        """Try again until it is so; a door that is away is asked again."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with suppress(httpx.HTTPError, OSError, smtplib.SMTPException):
                if found := is_so():
                    return found
            time.sleep(0.2)
        raise TimeoutError(f"{what}; last answer: {self.last_answer}")

    def api(self, login: str, method: str, path: str, **sent: Any) -> Any:  # noqa: ANN401 - JSON
        """Ask the API; None where it cannot tell yet."""
        headers = {"Authorization": f"Bearer {self.tokens[login]}", **sent.pop("headers", {})}
        url = f"{self.launch.ports.site}{path}"
        answer = httpx.request(method, url, headers=headers, timeout=20, **sent)
        if answer.status_code in {202, 409} or answer.is_server_error:
            self.last_answer = f"{answer.status_code} {answer.text}"
            return None
        answer.raise_for_status()
        return answer.json()

    def mail(self, letter: EmailMessage) -> None:
        """Send a letter until the mail server of the world has taken it over."""

        def sent() -> bool:
            with smtplib.SMTP("127.0.0.1", self.launch.ports.smtp, timeout=20) as smtp:
                return not smtp.sendmail(letter["From"], [SERVICE], letter.as_bytes())

        self.until(sent, "a letter to be accepted")

    def arrived(self) -> list[StoredLetter]:
        """Return what reached the clients' mailboxes."""
        boxes = Maildirs(self.launch.home.post)
        return [one for login in CLIENTS for one in boxes.letters(f"{login}{DOMAIN}")]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[World]:
    """Give a whole service of processes, open around the clock for today and tomorrow."""
    home = Home(tmp_path)
    said: list[str] = []
    launch = up.Launch(
        home, settings.choose_ports(home, free=True), Parts(said.append), said.append
    )
    made = up.begin(launch)
    told = dict(
        line.removeprefix("export ").split("=", 1)
        for line in home.environment.read_text().splitlines()
    )
    database = Database(told["SUPPORT_DATABASE_URL"].strip("'"))
    _open_all_day(database)
    try:
        tokens = {one.login: one.token for one in made} | _sign_in_clients(database)
        yield World(launch, tokens, database)
    finally:
        database.dispose()
        launch.parts.stop()


def _sign_in_clients(database: Database) -> dict[str, str]:
    """Enter a client's user for each life; return their tokens by login."""
    now = datetime.now(UTC)
    with database.transaction() as connection:
        people.import_clients(connection, (_row(login) for login in CLIENTS))
        users = [people.find_user_by_login(connection, login, now.date()) for login in CLIENTS]
        return {
            user.login: create_token(connection, user, ("api",), "chaos", now + timedelta(days=1))
            for user in users
            if user
        }


def _row(login: str) -> dict[str, str]:
    named = {"client_code": "lives", "client_name": "ООО «Жизни»", "user_name": login}
    contract = {"contract_starts_on": "2026-01-01", "contract_ends_on": ""}
    return {**named, **contract, "login": login, "email": f"{login}{DOMAIN}", "phone": ""}


def test_fifty_lives_survive_kills_with_nothing_lost_twice_or_out_of_window(
    service: World,
) -> None:  # R16 R33 R45 R46 R53 R63
    over = threading.Event()
    chance = random.Random()  # noqa: S311 - moments of kills, no secret
    killer = threading.Thread(target=_kill, args=(service, over, chance))

    killer.start()
    try:
        with ThreadPoolExecutor(AT_ONCE) as people:
            numbers = list(people.map(lambda life: _live(service, life), range(LIVES)))
        service.until(lambda: _is_quiet(service), "every letter to leave")
    finally:
        over.set()
        killer.join()
    service.until(lambda: _is_mended(service), "the last victim to be back")
    service.database.dispose()  # its idle connections went with the register that was killed
    assert len(service.killed) == KILLS

    assert len(set(numbers)) == LIVES
    _assert_nothing_lost(service, numbers)
    _assert_each_letter_once(service, numbers)
    _assert_journals_make_their_tickets(service, numbers)


def _live(service: World, life: int) -> str:
    """Carry one ticket from its appeal to its closing; return its number."""
    subject, client = f"жизнь {life:02}", CLIENTS[life]
    appeal = _appeal_by_mail if life % 2 else _appeal_by_form
    number = appeal(service, subject, client)
    _command(service, number, "take", {"reason": "испытание"})
    _command(service, number, "ask_client", {"text": "Какая версия?"})
    question = service.until(lambda: _letter(service, number, "question"), "a question to arrive")
    _reply(service, number, question)
    _wait_for(service, number, "in_diagnosis")
    _command(service, number, "answer", {"text": "Обновите до 5.14.3."})
    _command(service, number, "close", {"text": "Исправлено обновлением."})
    _wait_for(service, number, "closed")
    return number


def _appeal_by_form(service: World, subject: str, client: str) -> str:
    fields = {"subject": subject, "description": "Не открывается отчёт."}
    key = {"Idempotency-Key": subject.encode().hex()}

    def ask() -> Any:  # noqa: ANN401 - JSON
        return service.api(client, "POST", "/api/requests", data=fields, headers=key)

    number: str = service.until(ask, "a form to be accepted")["number"]
    return number


def _appeal_by_mail(service: World, subject: str, client: str) -> str:
    service.mail(_to_support(f"{client}{DOMAIN}", subject, "Не открывается отчёт."))

    def number() -> str | None:
        rows = service.api("head", "GET", "/api/tickets") or []
        return next((row["number"] for row in rows if row["subject"] == subject), None)

    found: str = service.until(number, f"{subject} to be registered")
    return found


def _reply(service: World, number: str, question: StoredLetter) -> None:
    words = f"Версия 5.14, заявка {number}."
    letter = _to_support(question.recipient, f"Re: {number}", words)
    letter["In-Reply-To"] = f"<{read(question.raw).message_id}>"
    service.mail(letter)
    service.replies.append(words)


def _to_support(sender: str, subject: str, text: str) -> EmailMessage:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = sender, SERVICE, subject
    letter["Message-ID"] = f"<{time.time_ns()}@client.example>"
    letter.set_content(text)
    return letter


def _command(service: World, number: str, kind: str, body: dict[str, str]) -> None:
    path = f"/api/tickets/{number}/commands/{kind}"
    key = {"Idempotency-Key": f"{number}-{kind}"}

    def give() -> Any:  # noqa: ANN401 - JSON
        return service.api("sokol", "POST", path, json=body, headers=key)

    service.until(give, f"{kind} of {number} to be carried out")


def _wait_for(service: World, number: str, status: str) -> None:
    service.until(lambda: _status(service, number) == status, f"{number} to be {status}")


def _status(service: World, number: str) -> str | None:
    shown = service.api("head", "GET", f"/api/tickets/{number}")
    return shown["status"] if shown else None


def _letter(service: World, number: str, kind: str) -> StoredLetter | None:
    named = f"<t.{number}."
    for letter in service.arrived():
        if (
            letter.accepted.message_id.startswith(named)
            and f".{kind}." in letter.accepted.message_id
        ):
            return letter
    return None


def _is_quiet(service: World) -> bool:
    kinds = Counter(_kind(letter) for letter in service.arrived())
    return all(kinds[kind] >= LIVES for kind in PER_LIFE)


def _is_mended(service: World) -> bool:
    service.launch.parts.mend()
    return service.api("head", "GET", "/api/queue") is not None


def _kind(letter: StoredLetter) -> str:
    return letter.accepted.message_id.split(".")[3]


def _kill(service: World, over: threading.Event, chance: random.Random) -> None:
    """Kill one process after another at random moments; the launcher begins each again."""
    victims = [VICTIMS[kill % len(VICTIMS)] for kill in range(KILLS)]
    chance.shuffle(victims)
    for victim in victims:
        over.wait(chance.uniform(0.3, 1.5))
        service.launch.parts.kill(victim)
        service.killed.append(victim)
        over.wait(0.1)
        service.launch.parts.mend()
    while not over.wait(0.2):
        service.launch.parts.mend()


def _assert_nothing_lost(service: World, numbers: list[str]) -> None:
    shown = [service.api("head", "GET", f"/api/tickets/{number}") for number in numbers]
    texts = [message["text"].strip() for one in shown for message in one["messages"]]
    came = Counter(text for text in texts if text.startswith("Версия"))
    assert came == Counter(service.replies)
    assert sorted(one["subject"] for one in shown) == [f"жизнь {life:02}" for life in range(LIVES)]
    with service.database.transaction() as connection:
        assert tickets.list_open(connection) == []


def _assert_each_letter_once(service: World, numbers: list[str]) -> None:
    arrived = service.arrived()
    times = Counter(letter.accepted.message_id for letter in arrived)
    assert {one: n for one, n in times.items() if n > 1} == {}
    kinds = Counter((letter.accepted.message_id.split(".")[1], _kind(letter)) for letter in arrived)
    assert kinds == Counter((number, kind) for number in numbers for kind in PER_LIFE)


def _assert_journals_make_their_tickets(service: World, numbers: list[str]) -> None:
    with service.database.transaction() as connection:
        for number in numbers:
            journal = tickets.journal(connection, number)
            assert fold(number, journal) == tickets.find(connection, number)


def _open_all_day(database: Database) -> None:
    today = datetime.now(UTC).astimezone(MOSCOW).date()
    days = {today: ALL_DAY, today + timedelta(days=1): ALL_DAY}
    with database.transaction() as connection:
        calendars.add_exception(connection, days, "испытание", "test")
