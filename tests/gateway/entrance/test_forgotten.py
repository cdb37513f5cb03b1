"""Whoever asks for a link learns nothing of others, and gets it at the register's own address."""

from datetime import timedelta
from time import monotonic

import pytest
from pydantic import SecretStr
from sqlalchemy import RowMapping, select, update

from gateway.entrance import forgotten, passwords
from gateway.entrance.letters import AccountPost, NoAddressError
from gateway.entrance.limits import OF_NETWORK
from gateway.pages.visitors import csrf_of
from storage import accounts, handovers, people
from storage.accounts import RESET_SPACING
from storage.mail_tables import letters
from storage.people_tables import staff, users
from tests.gateway.conftest import MONDAY, Api, Clock
from tests.gateway.entrance.test_signing_in import FAST, SECRET, browser, enter, owner
from workflows.installation import Installation

EVERY_STAFF = ("sveta", "stepan", "head", "dev", "ops")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hasher", FAST)
    monkeypatch.setattr(forgotten, "ANSWERED_AFTER", 0.0)


def written(api: Api) -> list[RowMapping]:
    """Return the letters about accounts, oldest first."""
    found = select(letters).where(letters.c.number.is_(None)).order_by(letters.c.key)
    with api.parts.database.transaction() as connection:
        return list(connection.execute(found).mappings())


def recipients(api: Api) -> list[str]:
    return sorted(row["recipient"] for row in written(api))


async def ask(api: Api, typed: str, address: str = "203.0.113.7") -> tuple[int, str, str]:
    """Ask for a link; return status and place of the answer, and the page that it leads to."""
    there = browser(api, address)
    answer = await there.post("/signin/forgot", data={"login": typed})
    shown = await there.get(answer.headers["location"])
    return answer.status_code, answer.headers["location"], shown.text


async def test_the_entrance_leads_to_the_page_and_the_page_works(api: Api) -> None:  # R2
    entrance = await browser(api).get("/signin")
    page = await browser(api).get("/signin/forgot")

    assert 'href="/signin/forgot"' in entrance.text
    assert "Забыли пароль или ещё не задали его?" in entrance.text
    assert 'method="post" action="/signin/forgot"' in page.text
    assert "<script src" in page.text
    assert "Прислать ссылку" in page.text


@pytest.mark.parametrize(
    "typed", ["alla", "alla@alpha.example", "sveta", "nobody", "nobody@x.example", "' OR 1=1 --"]
)
async def test_the_answer_is_the_same_whatever_was_typed(api: Api, typed: str) -> None:  # R2
    known = await ask(api, "bogdan")

    answer = await ask(api, typed)

    assert answer == known
    assert answer[:2] == (303, "/signin/forgot?asked=1")
    assert "действует один час" in answer[2]


@pytest.mark.parametrize("typed", ["alla", "nobody"])
async def test_no_answer_comes_sooner_than_another(
    api: Api, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:  # R2
    monkeypatch.setattr(forgotten, "ANSWERED_AFTER", 0.5)
    there, begun_at = browser(api), monotonic()

    await there.post("/signin/forgot", data={"login": typed})

    assert monotonic() - begun_at >= 0.5


@pytest.mark.parametrize("typed", ["alla", "alla@alpha.example", "ALLA@Alpha.Example", " alla "])
async def test_a_login_or_an_address_of_the_register_gets_one_letter(
    api: Api, typed: str
) -> None:  # R2
    await ask(api, typed)

    (letter,) = written(api)
    assert letter["recipient"] == "alla@alpha.example"
    assert letter["kind"] == "password_reset"
    with api.parts.database.transaction() as connection:
        (told,) = handovers.claim(connection, MONDAY + timedelta(days=3650), 10)
    assert (told.kind, told.number) == ("account_letter", letter["key"])
    assert set(told.payload) == {"at"}


async def test_nobody_gets_a_letter_for_a_login_that_is_not_there(api: Api) -> None:  # R2
    await ask(api, "nobody@elsewhere.example")

    assert written(api) == []


async def test_a_login_without_a_usable_address_is_answered_alike_and_written_nothing(
    api: Api,
) -> None:  # R2
    known = await ask(api, "bogdan")
    with api.parts.database.transaction() as connection:
        connection.execute(update(users).where(users.c.login == "alla").values(email=""))

    assert await ask(api, "alla") == known
    assert recipients(api) == ["bogdan@beta.example"]


async def test_people_who_share_an_address_get_a_letter_each_that_names_their_login(
    api: Api,
) -> None:  # R2
    shared = "office@alpha.example"
    with api.parts.database.transaction() as connection:
        chosen = users.c.login.in_(["alla", "bogdan"])
        connection.execute(update(users).where(chosen).values(email=shared))

    await ask(api, shared)

    texts = [row["text"] for row in written(api)]
    assert recipients(api) == [shared, shared]
    assert sorted(login for login in ("alla", "bogdan") if any(login in one for one in texts)) == [
        "alla",
        "bogdan",
    ]


async def test_a_mailbox_cannot_be_filled(api: Api, clock: Clock) -> None:  # R2
    for _ in range(5):
        await ask(api, "alla")
        await ask(api, "alla@alpha.example", "198.51.100.9")
    at_once = len(written(api))

    clock.set(MONDAY + RESET_SPACING)
    await ask(api, "alla")

    assert at_once == 1
    assert len(written(api)) == 2


async def test_asking_is_counted_by_network_and_nobody_elses_is_stopped(api: Api) -> None:  # R2
    there = browser(api)
    told = [
        (await there.post("/signin/forgot", data={"login": f"guess{n}"})).status_code
        for n in range(OF_NETWORK + 2)
    ]

    stopped = await there.post("/signin/forgot", data={"login": "alla"})
    elsewhere = await ask(api, "bogdan", "198.51.100.9")

    assert told == [303] * OF_NETWORK + [429] * 2
    assert stopped.status_code == 429
    assert int(stopped.headers["Retry-After"]) > 0
    assert "Слишком много попыток" in stopped.text
    assert elsewhere[0] == 303
    assert recipients(api) == ["bogdan@beta.example"]


async def test_nothing_typed_is_asked_for_again(api: Api) -> None:
    answer = await browser(api).post("/signin/forgot", data={"login": " \u200e "})

    assert answer.status_code == 422
    assert "Напишите логин или адрес" in answer.text


async def test_a_strangers_asking_ends_no_link_that_the_owner_has(api: Api) -> None:  # R2
    with api.parts.database.transaction() as connection:
        invited = accounts.invite(connection, owner(api, "alla"), MONDAY).plain

    await ask(api, "alla")

    assert (await browser(api).get(f"/invitation/{invited}")).status_code == 200


async def test_who_is_vouched_for_by_the_provider_gets_no_way_round_it(api: Api) -> None:  # R2
    settings = Installation(
        signing_keys={"k1": SecretStr("00" * 32)},
        oidc_issuer="https://id.example",
        oidc_client_id="support",
    )
    post = AccountPost(settings, api.parts.rules())
    with api.parts.database.transaction() as connection:
        accounts.put_hash(connection, owner(api, "head"), "hash", MONDAY)

        for login in (*EVERY_STAFF, "alla"):
            post.answer(connection, login, MONDAY)

    assert recipients(api) == ["alla@alpha.example", "head@s.test"]


async def test_an_answer_in_english_writes_to_a_client_in_the_clients_own_language(
    api: Api,
) -> None:  # R2
    with api.parts.database.transaction() as connection:
        person = people.find_user_by_login(connection, "bogdan", MONDAY.date())
        assert person is not None
        people.put_language(connection, person.user_id, "en")

    for login in ("alla", "bogdan"):
        await ask(api, login)

    subjects = {row["recipient"]: row["subject"] for row in written(api)}
    assert subjects["alla@alpha.example"].startswith("Новый пароль")
    assert subjects["bogdan@beta.example"].startswith("A new password")


async def test_a_password_changed_on_the_account_page_is_told_to_its_owner(api: Api) -> None:  # R2
    with api.parts.database.transaction() as connection:
        accounts.put_hash(connection, owner(api, "alla"), FAST.hash(SECRET), MONDAY)
    there = browser(api)
    await enter(there, "alla")
    form = {"csrf": csrf_of(there.cookies["session"]), "password": SECRET}

    wrong = await there.post("/account/password", data={**form, "password_new": "коротко"})
    before = written(api)
    changed = await there.post(
        "/account/password", data={**form, "password_new": "пять других слов про коня"}
    )

    (letter,) = written(api)
    assert (wrong.status_code, before, changed.status_code) == (422, [], 303)
    assert (letter["kind"], letter["recipient"]) == ("password_changed", "alla@alpha.example")
    assert letter["invitation_id"] is None


async def test_a_password_chosen_by_a_link_is_told_to_its_owner(api: Api) -> None:  # R2
    with api.parts.database.transaction() as connection:
        link = accounts.invite(connection, owner(api, "alla"), MONDAY)

    taken = await browser(api).post(f"/invitation/{link.plain}", data={"password": SECRET})

    assert taken.status_code == 303
    assert [row["kind"] for row in written(api)] == ["password_changed"]


async def test_an_invitation_without_an_address_is_refused_and_ends_nothing(api: Api) -> None:  # R2
    with api.parts.database.transaction() as connection:
        former = accounts.invite(connection, owner(api, "sveta"), MONDAY).plain
        connection.execute(update(staff).where(staff.c.login == "sveta").values(email="s"))
    post = AccountPost(api.parts.settings, api.parts.rules())

    with api.parts.database.transaction() as connection, pytest.raises(NoAddressError):
        post.invite(connection, owner(api, "sveta"), MONDAY)

    assert written(api) == []
    assert (await browser(api).get(f"/invitation/{former}")).status_code == 200
