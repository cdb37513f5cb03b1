"""Whoever a letter says it is from, it can add words at most: R2, R28, R33, R53, law 11.

What stands in a header is forged in a moment; only an id that we signed names a ticket, and it
gives its bearer no more than a hearing.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local.story import ANNA, Story
from domain.commands import AskClient, Take
from domain.terms import Role, Status
from gateway.filing import FilingDesk
from gateway.sorting import Sorter
from mail.authentication import NOT_CHECKED
from mail.reading import OwnNames, read
from storage import people
from storage.database import Database
from storage.files import FileStore
from storage.raw_letters import RawState
from storage.rules import CurrentRules
from tests.gateway.test_sorting import (
    AT,
    CLIENT,
    FORGERS_KEYS,
    HOUSE,
    Office,
    arrived,
    bounce,
    letter_state,
    send_letter,
    signed,
    written,
)

STAFF = "sveta@profman.ru"
EVIL = "bob@evil.example"
ORDERS = "Закрыть заявку. /close #close status: closed\nКритичность: критичная"
FROM_SOMEBODY_ELSE = {
    "an address as a name": f"{CLIENT} <{EVIL}>",
    "an address as a quoted name": f'"{CLIENT}" <{EVIL}>',
    "an address as an encoded name": f"=?utf-8?q?o=2Ebelova=40sever=2Eexample?= <{EVIL}>",
    "two addresses": f"{CLIENT}, {EVIL}",
    "two addresses, ours last": f"{EVIL}, {CLIENT}",
    "an address in a comment": f"{EVIL} ({CLIENT})",
    "two pairs of brackets": f"<{CLIENT}> <{EVIL}>",
    "a group": f"undisclosed: {CLIENT}, {EVIL};",
    "a group of one": f"undisclosed: {CLIENT};",
    "an empty group": "undisclosed:;",
    "a route": f"<@evil.example:{CLIENT}>",
    "a quoted piece": f'"{CLIENT}"@evil.example',
    "a look-alike": CLIENT.replace("o.", "о."),
    "a blank inside": CLIENT.replace("@", "@ "),
    "nothing": "",
}


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    rules = CurrentRules(database, lambda: AT)
    desk = FilingDesk(FileStore(tmp_path), rules, HOUSE, lambda: AT)
    return Office(database, Sorter(database, desk))


@pytest.fixture
async def ticket(office: Office) -> str:
    """Give a ticket of a client whom the register knows."""
    row = {
        "client_code": "sever",
        "client_name": "ООО «Север»",
        "login": "belova",
        "user_name": "Ольга Белова",
        "email": CLIENT,
        "contract_starts_on": "2026-01-01",
    }
    with office.database.transaction() as connection:
        people.import_clients(connection, [row])
        people.put_staff(connection, "sveta", "Света", STAFF, Role.SPECIALIST)
    await office.receive(arrived(written()))
    [request] = office.requests()
    assert request["is_verified"]
    return str(request["number"])


def from_two(first: str, second: str, **fields: str) -> bytes:
    return f"From: {first}\r\n".encode() + written(From=second, **fields).as_bytes()


def resuming(office: Office) -> list[str]:
    """Return what processes are told that might change anything on a ticket."""
    told = office.handovers()
    return [one.kind for one in told if one.kind != "start" and one.payload.get("resumes", True)]


@pytest.mark.parametrize("sender", [STAFF, "office@profman.ru", "head@profman.ru"])
async def test_a_spoofed_letter_of_staff_in_a_true_thread_is_a_strangers_word_and_no_more(
    story: Story, tmp_path: Path, sender: str
) -> None:  # R2 R28 R53
    database = story.world.database
    with database.transaction() as connection:
        people.put_staff(connection, "sveta", "Света", STAFF, Role.SPECIALIST)
    desk = FilingDesk(FileStore(tmp_path), story.world.rules, HOUSE, story.world.clock)
    office = Office(database, Sorter(database, desk))
    number = await story.register(story.at("mon", "10:00"))
    await story.order(number, Take())
    await story.order(number, AskClient(story.text(number, "Какая версия?")))
    journal, letters = story.kinds(number), story.letters(number)
    thread = story.mailbox(ANNA)[-1].message_id
    forged = written(ORDERS, From=f"Поддержка <{sender}>", In_Reply_To=thread, References=thread)

    states = await office.receive(replace(arrived(forged), received_at=story.world.clock()))
    await story.world.settle()

    message = office.messages(number)[-1]
    assert states == [RawState.FILED]
    assert (message["standing"], message["direction"]) == ("third_person", "in")
    assert story.ticket(number).status is Status.AWAITING_CLIENT
    assert story.kinds(number) == [*journal, "client_answered"]
    assert story.letters(number) == letters
    assert [request["number"] for request in office.requests()] == [number]


@pytest.mark.parametrize("sender", FROM_SOMEBODY_ELSE.values(), ids=FROM_SOMEBODY_ELSE)
async def test_a_sender_in_doubt_has_no_clients_rights_on_a_ticket(
    office: Office, ticket: str, sender: str
) -> None:  # R2 R28
    forged = f"From: {sender}\r\n".encode() + without_from(In_Reply_To=signed(ticket))

    await office.receive(arrived(forged))

    _, message = office.messages(ticket)
    assert message["standing"] == "third_person"
    assert resuming(office) == []


@pytest.mark.parametrize("sender", FROM_SOMEBODY_ELSE.values(), ids=FROM_SOMEBODY_ELSE)
async def test_a_sender_in_doubt_opens_a_ticket_of_nobodys(
    office: Office, ticket: str, sender: str
) -> None:  # R2 Q12
    forged = f"From: {sender}\r\n".encode() + without_from("Прочее.")

    await office.receive(arrived(forged))

    *_, request = office.requests()
    assert (request["client_id"], request["is_verified"]) == (None, False)
    assert request["number"] != ticket


@pytest.mark.parametrize(("first", "second"), [(CLIENT, EVIL), (EVIL, CLIENT), (CLIENT, CLIENT)])
async def test_two_senders_are_no_sender(
    office: Office, ticket: str, first: str, second: str
) -> None:  # R2 R28
    in_thread = from_two(first, second, In_Reply_To=signed(ticket))

    await office.receive(arrived(in_thread), arrived(from_two(first, second, Subject="Новое")))

    _, message = office.messages(ticket)
    *_, request = office.requests()
    assert message["standing"] == "third_person"
    assert (request["client_id"], request["is_verified"]) == (None, False)
    assert resuming(office) == []


@pytest.mark.parametrize("field", ["Reply-To", "Sender", "Return-Path", "Resent-From", "X-Sender"])
async def test_no_field_but_from_names_the_sender(
    office: Office, ticket: str, field: str
) -> None:  # R2 R28
    fields = {"From": EVIL, field: CLIENT}

    await office.receive(
        arrived(written("Раз.", **fields)),
        arrived(written("Два.", **fields, In_Reply_To=signed(ticket))),
        arrived(f"{field}: {CLIENT}\r\n".encode() + without_from("Три.")),
    )

    _, *opened = office.requests()
    assert [(one["client_id"], one["is_verified"]) for one in opened] == [(None, False)] * 2
    assert opened[0]["address"] == EVIL
    assert office.messages(ticket)[-1]["standing"] == "third_person"


async def test_what_a_foreign_server_found_out_counts_for_nothing(
    office: Office, ticket: str
) -> None:  # R2
    findings = "mx.evil.example; spf=pass; dkim=pass; dmarc=pass"
    forged = from_two(CLIENT, EVIL, Authentication_Results=findings, In_Reply_To=signed(ticket))

    await office.receive(arrived(forged))

    own = OwnNames(authserv_ids=frozenset({"mx.profman.ru"}))
    assert read(forged, own).authentication == NOT_CHECKED
    assert office.messages(ticket)[-1]["standing"] == "third_person"


async def test_control_fields_of_our_own_have_no_effect(office: Office, ticket: str) -> None:
    fields = {  # R28 R35
        "X-Profman-Ticket": ticket,
        "X-Profman-Severity": "critical",
        "X-Profman-Criticality": "critical",
        "X-Profman-Client": "1",
        "X-Profman-Status": "closed",
        "X-Profman-Command": "close",
        "X-Profman-Verified": "yes",
    }

    await office.receive(arrived(written(ORDERS.split("\n", maxsplit=1)[0], **fields, From=EVIL)))

    old, new = office.requests()
    assert (old["number"], len(office.messages(ticket))) == (ticket, 1)
    assert (new["declared"], new["client_id"], new["is_verified"]) == ("normal", None, False)
    assert (new["suggested_link"], new["withheld"]) == ("", "")
    assert (office.items(), resuming(office)) == ([], [])


@pytest.mark.parametrize("instance", ["support", "other", "support\r\n x"])
async def test_a_loop_mark_without_an_id_of_ours_hides_no_letter(
    office: Office, ticket: str, instance: str
) -> None:  # R28 R33
    marked = f"X-Profman-Loop: {instance}\r\n".encode() + written("Своё.").as_bytes()
    foreign_id = signed(ticket, FORGERS_KEYS)
    namesake = written("Чужое.", X_Profman_Loop="support", Message_ID=foreign_id)

    states = await office.receive(arrived(marked), arrived(namesake))

    _, *opened = office.requests()
    assert states == [RawState.FILED] * 2
    assert len(opened) == 2
    assert all(one["withheld"].startswith("машинное письмо") for one in opened)


@pytest.mark.parametrize("field", ["In-Reply-To", "References"])
async def test_a_reply_to_the_same_number_of_another_installation_is_a_new_matter(
    office: Office, ticket: str, field: str
) -> None:  # R28
    theirs = written(**{field: f"<x@y.example> {signed(ticket, FORGERS_KEYS)}"})
    theirs.replace_header("Message-ID", "<theirs@sever.example>")

    await office.receive(arrived(theirs))

    old, new = office.requests()
    assert (old["number"], len(office.messages(ticket))) == (ticket, 1)
    assert (new["suggested_link"], office.items()) == ("", [])


async def test_a_true_id_where_anybody_may_write_it_is_a_suggestion_at_most(
    office: Office, ticket: str
) -> None:  # R28
    thread = signed(ticket)
    in_body = written(f"Отвечаю на {thread}\nIn-Reply-To: {thread}\n")

    await office.receive(arrived(written("Раз.", Subject=f"Re: {thread}")), arrived(in_body))

    _, by_subject, by_body = office.requests()
    assert len(office.messages(ticket)) == 1
    assert (by_subject["suggested_link"], by_body["suggested_link"]) == (ticket, "")
    assert office.items() == ["possible_link"]


@pytest.mark.parametrize("keys_of", ["nobody", "another installation"])
async def test_a_forged_bounce_is_shown_and_changes_nothing(
    office: Office, ticket: str, keys_of: str
) -> None:  # R33 R46
    with office.database.transaction() as connection:
        send_letter(connection, ticket)
    claimed = f"<t.{ticket}.1.confirmation@profman.ru>"
    forged = claimed if keys_of == "nobody" else signed(ticket, FORGERS_KEYS)

    await office.receive(arrived(bounce(forged)))

    assert (len(office.requests()), len(office.messages(ticket))) == (1, 1)
    assert (letter_state(office), office.bounced_addresses()) == ("accepted", [])
    assert office.items() == ["undeliverable"]
    assert [told.kind for told in office.handovers()] == ["start"]


async def test_a_bounce_in_a_true_thread_of_a_letter_we_never_sent_marks_no_address(
    office: Office, ticket: str
) -> None:  # R33 R46
    with office.database.transaction() as connection:
        send_letter(connection, ticket)
    head = f"In-Reply-To: {signed(ticket)}\r\n".encode()

    await office.receive(arrived(head + bounce("<forged@profman.ru>")))

    assert office.messages(ticket)[-1]["standing"] == "bounce"
    assert (letter_state(office), office.bounced_addresses()) == ("accepted", [])
    assert (len(office.requests()), resuming(office)) == (1, [])


def without_from(text: str = "Закройте её.", **fields: str) -> bytes:
    letter = written(text, **fields)
    del letter["From"]
    return letter.as_bytes()
