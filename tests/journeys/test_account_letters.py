"""A letter about an account leaves once, to its owner alone, and leaves no link behind.

R2, R45; laws 2, 3 and 9.
"""

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import RowMapping, select, text, update
from temporalio.testing import WorkflowEnvironment

from deploy.local.delivery import Delivery, Stage
from deploy.local.story import A_MOMENT, ANNA, PEOPLE, Story, begin
from deploy.local.world import JOURNAL, KEYS, Place
from deploy.local.world import world as running_world
from domain.calendar import MOSCOW
from domain.terms import LetterState
from gateway.entrance.letters import AccountPost
from gateway.relay import Relay
from storage import accounts, people, review_items
from storage.accounts import RESET_HOLDS, RESET_SPACING, Owner
from storage.database import Database
from storage.mail_tables import letters
from storage.rules import CurrentRules
from storage.ticket_tables import handovers
from tests.conftest import NOBODY, start_numbers
from workflows.installation import Installation

SITE = "https://support.example"
LINK = re.compile(rf"{SITE}/invitation/(i_[\w-]+)")
STRANGER = "stranger@elsewhere.example"
HASHED = "$argon2id$of-a-new-password"


def desk(rules: CurrentRules) -> AccountPost:
    """Return the desk that writes letters about accounts."""
    keys = {name: SecretStr(key.hex()) for name, key in KEYS.keys.items()}
    return AccountPost(Installation(signing_keys=keys, site=SITE), rules())


def owner(story: Story, login: str = "anna") -> Owner:
    """Return whose login it is."""
    with story.world.database.transaction() as connection:
        found = accounts.find_owner(connection, login, story.world.clock())
    assert found is not None
    return found


async def ask(story: Story, typed: str = "anna") -> None:
    """Ask for a link as the page does; the letter leaves, if there is one."""
    with story.world.database.transaction() as connection:
        desk(story.world.rules).answer(connection, typed, story.world.clock())
    await story.until(story.world.clock() + A_MOMENT)


def invite(story: Story, login: str = "anna") -> None:
    """Invite somebody by letter as the operator does."""
    with story.world.database.transaction() as connection:
        desk(story.world.rules).invite(connection, owner(story, login), story.world.clock())


def links(story: Story, address: str = ANNA) -> list[str]:
    """Return the secrets of the links that arrived at an address, in their order."""
    found = (LINK.search(letter.text) for letter in story.mailbox(address))
    return [match[1] for match in found if match]


def choose_password(story: Story, plain: str) -> bool:
    """Use a link up; tell whether it was good."""
    now = story.world.clock()
    with story.world.database.transaction() as connection:
        found = accounts.find_invitation(connection, plain, now)
        if found is None:
            return False
        id_ = accounts.put_hash(connection, found.owner, HASHED, now)
        desk(story.world.rules).tell_of_change(connection, found.owner, id_, now)
        return True


def rows(database: Database) -> list[RowMapping]:
    """Return the letters about accounts as the register has them, oldest first."""
    found = select(letters).where(letters.c.number.is_(None)).order_by(letters.c.prepared_at)
    with database.transaction() as connection:
        return list(connection.execute(found).mappings())


def everything(database: Database) -> str:
    """Return the whole register as text, bytes of letters included."""
    tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    with database.transaction() as connection:
        names = connection.execute(text(tables)).scalars().all()
        kept = [connection.execute(text(f'SELECT * FROM "{name}"')).all() for name in names]  # noqa: S608 - its own
    return "\n".join(str([_readable(value) for value in row]) for table in kept for row in table)


def _readable(value: object) -> object:
    """Return a value of the register so that a link in it can be found."""
    if not isinstance(value, bytes):
        return value
    body = _decoded(value.partition(b"\r\n\r\n")[2])
    return f"{value!r} {body!r}"


def _decoded(body: bytes) -> bytes:
    try:
        return base64.b64decode(body)
    except ValueError:
        return b""


def strings(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield every text of a history, payloads opened."""
    if isinstance(value, dict):
        for name, one in value.items():
            is_payload = name in {"data", "metadata"} and isinstance(one, str)
            yield _decoded(one.encode()).decode("utf-8", "replace") if is_payload else ""
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)
    else:
        yield str(value)


async def test_a_link_arrives_once_at_the_registers_own_address_and_works_once(
    story: Story,
) -> None:  # R2
    await story.until(story.at("sat", "23:00"))

    await ask(story, ANNA.upper())
    await ask(story)
    await ask(story, STRANGER)

    (plain,) = links(story)
    assert (choose_password(story, plain), choose_password(story, plain)) == (True, False)
    assert story.mailbox(STRANGER) == []
    with story.world.database.transaction() as connection:
        assert accounts.find_hash(connection, owner(story)) == HASHED
        assert people.find_user_by_email(connection, ANNA, story.world.clock().date())


async def test_when_a_letter_has_left_its_link_is_kept_nowhere(story: Story) -> None:  # R2 law 9
    await story.until(story.at("mon", "10:00"))
    with story.world.database.transaction() as connection:
        desk(story.world.rules).answer(connection, "anna", story.world.clock())
    before = everything(story.world.database)

    await story.until(story.world.clock() + A_MOMENT)

    (plain,) = links(story)
    (row,) = rows(story.world.database)
    assert plain in before
    assert plain not in everything(story.world.database)
    assert row["state"] == LetterState.ACCEPTED
    assert "[ссылка была в письме]" in row["text"]
    assert story.mailbox(JOURNAL) == []


async def test_the_engine_knows_neither_the_address_nor_the_link(story: Story) -> None:  # law 9
    await story.until(story.at("mon", "10:00"))
    await ask(story)
    (plain,) = links(story)
    (row,) = rows(story.world.database)

    history = await story.world.ticket(row["key"]).fetch_history()

    known = "\n".join(strings(json.loads(history.to_json())))
    assert f'{{"key":"{row["key"]}"' in known  # payloads are opened
    assert not [secret for secret in (plain, ANNA, "anna", "Анна") if secret in known]


async def test_an_invitation_keeps_the_hours_and_what_was_asked_for_does_not(
    story: Story,
) -> None:  # R45
    await story.until(story.at("fri", "20:00"))

    invite(story)
    await ask(story)
    at_night = links(story)
    await story.until(story.at("mon+1", "8:59"))
    before = links(story)
    await story.until(story.at("mon+1", "9:01"))

    assert len(at_night) == len(before) == 1
    assert len(links(story)) == 2
    invited, asked = sorted(rows(story.world.database), key=lambda row: str(row["kind"]))
    assert invited["accepted_at"].astimezone(MOSCOW) >= story.at("mon+1", "9:00")
    assert asked["leaves_at"] is None


async def test_asking_again_sends_nothing_for_ten_minutes_and_ends_no_link(
    story: Story,
) -> None:  # R2
    await story.until(story.at("mon", "10:00"))
    await ask(story)
    await ask(story)
    soon = len(links(story))

    await story.until(story.world.clock() + RESET_SPACING)
    await ask(story)

    first, second = links(story)
    now = story.world.clock()
    with story.world.database.transaction() as connection:
        good = [accounts.find_invitation(connection, one, now) for one in (first, second)]
        over = accounts.find_invitation(connection, second, now + RESET_HOLDS)
    assert soon == 1
    assert None not in good
    assert over is None


async def test_a_new_password_ends_every_link_and_is_told_to_its_owner(story: Story) -> None:  # R2
    await story.until(story.at("mon", "10:00"))
    invite(story)
    await story.until(story.at("mon", "10:05"))
    await ask(story)
    invited, asked = links(story)

    assert choose_password(story, asked)
    await story.until(story.at("mon", "10:10"))

    *_, told = story.mailbox()
    assert told.subject == "Пароль для входа в поддержку PROFMAN ISS задан"
    assert "ЕСЛИ ЭТО БЫЛИ НЕ ВЫ" in told.text
    assert f"{SITE}/signin/forgot" in told.text
    assert not choose_password(story, invited)


async def test_a_letter_whose_link_is_over_before_it_left_does_not_leave(
    story: Story,
) -> None:  # R2
    await story.until(story.at("fri", "20:00"))
    invite(story)
    await ask(story)
    (plain,) = links(story)

    choose_password(story, plain)
    await story.until(story.at("mon+1", "9:01"))

    invited = min(rows(story.world.database), key=lambda row: str(row["kind"]))
    assert len(links(story)) == 1
    assert (invited["state"], invited["mime"]) == (LetterState.WITHHELD, b"")
    assert invited["reason"] == "ссылка в письме больше не действует"


async def test_a_letter_refused_for_good_is_before_a_person(story: Story) -> None:  # R2
    await story.until(story.at("mon", "10:00"))

    def refuse(delivery: Delivery) -> str | None:
        return "550 5.1.1 No such user" if delivery.stage is Stage.RECIPIENT else None

    story.world.office.disturb(refuse)
    await ask(story)

    with story.world.database.transaction() as connection:
        (item,) = review_items.list_open(connection)
    (row,) = rows(story.world.database)
    assert (item.kind, item.number) == ("account_letter", None)
    assert item.reason == f"anna, {ANNA}: 550 5.1.1 No such user"
    assert (row["state"], row["mime"]) == (LetterState.FAILED, b"")


async def test_a_letter_written_while_the_worker_was_down_leaves_once_when_it_is_back(
    database: Database, engine: WorkflowEnvironment, tmp_path: Path
) -> None:  # R2 law 2
    start_numbers(database)
    relay, now = Relay(database, engine.client), datetime.now(UTC)
    rules = CurrentRules(database, lambda: now)
    with database.transaction() as connection:
        people.import_clients(connection, PEOPLE)
        desk(rules).answer(connection, "anna", now)

    told = [await relay.hand_over()]
    with database.transaction() as connection:  # as if the gateway had died before it knew
        connection.execute(update(handovers).values(done_at=None, retry_at=None))
    told.append(await relay.hand_over())
    (before,) = rows(database)
    async with running_world(database, engine, Place(tmp_path / "mail", NOBODY)) as service:
        story = begin(service)
        await story.until(service.clock() + timedelta(minutes=5))

        assert told == [1, 1]
        assert before["state"] == LetterState.PREPARED
        assert len(links(story)) == 1
        await service.end()
