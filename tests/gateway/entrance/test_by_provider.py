"""Staff sign in by the organisation's account at a real provider; what is unproven stays out."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from domain.terms import Role
from gateway.app import create_app
from storage import people, sessions
from storage.people import Staff
from tests.gateway.conftest import Api, Clock
from tests.gateway.entrance.organisation import (
    SITE,
    Organisation,
    asked,
    changed,
    organisation,
)
from workflows.installation import Installation

BACK = "/signin/provider/callback"


@dataclass
class Service:
    """A service that knows the organisation's provider, and a browser of it."""

    api: Api
    clock: Clock
    settings: Installation

    def browser(self, **changes: object) -> httpx.AsyncClient:
        """Return a browser with no cookies at a service with these settings."""
        settings = self.settings.model_copy(update=changes)
        app = create_app(replace(self.api.parts, settings=settings))
        return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=SITE)

    def member(self, login: str) -> Staff | None:
        """Return one of us as the register has them."""
        with self.api.parts.database.transaction() as connection:
            return people.find_staff(connection, login)

    def role(self, browser: httpx.AsyncClient) -> Role | None:
        """Return in which role the browser is signed in."""
        plain = browser.cookies.get("__Host-session") or ""
        with self.api.parts.database.transaction() as connection:
            found = sessions.find(connection, plain, self.clock())
        return found.role if found else None


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    """Run the organisation's provider for all of these tests."""
    with organisation(tmp_path_factory.mktemp("organisation")) as provider:
        yield provider


@pytest.fixture
def theirs(running: Organisation) -> Organisation:
    """Give the provider as it is told at the beginning of each test."""
    groups = {"tatiana": ["support"], "harry": ["support-head", "support"], "nina": ["bookkeeping"]}
    running.tell(people=groups, names_us=True, client_uri="http://127.0.0.1")
    return running


@pytest.fixture
def service(api: Api, clock: Clock, theirs: Organisation) -> Service:
    """Give a service at the provider's own hour: its tokens are dated by the wall clock."""
    clock.set(datetime.now(UTC))
    keys = {"k1": SecretStr("00" * 32)}
    return Service(api, clock, Installation(site=SITE, signing_keys=keys, **theirs.settings()))  # type: ignore[arg-type]  # values as an environment gives them


async def out(browser: httpx.AsyncClient, onward: str = "/") -> str:
    left = await browser.get("/signin/provider", params={"next": onward})
    assert left.status_code == 303, left.text
    return left.headers["location"]


async def back(browser: httpx.AsyncClient, address: str) -> httpx.Response:
    parts = urlsplit(address)
    assert parts.path == BACK
    return await browser.get(f"{parts.path}?{parts.query}")


async def enter(browser: httpx.AsyncClient, theirs: Organisation, login: str) -> httpx.Response:
    return await back(browser, theirs.walk(await out(browser), login))


async def test_the_organisations_account_leads_to_the_queue_in_its_role(
    service: Service, theirs: Organisation
) -> None:  # R2
    browser = service.browser()

    entered = await enter(browser, theirs, "tatiana")
    front = await browser.get(entered.headers["location"])

    assert (entered.status_code, front.headers["location"]) == (303, "/queue")
    assert service.role(browser) is Role.SPECIALIST
    member = service.member("tatiana")
    assert member is not None
    assert (member.name, member.email) == ("Tatiana Test", "tatiana@organisation.example")


async def test_of_several_groups_the_first_of_the_settings_gives_the_role(
    service: Service, theirs: Organisation
) -> None:  # R2
    first = service.browser()
    second = service.browser(oidc_roles={"support-head": Role.HEAD, "support": Role.SPECIALIST})

    await enter(first, theirs, "harry")
    await enter(second, theirs, "harry")

    assert service.role(second) is Role.HEAD


async def test_the_page_that_was_wanted_is_shown_afterwards_and_no_other_site(
    service: Service, theirs: Organisation
) -> None:  # R2
    browser = service.browser()

    wanted = await back(browser, theirs.walk(await out(browser, "/replies"), "tatiana"))
    elsewhere = await back(browser, theirs.walk(await out(browser, "//evil.example/"), "tatiana"))

    assert (wanted.headers["location"], elsewhere.headers["location"]) == ("/replies", "/")


async def test_the_sign_in_page_offers_the_provider_where_there_is_one(
    service: Service,
) -> None:
    with_one, without = service.browser(), service.browser(oidc_issuer="")

    shown = await with_one.get("/signin", params={"next": "/replies"})
    named = await service.browser(oidc_name="Канарейка").get("/signin")
    hidden = await without.get("/signin")
    closed = await without.get("/signin/provider")

    assert 'href="/signin/provider?next=/replies"' in shown.text
    assert "Войти через учётную запись организации" in shown.text
    assert "Войти через Канарейка" in named.text
    assert ("/signin/provider" in hidden.text, closed.status_code) == (False, 404)


async def test_where_people_are_sent_back_is_said_by_the_settings_alone(
    service: Service,
) -> None:
    browser = service.browser()

    left = await browser.get("/signin/provider", headers={"host": "evil.example"})

    question = asked(left.headers["location"])
    assert question["redirect_uri"] == f"{SITE}{BACK}"
    assert question["code_challenge_method"] == "S256"
    assert {"state", "nonce", "code_challenge"} <= set(question)


async def test_a_code_that_answers_another_challenge_lets_nobody_in(
    service: Service, theirs: Organisation, caplog: pytest.LogCaptureFixture
) -> None:
    browser = service.browser()
    address = changed(await out(browser), code_challenge="A" * 43)

    refused = await back(browser, theirs.walk(address, "tatiana"))

    assert (refused.status_code, service.member("tatiana")) == (400, None)
    assert "не прошёл проверку" in refused.text
    assert "invalid_grant" in caplog.text


async def test_an_identity_that_answers_another_question_lets_nobody_in(
    service: Service, theirs: Organisation, caplog: pytest.LogCaptureFixture
) -> None:
    browser = service.browser()
    address = changed(await out(browser), nonce="another")

    refused = await back(browser, theirs.walk(address, "tatiana"))

    assert (refused.status_code, service.member("tatiana")) == (400, None)
    assert "'nonce'" in caplog.text


async def test_an_identity_for_somebody_else_lets_nobody_in(
    service: Service, theirs: Organisation, caplog: pytest.LogCaptureFixture
) -> None:
    theirs.tell(names_us=False)

    refused = await enter(service.browser(), theirs, "tatiana")

    assert (refused.status_code, service.member("tatiana")) == (400, None)
    assert "'aud'" in caplog.text


async def test_an_identity_that_is_over_lets_nobody_in(
    service: Service, theirs: Organisation, caplog: pytest.LogCaptureFixture
) -> None:
    service.clock.set(datetime.now(UTC) + timedelta(hours=2))

    refused = await enter(service.browser(), theirs, "tatiana")

    assert (refused.status_code, service.member("tatiana")) == (400, None)
    assert "expired" in caplog.text


async def test_a_wrong_secret_of_ours_is_told_as_a_page(
    service: Service, theirs: Organisation, caplog: pytest.LogCaptureFixture
) -> None:
    browser = service.browser(oidc_client_secret=SecretStr("not sesame"))

    refused = await enter(browser, theirs, "tatiana")

    assert (refused.status_code, service.role(browser)) == (400, None)
    assert "invalid_client" in caplog.text


async def test_an_answer_counts_once(service: Service, theirs: Organisation) -> None:
    browser = service.browser()
    answer = theirs.walk(await out(browser), "tatiana")
    await back(browser, answer)

    again = await back(browser, answer)

    assert again.status_code == 400
    assert "уже закончилась" in again.text
    assert "Войти по паролю" in again.text


async def test_an_answer_counts_in_the_browser_that_asked_alone(
    service: Service, theirs: Organisation
) -> None:
    asking, other, forged = service.browser(), service.browser(), service.browser()
    answer = theirs.walk(await out(asking), "tatiana")
    await out(other)

    stolen = await back(other, answer)
    invented = await back(forged, changed(answer, state="invented"))
    entered = await back(asking, answer)

    assert [stolen.status_code, invented.status_code, entered.status_code] == [400, 400, 303]
    assert service.role(other) is None


async def test_two_tabs_sign_in_beside_each_other(service: Service, theirs: Organisation) -> None:
    browser = service.browser()
    first, second = await out(browser, "/replies"), await out(browser)

    later = await back(browser, theirs.walk(second, "tatiana"))
    earlier = await back(browser, theirs.walk(first, "tatiana"))

    assert (later.headers["location"], earlier.headers["location"]) == ("/", "/replies")


async def test_an_answer_that_came_too_late_does_not_count(
    service: Service, theirs: Organisation
) -> None:
    browser = service.browser()
    answer = theirs.walk(await out(browser), "tatiana")
    service.clock.set(service.clock() + timedelta(minutes=11))

    late = await back(browser, answer)

    assert (late.status_code, service.role(browser)) == (400, None)


async def test_an_answer_of_another_issuer_does_not_count(
    service: Service, theirs: Organisation
) -> None:
    browser = service.browser()
    answer = theirs.walk(await out(browser), "tatiana")

    mixed = await back(browser, changed(answer, iss="http://127.0.0.1:1"))

    assert (mixed.status_code, service.role(browser)) == (400, None)


async def test_whoever_has_no_role_is_told_what_to_ask_for(
    service: Service, theirs: Organisation
) -> None:  # R2
    browser = service.browser()

    refused = await enter(browser, theirs, "nina")

    assert (refused.status_code, service.member("nina")) == (403, None)
    assert "support, support-head" in refused.text
    assert service.role(browser) is None


async def test_a_role_that_changed_there_changes_here_and_ends_the_old_sessions(
    service: Service, theirs: Organisation
) -> None:  # R2
    at_work, at_home = service.browser(), service.browser()
    await enter(at_work, theirs, "tatiana")
    theirs.tell(people={"tatiana": ["support-head"]})

    await enter(at_home, theirs, "tatiana")

    assert (service.role(at_work), service.role(at_home)) == (None, Role.HEAD)


async def test_a_role_that_was_lost_there_ends_every_session_here(
    service: Service, theirs: Organisation
) -> None:  # R2
    at_work, at_home = service.browser(), service.browser()
    await enter(at_work, theirs, "tatiana")
    theirs.tell(people={"tatiana": []})

    refused = await enter(at_home, theirs, "tatiana")

    assert (refused.status_code, service.role(at_work)) == (403, None)


async def test_a_clients_login_is_not_taken_over(
    service: Service, theirs: Organisation
) -> None:  # R2
    theirs.tell(people={"alla": ["support"]})

    refused = await enter(service.browser(), theirs, "alla")

    assert (refused.status_code, service.member("alla")) == (403, None)
    assert "принадлежит пользователю клиента" in refused.text


async def test_an_address_that_nobody_verified_is_no_login(
    service: Service, theirs: Organisation
) -> None:
    browser = service.browser(oidc_login_claim="email")

    refused = await enter(browser, theirs, "tatiana")

    assert refused.status_code == 403
    assert "подтверждённое значение «email»" in refused.text


async def test_a_login_that_only_looks_like_anothers_is_none(
    service: Service, theirs: Organisation
) -> None:
    theirs.tell(people={"sve\u200bta": ["support-head"]})

    refused = await enter(service.browser(), theirs, "sve\u200bta")

    sveta = service.member("sveta")
    assert (refused.status_code, sveta and sveta.role) == (403, Role.SPECIALIST)


async def test_whoever_declines_is_told_how_to_go_on(
    service: Service, theirs: Organisation
) -> None:
    theirs.tell(client_uri="https://support.test")  # not trusted: the provider asks for consent
    browser = service.browser()

    declined = await back(browser, theirs.walk(await out(browser), "tatiana", answer="deny"))

    assert declined.status_code == 400
    assert "Вход отменён" in declined.text
    assert "Войти по паролю" in declined.text


async def test_a_provider_that_is_away_leaves_the_password(service: Service) -> None:
    browser = service.browser(oidc_issuer="http://127.0.0.1:9")

    away = await browser.get("/signin/provider")
    form = await browser.get("/signin")

    assert (away.status_code, form.status_code) == (503, 200)
    assert "не отвечает" in away.text
    assert "Вход по паролю работает" in away.text


async def test_a_provider_that_goes_away_meanwhile_leaves_the_password(
    service: Service, theirs: Organisation
) -> None:
    browser = service.browser()
    answer = theirs.walk(await out(browser), "tatiana")
    theirs.stop()

    refused = await back(browser, answer)
    theirs.start()

    assert (refused.status_code, service.member("tatiana")) == (503, None)
    assert "Вход по паролю работает" in refused.text


async def test_new_keys_of_the_provider_are_read_when_they_are_met(
    service: Service, theirs: Organisation
) -> None:
    browser = service.browser()
    await enter(browser, theirs, "tatiana")
    theirs.stop()
    theirs.start()

    entered = await enter(browser, theirs, "tatiana")

    assert entered.status_code == 303


async def test_nobody_fills_the_register_with_sign_ins_that_never_come_back(
    service: Service,
) -> None:
    browser = service.browser()

    told = [(await browser.get("/signin/provider")).status_code for _ in range(70)]

    assert told == [303] * 60 + [429] * 10


@pytest.mark.parametrize(
    "wrong",
    [{"oidc_issuer": "http://provider.example"}, {"oidc_roles": {"everybody": "client"}}],
)
def test_settings_that_would_be_unsafe_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Installation(**wrong)  # type: ignore[arg-type]  # wrong on purpose
