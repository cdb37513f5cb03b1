"""People sign in by their password; whoever guesses is stopped, and nobody else with them."""

from datetime import timedelta
from typing import Any, Literal

import httpx
import pytest
from argon2 import PasswordHasher
from typing_extensions import override

from gateway.entrance import passwords
from gateway.entrance.limits import OF_LOGIN, Guess
from gateway.pages.visitors import csrf_of
from storage import accounts, sessions
from storage.accounts import Owner
from tests.gateway.conftest import MONDAY, Api, Clock

SECRET = "четыре слова про лошадь"  # noqa: S105 - a test's
GUESSES = 1000


class Counted(PasswordHasher):
    """A quick hasher that counts how often it was asked."""

    asked = 0

    @override
    def verify(self, *args: Any, **kwargs: Any) -> Literal[True]:
        """Check a password as its parent does."""
        self.asked += 1
        return super().verify(*args, **kwargs)


FAST = Counted(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hasher", FAST)
    passwords._nobodys.cache_clear()  # noqa: SLF001 - made anew with the quick parameters


def owner(api: Api, login: str) -> Owner:
    with api.parts.database.transaction() as connection:
        found = accounts.find_owner(connection, login, MONDAY)
    assert found is not None
    return found


def link(api: Api, login: str) -> str:
    with api.parts.database.transaction() as connection:
        return f"/invitation/{accounts.invite(connection, owner(api, login), MONDAY).plain}"


def give_password(api: Api, login: str) -> None:
    with api.parts.database.transaction() as connection:
        accounts.put_hash(connection, owner(api, login), FAST.hash(SECRET), MONDAY)


def browser(api: Api, address: str = "203.0.113.7") -> httpx.AsyncClient:
    application = api.http._transport.app  # type: ignore[attr-defined]  # noqa: SLF001 - the one served
    transport = httpx.ASGITransport(application, client=(address, 50000))
    return httpx.AsyncClient(transport=transport, base_url="http://support.test")


async def enter(there: httpx.AsyncClient, login: str, secret: str = SECRET) -> httpx.Response:
    return await there.post(
        "/signin", data={"login": login, "password": secret, "next": "/replies"}
    )


def refusals(api: Api, login: str, guesses: int) -> int:
    """Count many more guesses of the guesser's network; return how many were refused."""
    guess = Guess(((f"login {login} 203.0.113.7/32", OF_LOGIN),))
    with api.parts.database.transaction() as connection:
        return sum(guess.wait_until(connection, MONDAY) is not None for __ in range(guesses))


async def test_the_right_password_leads_to_the_page_that_was_wanted(api: Api) -> None:  # R2
    give_password(api, "sveta")
    there = browser(api)

    wanted = await there.get("/replies")
    entered = await enter(there, "sveta")
    shown = await there.get("/replies")

    assert wanted.headers["location"] == "/signin?next=%2Freplies"
    assert (entered.status_code, entered.headers["location"]) == (303, "/replies")
    assert "HttpOnly" in entered.headers["set-cookie"]
    assert shown.status_code == 200


async def test_a_wrong_password_and_a_wrong_login_are_answered_alike(api: Api) -> None:  # R2
    give_password(api, "alla")
    there = browser(api)

    wrong = await enter(there, "alla", "не тот пароль совсем")
    nobody = await enter(there, "nobody", "не тот пароль совсем")

    assert (wrong.status_code, nobody.status_code) == (422, 422)
    assert wrong.text.replace("alla", "nobody") == nobody.text


async def test_guesses_are_stopped_and_do_not_keep_the_owner_out(
    api: Api, clock: Clock
) -> None:  # R2
    give_password(api, "alla")
    guesser, at_home = browser(api), browser(api, "198.51.100.9")

    asked = FAST.asked
    told = [(await enter(guesser, "alla", f"guess {n}")).status_code for n in range(OF_LOGIN + 5)]
    looked_at = FAST.asked - asked
    refused = refusals(api, "alla", GUESSES - len(told))
    entered = await enter(at_home, "alla")
    clock.set(MONDAY + timedelta(minutes=16))
    later = await enter(guesser, "alla", "guess")

    assert told == [422] * OF_LOGIN + [429] * 5
    assert looked_at == OF_LOGIN  # a refused guess costs no look at a password
    assert refused == GUESSES - len(told)
    assert entered.status_code == 303
    assert later.status_code == 422


async def test_a_known_browser_is_not_slowed_by_guesses_from_its_network(api: Api) -> None:  # R2
    give_password(api, "alla")
    known, guesser = browser(api), browser(api)
    await enter(known, "alla")

    for n in range(OF_LOGIN + 5):
        await enter(guesser, "alla", f"guess {n}")
    entered = await enter(known, "alla")

    assert entered.status_code == 303


async def test_nobody_is_led_to_another_site(api: Api) -> None:
    give_password(api, "alla")

    entered = await browser(api).post(
        "/signin", data={"login": "alla", "password": SECRET, "next": "//elsewhere.example/"}
    )

    assert entered.headers["location"] == "/"


async def test_a_link_is_used_up_by_its_form_and_not_by_a_look(api: Api) -> None:  # R2
    first, second = link(api, "bogdan"), ""
    there = browser(api)

    looked = [(await there.get(first)).status_code for _ in range(3)]
    short = await there.post(first, data={"password": "коротко"})
    taken = await there.post(first, data={"password": SECRET})
    again = await there.post(first, data={"password": SECRET})
    second, newer = link(api, "bogdan"), link(api, "bogdan")

    assert looked == [200] * 3
    assert (short.status_code, taken.status_code, again.status_code) == (422, 303, 404)
    assert (await there.get(second)).status_code == 404
    assert (await there.get(newer)).status_code == 200


async def test_whoever_signs_out_has_no_session_any_more(api: Api) -> None:  # R2
    give_password(api, "sveta")
    there = browser(api)
    await enter(there, "sveta")
    plain = there.cookies["session"]

    left = await there.post("/signout", data={"csrf": csrf_of(plain)})

    with api.parts.database.transaction() as connection:
        found = sessions.find(connection, plain, MONDAY)
    assert (left.status_code, found) == (303, None)


async def again_as(api: Api, login: str, form: str) -> int:
    """Sign in after a session of Alla's is over, send a form of that session, return the answer."""
    give_password(api, "alla")
    async with browser(api) as there:
        await enter(there, "alla")
        former = there.cookies["session"]
        give_password(api, login)
        with api.parts.database.transaction() as connection:
            sessions.end_all(connection, owner(api, "alla"), MONDAY)
        await enter(there, login)
        token = {"before": csrf_of(former), "forged": csrf_of("s_forged"), "none": ""}[form]
        sent = await there.post("/account/language", data={"csrf": token, "language": "ru"})
    return sent.status_code


async def test_a_form_of_ones_session_before_is_taken_from_the_one_after(api: Api) -> None:  # R2
    assert await again_as(api, "alla", "before") == 303


@pytest.mark.parametrize("form", ["forged", "none"])
async def test_no_other_form_is_taken_after_signing_in_again(api: Api, form: str) -> None:  # R2
    assert await again_as(api, "alla", form) == 403


async def test_a_form_of_another_persons_session_is_never_taken(api: Api) -> None:  # R2
    assert await again_as(api, "sveta", "before") == 403


async def test_signing_out_forgets_the_session_before(api: Api) -> None:  # R2
    give_password(api, "alla")
    async with browser(api) as there:
        await enter(there, "alla")
        with api.parts.database.transaction() as connection:
            sessions.end_all(connection, owner(api, "alla"), MONDAY)
        await enter(there, "alla")
        assert "session-former" in there.cookies
        await there.post("/signout", data={"csrf": csrf_of(there.cookies["session"])})

        assert {"session", "session-former"} & set(there.cookies) == set()
