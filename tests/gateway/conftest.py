"""What the tests of the doors share: an application on an empty register, people with tokens."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from temporalio.client import Client, RetryConfig

from deploy.local.story import Story
from deploy.local.world import VirtualClock
from domain.terms import Role
from gateway.app import create_app
from gateway.parts import Parts
from storage import people, tokens
from storage.database import Database
from storage.files import FileStore
from storage.rules import CurrentRules
from workflows.installation import Installation

MONDAY = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)  # 11:30 in Moscow
CLIENTS = (
    {
        "client_code": code,
        "client_name": client_name,
        "login": login,
        "user_name": user_name,
        "email": f"{login}@{code}.example",
        "phone": "+7 495 000-00-00",
        "contract_starts_on": "2026-01-01" if code != "old" else "2024-01-01",
        "contract_ends_on": "2030-12-31" if code != "old" else "2024-12-31",
    }
    for code, client_name, login, user_name in (
        ("alpha", "Альфа", "alla", "Алла"),
        ("beta", "Бета", "bogdan", "Богдан"),
        ("old", "Старый договор", "oleg", "Олег"),
    )
)
PEOPLE = tuple(CLIENTS)
STAFF = {
    "sveta": Role.SPECIALIST,
    "stepan": Role.SPECIALIST,
    "head": Role.HEAD,
    "dev": Role.DEVELOPMENT,
    "ops": Role.OPERATIONS,
}


@dataclass
class Clock:
    """A clock that stands where it is set."""

    at: datetime = MONDAY

    def __call__(self) -> datetime:
        """Return the moment it stands at."""
        return self.at

    def set(self, moment: datetime) -> None:
        """Go to a moment."""
        self.at = moment


@dataclass
class Api:
    """The API as its users reach it: each request in somebody's name."""

    http: httpx.AsyncClient
    parts: Parts
    clock: Clock | VirtualClock
    tokens: dict[str, str] = field(default_factory=dict)

    async def post(self, who: str, path: str, **request: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        """Send a POST in the name of that login."""
        return await self._send("POST", who, path, request)

    async def get(self, who: str, path: str, **request: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        """Send a GET in the name of that login."""
        return await self._send("GET", who, path, request)

    async def file(self, who: str = "alla", key: str = "k1", **form: Any) -> str:  # noqa: ANN401 - form fields
        """File a request by the web form and return its number."""
        response = await self.post(
            who, "/api/requests", data=FORM | form, headers={"Idempotency-Key": key}
        )
        assert response.status_code == 201, response.text
        return str(response.json()["number"])

    async def _send(
        self, method: str, who: str, path: str, request: dict[str, Any]
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} | request.pop("headers", {})
        return await self.http.request(method, path, headers=headers, **request)


Build = Callable[[Client, Clock | VirtualClock], Awaitable[Api]]
FORM = {
    "subject": "Не открывается отчёт",
    "description": "Отчёт по аренде закрывается сразу после запуска.",
}


@pytest.fixture
def clock() -> Clock:
    """Give a clock that stands at a Monday morning."""
    return Clock()


@pytest.fixture
async def away() -> Client:
    """Give a client of an engine that is not there."""
    patience = RetryConfig(max_retries=1, max_elapsed_time_millis=100)
    return await Client.connect("127.0.0.1:9", lazy=True, retry_config=patience)


@pytest.fixture
def build(database: Database, tmp_path: Path) -> Build:
    """Give the way to open the API with an engine and a clock."""

    async def build(client: Client, clock: Clock | VirtualClock) -> Api:
        files = tmp_path / "files"
        files.mkdir()
        rules = CurrentRules(database, clock)
        settings = Installation(signing_keys={"k1": SecretStr("00" * 32)})
        parts = Parts(database, client, FileStore(files), rules, settings, clock)
        transport = httpx.ASGITransport(create_app(parts), raise_app_exceptions=False)
        http = httpx.AsyncClient(transport=transport, base_url="http://support.test")
        return Api(http, parts, clock, sign_in(database))

    return build


@pytest.fixture
async def api(build: Build, away: Client, clock: Clock) -> AsyncIterator[Api]:
    """Give the API while the engine is away."""
    api = await build(away, clock)
    yield api
    await api.http.aclose()


@pytest.fixture
async def live(build: Build, story: Story) -> AsyncIterator[Api]:
    """Give the API of a whole service, on a Monday at 11:00."""
    await story.until(story.at("mon", "11:00"))
    api = await build(story.world.client, story.world.clock)
    yield api
    await api.http.aclose()


def sign_in(database: Database) -> dict[str, str]:
    """Enter the people and return each one's token by login."""
    given = {}
    until = MONDAY + timedelta(days=3650)
    with database.transaction() as connection:
        report = people.import_clients(connection, PEOPLE)
        assert not report.problems
        for row in PEOPLE:
            login = row["login"]
            person = people.find_user_by_login(connection, login, MONDAY.date())
            assert person is not None
            given[login] = tokens.create(connection, person, {"api"}, "test", until)
            given[f"{login}-cabinet"] = tokens.create(
                connection, person, {"cabinet"}, "test", until
            )
        for login, role in STAFF.items():
            member = people.put_staff(connection, login, login.title(), f"{login}@s.test", role)
            given[login] = tokens.create(connection, member, {"api"}, "test", until)
    return given
