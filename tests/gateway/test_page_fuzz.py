"""Whatever is asked of a page or typed into its form, it answers in words and shows it as text.

Carries out law 10 for every page of the application, as each role that has the right and as one
that has not. What is sent is drawn in the same order in every run.
"""

import logging
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from pydantic import BaseModel, SecretStr
from sqlalchemy import text
from temporalio.client import Client, RetryConfig
from temporalio.testing import WorkflowEnvironment

from deploy.local.story import Story, begin
from deploy.local.world import KEYS, Place, VirtualClock, world
from gateway import status_links
from gateway.app import create_app
from gateway.bodies import SPECS
from gateway.cabinet.confirmation import PURPOSE
from gateway.cabinet.seals import seal
from gateway.console import kept_replies
from gateway.pages.guard import is_page
from gateway.pages.rendering import TEMPLATES
from gateway.pages.visitors import csrf_of
from gateway.parts import Parts
from storage import accounts, messages, review_items, sessions
from storage.database import Database
from storage.files import FileStore
from storage.rules import CurrentRules
from tests.conftest import NOBODY as NO_DOOR
from tests.conftest import THOUSANDS, Server
from tests.gateway.conftest import Api, sign_in
from tests.gateway.test_rights import NOBODY, ROUTES, WHO, application
from workflows.installation import Installation

STREAMS = frozenset(  # they are no pages, and they do not end
    {"/events", "/cabinet/{number}/events", "/s/{number}/{token}/events"}
)
PEOPLE = ("alla", "sveta", "head", "dev", "ops", NOBODY)
MARK = "<i data-fuzz>"
SEED = 1729
SOME, ROUNDS = 4, 3
FAULT_OF_OURS = 500
LONG = MARK + "a" * 2**20
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f"
    b"\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff?\x00\x05\xfe\x02\xfe\xa75\x81\x84\x00\x00"
    b"\x00\x00IEND\xaeB`\x82"
)
# As they go over the wire: some of them are no text at all.
ODD = (
    *("", "%00", f"a%00{quote(MARK)}", "%ED%A0%80", f"%ED%A0%80{quote(MARK)}", "%FF%FE"),
    *("-1", "0", "9" * 30, "1e400", "1.5", "NaN", "null", "true", "%D9%A1%D9%A2", "%C2%B2"),
    *("..%2F..%2Fetc%2Fpasswd", "..%2F", "%2F%2Fevil.example", "javascript:alert(1)"),
    *("%F0%9F%92%A9", "%E2%80%AE", "%0D%0ASet-Cookie:%20a=b", "%25s%7B0%7D", "%7B7*7%7D"),
    *("2026-02-30", "2026-13-01T25:61", "0001-01-01", "9999-12-31", "2026-09-07T00:00:00Z"),
    *(quote(f"\"'>{MARK}{{{{7*7}}}}"), quote("а" * 300), "a" * 5000),
)
WORDS = (f"Отчёт {MARK} не открывается", f"&amp;{MARK}{{{{7*7}}}}", f"{MARK}\r\n\r\n{MARK}")
KEYS_OF_FORMS = (*"abcdefgh", "\u202e ключ", f"\x00{MARK}", MARK * 500)
PLAUSIBLE: dict[str, tuple[str, ...]] = {
    "act": ("assign", "defer", "merge", "await_release"),
    "by": ("reason", "kind", "client"),
    "by_user": ("unknown",),
    "called_at": ("2026-09-07T10:00",),
    "category": ("",),
    "cause": ("unknown",),
    "confirmed": ("yes",),
    "criticality": ("normal", "critical", "unknown"),
    "email": ("alla@alpha.example", f"alla{MARK}@alpha.example"),
    "figure": ("arrived", "waiting", "reaction", "waited", "taken"),
    "frequency": ("always", "unknown"),
    "ground": ("solved",),
    "kind": ("problem", "answer", "ask_client", "wish", "to_post"),
    "language": ("ru", "en"),
    "list": ("queue", "mine", "closed", "open"),
    "login": ("alla",),
    "outcome": ("fixed",),
    "period": ("week", "month"),
    "reason": ("R55", f"Потому что {MARK}"),
    "release": ("4.3.0",),
    "specialist": ("stepan",),
    "state": ("writing", "gone"),
    "ticket_kind": ("question",),
}
IN_PATH = re.compile(r"{(\w+)}")
NAMED = re.compile(r'\bname="([a-z_]+)"')


@dataclass(frozen=True)
class Door:
    """A route of a page as the application has it: what it is asked, and who comes to it."""

    method: str
    path: str
    asked: tuple[str, ...]
    told: tuple[str, ...]

    @property
    def comers(self) -> tuple[str, ...]:
        """Return who is let in, and of the others the first."""
        lines = (one for one in ROUTES if (one.method, one.path) == (self.method, self.path))
        line = next(lines, None)
        may = WHO["all"] if line is None or line.is_link else line.may
        without = [who for who in PEOPLE if who not in may]
        return (*(who for who in PEOPLE if who in may), *without[:1])


@dataclass
class House:
    """The pages over some days of support, and what of their answers breaks the promise."""

    http: httpx.AsyncClient
    parts: Parts
    doors: tuple[Door, ...]
    known: dict[str, tuple[str, ...]]
    secrets: dict[str, str] = field(default_factory=dict)
    flaws: list[str] = field(default_factory=list)
    dice: Random = field(default_factory=lambda: Random(SEED))  # noqa: S311 - no secret is drawn

    def enter(self, who: str) -> None:
        """Begin a session of somebody: a form may have ended the one before."""
        if not who:
            return
        now = self.parts.clock()
        with self.parts.database.transaction() as connection:
            owner = accounts.find_owner(connection, who, now)
            assert owner is not None
            self.secrets[who] = sessions.begin(connection, owner, now, "password")

    async def ask(self, who: str, method: str, address: str, **sent: Any) -> None:  # noqa: ANN401 - httpx's own
        """Ask as somebody and note what is wrong with the answer."""
        headers = {**sent.pop("headers", {}), "Cookie": f"session={self.secrets.get(who, '')}"}
        answer = await self.http.request(method, address, headers=headers, **sent)
        self.http.cookies.clear()
        is_html = answer.headers.get("content-type", "").startswith("text/html")
        if answer.status_code >= FAULT_OF_OURS or (is_html and MARK in answer.text):
            told = f"{who or 'nobody'} {method} {address[:300]} {str(sent)[:300]}"
            self.flaws.append(f"{answer.status_code} {told}")

    def some(self, odd: Sequence[str]) -> list[str]:
        """Return some of these, others each time."""
        return self.dice.sample(odd, SOME)

    def address(self, path: str, **odd: str) -> str:
        """Return an address of a path that leads somewhere but for what is odd in it."""
        place = self.dice.randrange(100)
        start = path.split("/")[1]
        values = {
            name: self.known.get(f"{start} {name}", self.known.get(name))
            for name in IN_PATH.findall(path)
        }
        filled = {name: all_[place % len(all_)] for name, all_ in values.items() if all_}
        return path.format(**{**filled, **odd})


async def test_no_odd_address_or_question_is_a_fault_of_ours(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:  # law 10
    for door in house.doors:
        comers = cycle(door.comers)
        for who in door.comers:
            house.enter(who)
        for address in questions(house, door):
            await house.ask(next(comers), door.method, address)

    assert not house.flaws, "\n".join(house.flaws)
    assert not faults(caplog), "\n".join(faults(caplog))


async def test_no_odd_form_is_a_fault_of_ours_then_or_when_it_is_shown(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:  # law 10
    fields = names_of_fields(house.doors)

    for door in (door for door in house.doors if door.method == "POST"):
        comers = cycle(door.comers)
        for who in door.comers:
            house.enter(who)
        for form in forms(house.dice, door, fields):
            who = next(comers)
            await house.ask(who, "POST", house.address(door.path), **signed(form, house, who))
    for door in (door for door in house.doors if door.method == "GET"):
        for who in door.comers:
            house.enter(who)
            await house.ask(who, "GET", house.address(door.path))

    assert not house.flaws, "\n".join(house.flaws)
    assert not faults(caplog), "\n".join(faults(caplog))


def questions(house: House, door: Door) -> Iterator[str]:
    """Yield addresses with something odd in every place, then odd and plain in any order."""
    for name in IN_PATH.findall(door.path):
        yield from (house.address(door.path, **{name: odd}) for odd in house.some(ODD))
    for name in door.asked:
        for odd in house.some(ODD):
            yield f"{house.address(door.path)}?{name}={odd}"
        yield f"{house.address(door.path)}?{name}[]=1&{name}={name}&{name}={quote(MARK)}"
    for __ in range(ROUNDS if door.asked else 1):
        asked = [f"{name}={_value(house.dice, name)}" for name in door.asked]
        house.dice.shuffle(asked)
        yield f"{house.address(door.path)}?{'&'.join((*asked, f'nothing={quote(MARK)}'))}"


def _value(dice: Random, name: str) -> str:
    plain = [quote(one) for one in PLAUSIBLE.get(name, WORDS)]
    return dice.choice(plain if dice.random() < 0.6 else ODD)


Form = dict[str, Any]


def forms(dice: Random, door: Door, fields: tuple[str, ...]) -> Iterator[Form]:
    """Yield what httpx sends: forms with odd fields, of either kind, and some that are none."""
    for odd in ("%00", "%ED%A0%80", "%FF", quote(MARK), ""):
        yield coded("&".join(f"{name}={odd}" for name in fields))
    yield coded("&".join(f"{name}[]=1&{name}={quote(MARK)}&{name}=2" for name in fields))
    yield coded(f"{dice.choice(door.told or fields)}={LONG}")
    yield {"data": {dice.choice(door.told or fields): LONG}, "files": {"nothing": ("a.png", PNG)}}
    yield {"files": dict.fromkeys(fields, (f"{MARK}.png", PNG, "image/png"))}
    yield {"data": {"files": "слова"}, "files": {"text": (f"..\\{MARK}", b"")}}
    yield coded("")
    for __ in range(ROUNDS):
        chosen = [name for name in fields if dice.random() < 0.8]
        yield coded("&".join(f"{name}={_value(dice, name)}" for name in chosen))
        words = {name: dice.choice(PLAUSIBLE.get(name, WORDS)) for name in chosen}
        yield {"data": words, "files": {"files": (f"{MARK}.png", PNG, "image/png")}}


def coded(body: str) -> Form:
    """Return a form whose body is written by hand."""
    return {"content": body, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}


def signed(form: Form, house: House, who: str) -> Form:
    """Return the form with the token of somebody's session, as our own pages send it."""
    key = {"csrf": csrf_of(house.secrets.get(who, "")), "key": house.dice.choice(KEYS_OF_FORMS)}
    if "content" in form:
        return {**form, "content": f"{urlencode(key)}&{form['content']}"}
    return {**form, "data": {**form.get("data", {}), **key}}


def faults(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged as a fault, and every exception."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.ERROR or record.exc_info
    ]


def names_of_fields(doors: tuple[Door, ...]) -> tuple[str, ...]:
    """Return the names of the fields of all forms: of pages, of commands, of routes."""
    drawn = {
        name
        for file in TEMPLATES.rglob("*.html")
        for name in NAMED.findall(file.read_text(encoding="utf-8"))
    }
    given = {name for spec in SPECS for name in spec.body.model_fields}
    told = {name for door in doors for name in door.told}
    return tuple(sorted((drawn | given | told) - {"csrf", "key"}))


def doors_of(candidates: list[Any]) -> Iterator[Door]:
    """Yield the routes of pages, those of included routers as well."""
    for one in candidates:
        if hasattr(one, "effective_candidates"):
            yield from doors_of(one.effective_candidates())
        elif one.path not in STREAMS and is_page(one.path):
            for method in sorted(one.methods - {"HEAD"}):
                yield from spread(Door(method, one.path, _asked(one), _told(one)))


def spread(door: Door) -> Iterator[Door]:
    """Yield a door for each command, where commands have one door."""
    kinds = [spec.kind for spec in SPECS] if "{kind}" in door.path else [""]
    for kind in kinds:
        yield replace(door, path=door.path.replace("{kind}", kind or "{kind}"))
    if kinds != [""]:
        yield door


def _asked(route: Any) -> tuple[str, ...]:  # noqa: ANN401 - FastAPI's own
    """Return what the question of an address may name, in models and dependencies as well."""
    names: list[str] = []
    waiting = [route.dependant] if hasattr(route, "dependant") else []
    for dependant in waiting:
        waiting += dependant.dependencies
        for one in dependant.query_params:
            kind = one.field_info.annotation
            is_model = isinstance(kind, type) and issubclass(kind, BaseModel)
            names += kind.model_fields if is_model else [one.alias]
    return tuple(dict.fromkeys(names))


def _told(route: Any) -> tuple[str, ...]:  # noqa: ANN401 - FastAPI's own
    return tuple(one.alias for one in getattr(getattr(route, "dependant", None), "body_params", ()))


@pytest.fixture(scope="module")
async def house(
    cluster: Server,
    template: str,
    engine: WorkflowEnvironment,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[House]:
    """Give the pages after some days of support; the engine is gone since: commands are kept."""
    folder = tmp_path_factory.mktemp("fuzz")
    cluster.create_database("fuzz", template)
    database = Database(cluster.url("fuzz"))
    with database.transaction() as connection:  # the engine is shared: a number is used once in it
        connection.execute(text("SELECT setval('ticket_numbers', :n)"), {"n": next(THOUSANDS)})
    async with world(database, engine, Place(folder / "mail", NO_DOOR)) as service:
        api = served(service.client, database, folder / "files", service.clock)
        known = await some_days(begin(service), replace(api, tokens=sign_in(database)))
        await service.end()
    patience = RetryConfig(max_retries=1, max_elapsed_time_millis=1)
    away = await Client.connect("127.0.0.1:9", lazy=True, retry_config=patience)
    pages = served(away, database, folder / "files", service.clock)
    yield House(pages.http, pages.parts, tuple(doors_of(application(pages).routes)), known)
    await pages.http.aclose()
    await api.http.aclose()
    database.dispose()
    cluster.drop_database("fuzz")


def served(client: Client, database: Database, folder: Path, clock: VirtualClock) -> Api:
    """Serve the application with this engine."""
    folder.mkdir(exist_ok=True)
    keys = {name: SecretStr(key.hex()) for name, key in KEYS.keys.items()}
    settings = Installation(signing_keys=keys)
    rules = CurrentRules(database, clock)
    parts = Parts(database, client, FileStore(folder), rules, settings, clock)
    transport = httpx.ASGITransport(create_app(parts), raise_app_exceptions=False)
    return Api(httpx.AsyncClient(transport=transport, base_url="http://support.test"), parts, clock)


async def some_days(story: Story, api: Api) -> dict[str, tuple[str, ...]]:
    """Let tickets come by every door and stand at different points; return what addresses name."""
    await story.until(story.at("mon", "11:00"))
    shot = {"files": {"files": (f"{MARK}.png", PNG, "image/png")}}
    open_, closed, waiting = [
        await api.file("alla", key, subject=f"{key} {MARK}", description=f"{MARK}\n{{{{7*7}}}}")
        for key in ("open", "closed", "waiting")
    ]
    await api.post(
        "alla",
        f"/api/tickets/{open_}/messages",
        data={"text": MARK},
        headers={"Idempotency-Key": "m"},
        **shot,
    )
    called = {
        "subject": MARK,
        "description": MARK,
        "name": MARK,
        "called_at": api.parts.clock().isoformat(),
    }
    call = await api.post(
        "sveta", "/api/requests/phone", json=called, headers={"Idempotency-Key": "c"}
    )
    await story.world.settle()
    for number, kind, body in (
        (open_, "take", {"reason": MARK}),
        (closed, "take", {"reason": MARK}),
        (waiting, "take", {"reason": MARK}),
        (open_, "note", {"text": f"{MARK} @sveta"}),
        (open_, "answer", {"text": MARK}),
        (waiting, "ask_client", {"text": MARK}),
        (closed, "close", {"text": MARK}),
    ):
        given = await api.post("sveta", f"/api/tickets/{number}/commands/{kind}", json=body)
        assert given.status_code == 200, given.text
        await story.world.settle()
    await story.until(story.at("mon", "11:05"))
    return known_of(api, (open_, closed, waiting, call.json()["number"]))


def known_of(api: Api, numbers: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return what stands in the places of addresses that lead somewhere."""
    parts, now = api.parts, api.parts.clock()
    with parts.database.transaction() as connection:
        kept_replies.in_language(connection, "ru", now)
        links = [status_links.link(parts, connection, number, now) for number in numbers]
        owner = accounts.find_owner(connection, "oleg", now)
        assert owner is not None
        invited = accounts.invite(connection, owner, now)
        items = [str(one.id) for one in review_items.list_open(connection)]
        said = [
            str(row["id"]) for number in numbers for row in messages.list_for(connection, number)
        ]
    assert items
    return {
        "number": numbers,
        "s token": tuple(link.rpartition("/")[2] for link in links),
        "request token": tuple(
            seal(parts, PURPOSE, one, now + timedelta(days=1)) for one in numbers
        ),
        "invitation token": (invited.plain,),
        "name": ("look.css",),
        "digest": (sha256(PNG).hexdigest(),),
        "id": ("1", "2", *said),
        "message": (*said,),
        "item": tuple(items),
        "what": ("missing", "documentation", "reply-1"),
        "kind": ("nothing",),
        "form": ("csv", "json", "xlsx"),
    }
