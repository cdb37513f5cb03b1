"""Who may open what: every route of the application, every role, tickets of others (R2, K11)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from deploy.local.story import Story
from gateway.pages.visitors import csrf_of
from storage import accounts, drafts, people, sessions, tokens
from tests.gateway.conftest import PEOPLE, Api

# Each line: method, path, who may, and what a GET answers to whoever may where it is not 200.
TABLE = """
GET  /                                            all         200 303
GET  /static/{name}                               all
GET  /health                                      all
GET  /api                                         all
GET  /api/openapi.json                            all
GET  /regulation                                  all
GET  /signin                                      all         200 303
POST /signin                                      all
GET  /signin/forgot                               all
POST /signin/forgot                               all
GET  /signin/provider                             all         404
GET  /signin/provider/callback                    all         404
GET  /invitation/{token}                          link
POST /invitation/{token}                          link
POST /language                                    all
GET  /request                                     all         200 303
POST /request                                     all
GET  /request/accepted/{number}/{token}           link
GET  /s/{number}/{token}                          link
POST /s/{number}/{token}/write                    link
GET  /s/{number}/{token}/withdraw                 link
POST /s/{number}/{token}/withdraw                 link
GET  /s/{number}/{token}/again                    link
POST /s/{number}/{token}/again                    link
GET  /s/{number}/{token}/head                     link
POST /s/{number}/{token}/head                     link
POST /s/{number}/{token}/rating                   link
GET  /s/{number}/{token}/events                   link
GET  /s/{number}/{token}/files/{digest}           link
GET  /s/{number}/{token}/files/{digest}/picture   link
POST /signout                                     all
GET  /account                                     signed
POST /account/sessions/{id}/end                   signed
POST /account/sessions/end-others                 signed
POST /account/language                            signed
POST /account/password                            signed
GET  /events                                      signed      200 404
GET  /cabinet                                     clients
GET  /cabinet/new                                 clients
POST /cabinet/new                                 clients
GET  /cabinet/data                                clients
GET  /cabinet/data.json                           clients
GET  /cabinet/{number}                            clients
GET  /cabinet/{number}/accepted                   clients
POST /cabinet/{number}/write                      clients
GET  /cabinet/{number}/withdraw                   clients
POST /cabinet/{number}/withdraw                   clients
GET  /cabinet/{number}/again                      clients
POST /cabinet/{number}/again                      clients
GET  /cabinet/{number}/head                       clients
POST /cabinet/{number}/head                       clients
POST /cabinet/{number}/rating                     clients
GET  /cabinet/{number}/events                     clients
GET  /cabinet/{number}/files/{digest}             clients     404
GET  /cabinet/{number}/files/{digest}/picture     clients     404
GET  /queue                                       staff
POST /queue/take-next                             staff
POST /queue/views                                 staff
POST /queue/views/{id}/drop                       staff
GET  /queue/bulk                                  staff       200 404 422
POST /queue/bulk                                  staff
GET  /search                                      staff
GET  /search/suggestions                          staff
GET  /intake/phone                                staff
POST /intake/phone                                staff
GET  /intake/callers                              staff
GET  /intake/paper                                staff
POST /intake/paper                                staff
GET  /intake/registered/{number}                  staff
GET  /tickets/{number}                            inside
GET  /tickets/{number}/similar                    staff
GET  /tickets/{number}/texts/{what}               staff       200 404
GET  /tickets/{number}/messages/{id}/html         signed      404
GET  /tickets/{number}/messages/{message}/split      staff       404
POST /tickets/{number}/messages/{message}/split      staff
GET  /tickets/{number}/files/{digest}             signed      404
GET  /tickets/{number}/files/{digest}/picture     signed      404
GET  /tickets/{number}/presence                   staff
POST /tickets/{number}/presence                   staff
POST /tickets/{number}/write                      staff
POST /tickets/{number}/note                       inside
POST /tickets/{number}/preview                    inside
GET  /tickets/{number}/do/{kind}                  inside      200 403 409
POST /tickets/{number}/do/{kind}                  inside
POST /drafts                                      inside
GET  /replies                                     staff
GET  /replies/new                                 staff
POST /replies/new                                 staff
GET  /replies/{id}                                staff       404
POST /replies/{id}                                staff
GET  /development                                 workers
GET  /review                                      reviewers
POST /review/{item}/settle                        reviewers
POST /review/{item}/open                          staff
GET  /review/{item}/file                          staff       404
GET  /review/{item}/letter                        staff       404
GET  /review/tickets/{number}                     staff       200 404
POST /review/tickets/{number}/identify            staff
POST /review/tickets/{number}/refuse              staff
GET  /head                                        head
GET  /head/reaction                               head
GET  /head/order                                  head
GET  /head/tickets                                head        200 422
GET  /head/export.{form}                          head
POST /api/requests                                clients
POST /api/requests/phone                          staff
POST /api/requests/paper                          staff
GET  /api/tickets                                 signed
GET  /api/tickets/{number}                        signed
POST /api/tickets/{number}/messages               writers
POST /api/tickets/{number}/follow-up              writers
GET  /api/tickets/{number}/messages/{id}/html     signed      404
GET  /api/files/{digest}                          signed      404
GET  /api/files/{digest}/picture                  signed      404
GET  /api/queue                                   staff
POST /api/queue/take-next                         staff
POST /api/tickets/{number}/commands/identify      staff
POST /api/tickets/{number}/commands/take          staff
POST /api/tickets/{number}/commands/assign        staff
POST /api/tickets/{number}/commands/confirm_criticality   staff
POST /api/tickets/{number}/commands/note          workers
POST /api/tickets/{number}/commands/answer        staff
POST /api/tickets/{number}/commands/ask_client    staff
POST /api/tickets/{number}/commands/remind        staff
POST /api/tickets/{number}/commands/defer         staff
POST /api/tickets/{number}/commands/resume        staff
POST /api/tickets/{number}/commands/hand_off      staff
POST /api/tickets/{number}/commands/return_from_development   publishers
POST /api/tickets/{number}/commands/await_release   staff
POST /api/tickets/{number}/commands/close         staff
POST /api/tickets/{number}/commands/reopen        staff
POST /api/tickets/{number}/commands/withdraw      writers
POST /api/tickets/{number}/commands/reclassify    staff
POST /api/tickets/{number}/commands/mark_out_of_scope   staff
POST /api/tickets/{number}/commands/serve         staff
POST /api/tickets/{number}/commands/diagnose      staff
POST /api/tickets/{number}/commands/cancel_letter   staff
POST /api/tickets/{number}/commands/send_urgently   staff
POST /api/tickets/{number}/commands/merge         staff
POST /api/tickets/{number}/commands/unmerge       staff
POST /api/tickets/{number}/commands/escalate      writers
POST /api/tickets/{number}/commands/reply_to_escalation   head
GET  /api/calendar                                signed
POST /api/calendar/exceptions                     head
POST /api/releases                                publishers
GET  /api/clients                                 staff
GET  /api/health/details                          watchers
GET  /api/review                                  reviewers
GET  /api/review/{id}/letter                      staff       404
POST /api/review/{id}/settle                      reviewers
POST /api/review/{id}/open                        staff
POST /api/codec/decode                            watchers
"""

CLIENTS = frozenset({"alla", "anton", "bogdan"})
STAFF = frozenset({"sveta", "head"})
INSIDE = STAFF | {"dev", "ops"}
NOBODY = ""
WHO: Mapping[str, frozenset[str]] = {
    "all": CLIENTS | INSIDE | {NOBODY},
    "link": frozenset(),  # whoever holds the link; a forged one opens nothing to anybody
    "signed": CLIENTS | INSIDE,
    "clients": CLIENTS,
    "staff": STAFF,
    "writers": CLIENTS | STAFF,
    "inside": INSIDE,
    "workers": INSIDE - {"ops"},
    "publishers": frozenset({"dev", "head"}),
    "reviewers": STAFF | {"ops"},
    "watchers": frozenset({"ops", "head"}),
    "head": frozenset({"head"}),
}
UNKNOWN = "PS-999999"
FILLED = {
    "name": "look.css",
    "token": "1790000000-forged",
    "digest": "0" * 64,
    "id": "999999",
    "item": "999999",
    "message": "999999",
    "what": "question",
    "kind": "note",
    "form": "csv",
}
BODIES: Mapping[str, Mapping[str, Any]] = {
    "/messages": {"data": {"text": "Дополняю"}},
    "/follow-up": {"json": {"text": "Снова"}},
    "/withdraw": {"json": {"text": "Не нужно"}},
    "/escalate": {"json": {"text": "Ускорьте"}},
    "/calendar/exceptions": {"json": {"days": [{"on": "2026-12-31"}], "reason": "Переезд"}},
    "/releases": {"json": {"version": "4.3.0"}},
    "/codec/decode": {"json": {"payloads": []}},
    "/requests": {"data": {"subject": "Отчёт", "description": "Пуст"}},
    "/requests/phone": {"json": {"login": "alla", "subject": "Отчёт", "description": "Пуст"}},
    "/requests/paper": {"data": {"login": "alla", "subject": "Отчёт", "description": "Пуст"}},
}


@dataclass(frozen=True)
class Route:
    """A line of the table."""

    method: str
    path: str
    may: frozenset[str]
    told: frozenset[int]
    is_link: bool

    @property
    def is_api(self) -> bool:
        """Tell whether programs with tokens come here."""
        return self.path.startswith("/api/")

    def at(self, number: str) -> str:
        """Return an address of the route, for this ticket."""
        filled = re.sub(r"{(\w+)}", lambda name: {**FILLED, "number": number}[name[1]], self.path)
        is_of_ticket = self.path == "/events" or self.path.startswith("/api/files/")
        return f"{filled}?ticket={number}" if is_of_ticket else filled

    @property
    def has_ticket(self) -> bool:
        """Tell whether the route leads to one ticket."""
        return self.at("a") != self.at("b")


def routes() -> Iterator[Route]:
    for line in TABLE.strip().splitlines():
        method, path, who, *told = line.split()
        answers = frozenset(map(int, told)) or frozenset({200})
        yield Route(method, path, WHO[who], answers, is_link=who == "link")


ROUTES = tuple(routes())


@dataclass(frozen=True)
class House:
    """The service, a ticket of Alla's, and a way in for everybody."""

    api: Api
    number: str
    secrets: dict[str, str] = field(default_factory=dict)

    async def ask(
        self, route: Route, who: str, number: str, *, is_ours: bool = True
    ) -> httpx.Response:
        """Ask at a route in somebody's name; without `is_ours` the form has no token."""
        sent: dict[str, Any] = {"headers": {}}
        if route.is_api:
            sent = {"headers": {"Idempotency-Key": "k"}}
            if who:
                sent["headers"]["Authorization"] = f"Bearer {self.api.tokens[who]}"
            ends = sorted((end for end in BODIES if route.path.endswith(end)), key=len)
            sent |= BODIES[ends[-1]] if ends and route.method == "POST" else {}
        elif who:
            sent["headers"]["Cookie"] = f"session={self.secrets[who]}"
        if route.method == "POST" and not route.is_api:
            sent["data"] = {"csrf": csrf_of(self.secrets[who])} if who and is_ours else {}
        return await self.api.http.request(route.method, route.at(number), **sent)


@pytest.fixture
async def house(live: Api, story: Story) -> House:
    """Give the service with a ticket of Alla's and Anton, her colleague."""
    now = live.parts.clock()
    anton = {**PEOPLE[0], "login": "anton", "user_name": "Антон", "email": "anton@alpha.example"}
    with live.parts.database.transaction() as connection:
        people.import_clients(connection, [anton])
    live.tokens["anton"] = token_of(live, "anton")
    house = House(live, await live.file())
    for who in WHO["signed"]:
        with live.parts.database.transaction() as connection:
            owner = accounts.find_owner(connection, who, now)
            assert owner is not None
            house.secrets[who] = sessions.begin(connection, owner, now, "password")
    await story.world.settle()
    application(live).state.news.close()  # every stream ends after its first line
    return house


def token_of(api: Api, login: str) -> str:
    """Return a token of a client's user."""
    now = api.parts.clock()
    with api.parts.database.transaction() as connection:
        person = people.find_user_by_login(connection, login, now.date())
        assert person is not None
        return tokens.create(connection, person, {"api"}, "test", now + timedelta(days=1))


def application(api: Api) -> FastAPI:
    """Return the application that is served."""
    served: FastAPI = api.http._transport.app  # type: ignore[attr-defined]  # noqa: SLF001 - the one served
    return served


def doors(candidates: Iterable[Any]) -> Iterator[str]:
    """Return method and path of each route, those of included routers as well."""
    for one in candidates:
        if hasattr(one, "effective_candidates"):
            yield from doors(one.effective_candidates())
            continue
        for method in sorted((one.methods or set()) - {"HEAD"}):
            yield f"{method} {one.path}"


async def test_every_route_has_its_line_and_every_line_its_route(api: Api) -> None:  # R2
    served = set(doors(application(api).routes))

    told = {f"{route.method} {route.path}" for route in ROUTES}

    assert served - told == set(), "routes without a line in the table of rights"
    assert told - served == set(), "lines without a route"


async def test_who_has_not_signed_in_is_led_to_the_entrance(house: House) -> None:  # R2
    wrong = []

    for route in (route for route in ROUTES if not route.is_link and NOBODY not in route.may):
        answer = await house.ask(route, NOBODY, house.number)
        is_led = answer.headers.get("location", "").startswith("/signin?next=%2F")
        is_page = route.method == "GET" and not route.is_api
        if (answer.status_code, is_led) != ((303, True) if is_page else (401, False)):
            wrong.append(f"{route.method} {route.path}: {answer.status_code}")

    assert not wrong, "\n".join(wrong)


async def test_a_wrong_role_is_told_so_in_words(house: House) -> None:  # R2
    wrong = []

    for route in (route for route in ROUTES if not route.is_link):
        for who in sorted(WHO["signed"] - route.may - {"anton", "bogdan"}):
            answer = await house.ask(route, who, house.number)
            if answer.status_code != 403 or "Вашей роли" not in answer.text:
                wrong.append(f"{who} {route.method} {route.path}: {answer.status_code}")

    assert not wrong, "\n".join(wrong)


async def test_whoever_may_is_answered(house: House) -> None:  # R2
    wrong = []

    for route in (route for route in ROUTES if route.method == "GET"):
        for who in sorted(route.may - {"bogdan"}):
            answer = await house.ask(route, who, house.number)
            if answer.status_code not in route.told:
                wrong.append(f"{who} GET {route.path}: {answer.status_code}")

    assert not wrong, "\n".join(wrong)


async def test_tickets_of_others_and_unknown_ones_are_not_there(house: House) -> None:  # R2 K11
    wrong = []

    for route in (route for route in ROUTES if route.has_ticket and not route.is_link):
        asked = [(who, UNKNOWN) for who in sorted(route.may - {"anton", "bogdan"})]
        if "bogdan" in route.may:
            asked.append(("bogdan", house.number))
        for who, number in asked:
            answer = await house.ask(route, who, number)
            # What is wrong with a body is told before any ticket is looked for.
            is_flawed = answer.status_code == 422 and who not in CLIENTS and route.method == "POST"
            if answer.status_code != 404 and not is_flawed:
                wrong.append(f"{who} {route.method} {route.path} {number}: {answer.status_code}")

    assert not wrong, "\n".join(wrong)


async def test_where_colleagues_do_not_share_a_ticket_is_its_authors_alone(
    house: House,
) -> None:  # K11
    with house.api.parts.database.transaction() as connection:
        people.put_sharing(connection, "alpha", shares=False)
    wrong = []

    for route in (route for route in ROUTES if route.has_ticket and "anton" in route.may):
        answer = await house.ask(route, "anton", house.number)
        if answer.status_code != 404:
            wrong.append(f"{route.method} {route.path}: {answer.status_code}")
    own = await house.api.get("alla", f"/api/tickets/{house.number}")
    listed = await house.api.get("anton", "/api/tickets")
    cabinet = await house.api.http.get(
        "/cabinet", headers={"Cookie": f"session={house.secrets['anton']}"}
    )

    assert not wrong, "\n".join(wrong)
    assert own.status_code == 200
    assert house.number not in listed.text
    assert house.number not in cabinet.text


async def test_a_forged_link_opens_nothing_to_anybody(house: House) -> None:  # R2 K4
    wrong = []

    for route in (route for route in ROUTES if route.is_link):
        for who in (NOBODY, "bogdan", "sveta"):
            answer = await house.ask(route, who, house.number)
            if answer.status_code != 404:
                wrong.append(f"{who} {route.method} {route.path}: {answer.status_code}")

    assert not wrong, "\n".join(wrong)


async def test_a_form_without_the_token_of_its_session_is_not_taken(house: House) -> None:
    guest = {
        "/signin",
        "/signin/forgot",
        "/language",
        "/invitation/{token}",
    }  # they act for whoever asks, not as them
    wrong = []

    for route in ROUTES:
        if route.method != "POST" or route.is_api or route.is_link or route.path in guest:
            continue
        for who in sorted(route.may - {NOBODY, "anton", "bogdan"}):
            answer = await house.ask(route, who, house.number, is_ours=False)
            if answer.status_code != 403 or "в другом сеансе" not in answer.text:
                wrong.append(f"{who} {route.path}: {answer.status_code}")

    assert not wrong, "\n".join(wrong)


async def test_no_route_answers_to_methods_that_it_does_not_name(house: House) -> None:
    wrong = []

    for route in ROUTES:
        for method in ("HEAD", "OPTIONS", "PUT", "DELETE"):
            answer = await house.api.http.request(method, route.at(house.number))
            is_own = route.path == "/api/openapi.json" and method == "HEAD"
            if answer.status_code != 405 and not is_own:
                wrong.append(f"{method} {route.path}: {answer.status_code}")

    assert not wrong, "\n".join(wrong)


async def test_a_file_is_not_given_through_a_ticket_that_does_not_carry_it(
    house: House, story: Story
) -> None:  # R2 R42
    other = await house.api.file("bogdan", "other")
    sent = await house.api.post(
        "alla",
        f"/api/tickets/{house.number}/messages",
        data={"text": "Снимок"},
        files={"files": ("otchet.txt", b"secret", "text/plain")},
        headers={"Idempotency-Key": "with-file"},
    )
    await story.world.settle()
    digest = sha256(b"secret").hexdigest()

    own = await house.api.get("alla", f"/api/files/{digest}?ticket={house.number}")
    through_own = await house.api.get("bogdan", f"/api/files/{digest}?ticket={other}")
    foreign = await house.api.get("bogdan", f"/api/files/{digest}?ticket={house.number}")
    by_page = [
        await house.api.http.get(
            f"{base}/{other}/files/{digest}",
            headers={"Cookie": f"session={house.secrets[who]}"},
        )
        for base, who in (("/cabinet", "bogdan"), ("/tickets", "sveta"))
    ]

    assert sent.status_code == 201
    assert own.status_code == 200
    assert (through_own.status_code, foreign.status_code) == (404, 404)
    assert [answer.status_code for answer in by_page] == [404, 404]


async def test_what_somebody_types_is_shown_to_nobody_else(house: House) -> None:  # U6
    place = f"ticket:{house.number}:write"
    sent = {"place": place, "typed": "1", "key": "d", "text": "Только моё"}

    kept = await house.api.http.post(
        "/drafts",
        data={**sent, "csrf": csrf_of(house.secrets["sveta"])},
        headers={"Cookie": f"session={house.secrets['sveta']}"},
    )
    with house.api.parts.database.transaction() as connection:
        owners = {
            login: drafts.list_at(connection, member.id, "")
            for login in ("sveta", "head")
            if (member := people.find_staff(connection, login))
        }
    seen = await house.api.http.get(
        f"/tickets/{house.number}", headers={"Cookie": f"session={house.secrets['head']}"}
    )

    assert kept.status_code == 204
    assert set(owners["sveta"]) == {place}
    assert owners["head"] == {}
    assert "Только моё" not in seen.text
