"""People see where they have signed in, end what they left open, and change their password."""

from datetime import timedelta

import httpx

from gateway.pages.visitors import csrf_of
from storage import people, sessions
from tests.gateway.conftest import MONDAY, Api, Clock
from tests.gateway.entrance.test_signing_in import (
    SECRET,
    _quick,  # noqa: F401 - the quick hasher holds here as well
    browser,
    enter,
    give_password,
    owner,
)

LATER, SHORT, WRONG = "пять других слов про корову", "коротко", "не тот"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


async def signed_in(api: Api, login: str, agent: str = "") -> httpx.AsyncClient:
    there = browser(api)
    there.headers["user-agent"] = agent
    await enter(there, login)
    return there


async def post(there: httpx.AsyncClient, path: str, **form: str) -> httpx.Response:
    return await there.post(path, data={"csrf": csrf_of(there.cookies["session"]), **form})


def is_good(api: Api, plain: str) -> bool:
    with api.parts.database.transaction() as connection:
        return sessions.find(connection, plain, api.clock()) is not None


async def test_ones_sessions_are_named_and_others_can_be_ended(api: Api) -> None:  # R2
    give_password(api, "sveta")
    here, there = await signed_in(api, "sveta"), await signed_in(api, "sveta", FIREFOX)

    shown = await here.get("/account")
    ended = await post(here, "/account/sessions/end-others")

    assert "Firefox, Windows" in shown.text
    assert shown.text.count("этот браузер") == 1
    assert ended.headers["location"] == "/account?done=ended"
    assert is_good(api, here.cookies["session"])
    assert not is_good(api, there.cookies["session"])


async def test_a_session_of_another_person_is_not_ended(api: Api) -> None:  # R2
    give_password(api, "alla")
    give_password(api, "bogdan")
    alla, bogdan = await signed_in(api, "alla"), await signed_in(api, "bogdan")
    with api.parts.database.transaction() as connection:
        found = sessions.find(connection, bogdan.cookies["session"], MONDAY)
    assert found is not None

    asked = await post(alla, f"/account/sessions/{found.token_id}/end")
    shown = await alla.get("/account")

    assert asked.status_code == 303
    assert shown.status_code == 200
    assert is_good(api, bogdan.cookies["session"])


async def test_a_new_password_ends_other_sessions_and_renews_this_one(api: Api) -> None:  # R2
    give_password(api, "alla")
    here, there = await signed_in(api, "alla"), await signed_in(api, "alla")
    former = here.cookies["session"]

    changed = await post(here, "/account/password", password=SECRET, password_new=LATER)
    shown = await here.get(changed.headers["location"])
    by_old = await enter(browser(api), "alla", SECRET)
    by_new = await enter(browser(api), "alla", LATER)

    assert "Пароль изменён" in shown.text
    assert here.cookies["session"] != former
    assert not is_good(api, former)
    assert not is_good(api, there.cookies["session"])
    assert (by_old.status_code, by_new.status_code) == (422, 303)


async def test_a_password_is_not_changed_without_the_present_one(api: Api) -> None:  # R2
    give_password(api, "alla")
    here = await signed_in(api, "alla")

    wrong = await post(here, "/account/password", password=WRONG, password_new=LATER)
    short = await post(here, "/account/password", password=SECRET, password_new=SHORT)
    for n in range(10):
        last = await post(here, "/account/password", password=f"guess {n}", password_new=LATER)

    assert (wrong.status_code, short.status_code, last.status_code) == (422, 422, 429)
    assert "не ваш нынешний пароль" in wrong.text
    assert "короче 12" in short.text
    assert LATER not in wrong.text
    assert is_good(api, here.cookies["session"])


async def test_a_client_chooses_the_language_of_pages_and_letters(api: Api) -> None:
    give_password(api, "alla")
    here = await signed_in(api, "alla")

    await post(here, "/account/language", language="en")
    shown = await here.get("/account")

    with api.parts.database.transaction() as connection:
        person = people.find_user_by_login(connection, "alla", MONDAY.date())
    assert person is not None
    assert person.language == "en"
    assert '<html lang="en">' in shown.text


async def test_a_session_ends_when_nobody_comes_back_with_it(api: Api, clock: Clock) -> None:  # R2
    give_password(api, "sveta")
    give_password(api, "alla")
    used, left = await signed_in(api, "sveta"), await signed_in(api, "sveta")
    client = await signed_in(api, "alla")

    clock.set(MONDAY + sessions.IDLE - timedelta(minutes=1))
    in_time = await used.get("/account")
    clock.set(MONDAY + sessions.IDLE + timedelta(minutes=1))
    still, away = await used.get("/account"), await left.get("/account")
    clock.set(MONDAY + sessions.LASTS + timedelta(minutes=1))
    at_last, at_home = await used.get("/account"), await client.get("/account")

    assert (in_time.status_code, still.status_code, away.status_code) == (200, 200, 303)
    assert (at_last.status_code, at_home.status_code) == (303, 200)


async def test_what_ended_long_ago_is_forgotten_and_what_is_in_use_is_not(api: Api) -> None:
    database = api.parts.database
    with database.transaction() as connection:
        old = sessions.begin(
            connection, owner(api, "sveta"), MONDAY - timedelta(days=60), "password"
        )
        sessions.begin(connection, owner(api, "sveta"), MONDAY, "password")

    with database.transaction() as connection:
        forgotten = sessions.clear(connection, MONDAY)
        again = sessions.clear(connection, MONDAY)

    assert (forgotten, again) == (1, 0)
    assert not is_good(api, old)
