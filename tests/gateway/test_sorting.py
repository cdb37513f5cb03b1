"""Whatever a door has kept is filed once: where it belongs, and never more than it may."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import RowMapping, insert, select, update

from domain.filing import MOST_A_DAY, ONE_DAY, SPACING
from domain.terms import Channel, LetterState
from gateway.filing import FilingDesk
from gateway.incoming import House
from gateway.sorting import Sorter
from mail.identity import Keyring, sign, sign_account
from storage import accounts, files, filing, people, raw_letters, requests, review_items
from storage.database import Connection, Database
from storage.files import FileStore
from storage.handovers import Handover, claim
from storage.mail_tables import bounced_addresses, letters
from storage.mail_tables import raw_letters as raw_rows
from storage.messages import ClientMessage
from storage.raw_letters import Arrival, RawState
from storage.requests import Registration
from storage.rules import CurrentRules, Rules
from storage.ticket_tables import messages, tickets
from storage.ticket_tables import requests as request_rows

AT = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)  # a Monday, 11:30 in Moscow
KEYS = Keyring("k1", {"k1": bytes(range(32))})
FORGERS_KEYS = Keyring("k1", {"k1": bytes(32)})
HOUSE = House(KEYS, frozenset({"lanskov@profman.ru", "office@profman.ru"}), "support")
CLIENT = "o.belova@sever.example"
PICTURE = b"\x89PNG\r\n\x1a\n and so on"
CORPUS = Path(__file__).parents[3] / "shared" / "mail-corpus"


@dataclass(frozen=True)
class Office:
    """A register with a sorter, and short ways to ask it."""

    database: Database
    sorter: Sorter

    async def receive(self, *arrivals: Arrival) -> list[RawState]:
        """Keep letters, have them filed, and return what became of each."""
        ids = self.keep(*arrivals)
        await self.sorter.sort()
        return [self.settled(id_)[0] for id_ in ids]

    def keep(self, *arrivals: Arrival) -> list[int]:
        """Keep letters as a door would."""
        with self.database.transaction() as connection:
            return [raw_letters.keep(connection, arrival) for arrival in arrivals]

    def settled(self, id_: int) -> tuple[RawState, str]:
        """Return what became of a letter, and why."""
        found = select(raw_rows.c.state, raw_rows.c.reason).where(raw_rows.c.id == id_)
        with self.database.transaction() as connection:
            row = connection.execute(found).one()
        return RawState(row.state), row.reason

    def requests(self) -> Sequence[RowMapping]:
        """Return all requests, oldest first."""
        with self.database.transaction() as connection:
            found = select(request_rows).order_by(request_rows.c.number)
            return connection.execute(found).mappings().all()

    def messages(self, number: str) -> Sequence[RowMapping]:
        """Return all messages of a ticket, oldest first."""
        with self.database.transaction() as connection:
            found = select(messages).where(messages.c.number == number).order_by(messages.c.id)
            return connection.execute(found).mappings().all()

    def handovers(self) -> list[Handover]:
        """Return what processes have yet to be told."""
        with self.database.transaction() as connection:
            return claim(connection, AT, 100)

    def item_numbers(self) -> list[str | None]:
        """Return the tickets of what people have to look at."""
        with self.database.transaction() as connection:
            return [item.number for item in review_items.list_open(connection)]

    def bounced_addresses(self) -> list[str]:
        """Return the addresses that letters of ours came back from."""
        with self.database.transaction() as connection:
            return list(connection.execute(select(bounced_addresses.c.address)).scalars())

    def items(self) -> list[str]:
        """Return the kinds of what people have to look at."""
        with self.database.transaction() as connection:
            return [item.kind for item in review_items.list_open(connection)]


def meet_too(database: Database) -> bool:
    with database.transaction() as connection:
        return filing.meet(connection, CLIENT, "<a@b>")


@pytest.fixture
def rules(database: Database) -> CurrentRules:
    return CurrentRules(database, lambda: AT)


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path)


@pytest.fixture
def office(database: Database, rules: CurrentRules, store: FileStore) -> Office:
    return Office(database, Sorter(database, FilingDesk(store, rules, HOUSE, lambda: AT)))


@pytest.fixture
def belova(database: Database) -> int:
    row = {
        "client_code": "sever",
        "client_name": "ООО «Север»",
        "login": "belova",
        "user_name": "Ольга Белова",
        "email": CLIENT,
        "phone": "+7 495 000-00-00",
        "contract_starts_on": date(2026, 1, 1).isoformat(),
    }
    with database.transaction() as connection:
        people.import_clients(connection, [row])
        person = people.find_user_by_email(connection, CLIENT, AT.date())
    assert person is not None
    return person.client_id


@pytest.fixture
def ticket(database: Database) -> str:
    registration = Registration(
        key="web:1",
        channel=Channel.WEB,
        received_at=AT,
        accepted_at=AT,
        subject="Не открывается отчёт",
        text="Отчёт закрывается сразу.",
        address=CLIENT,
        name="Ольга Белова",
    )
    with database.transaction() as connection:
        number = requests.register(connection, registration).number
        connection.execute(update(tickets).values(status="in_diagnosis"))
    return number


def written(text: str = "Отчёт не открывается.", **headers: str) -> EmailMessage:
    letter = EmailMessage()
    standard = {
        "From": f"Ольга Белова <{CLIENT}>",
        "To": "lanskov@profman.ru",
        "Subject": "Отчёт по аренде",
        "Date": "Mon, 07 Sep 2026 11:30:00 +0300",
        "Message-ID": f"<{sha256(text.encode()).hexdigest()}@sever.example>",
    }
    for name, value in (
        standard | {key.replace("_", "-"): v for key, v in headers.items()}
    ).items():
        letter[name] = value
    letter.set_content(text)
    return letter


def arrived(letter: EmailMessage | bytes, received_at: datetime = AT) -> Arrival:
    content = letter if isinstance(letter, bytes) else letter.as_bytes()
    return Arrival(content=content, door="imap", received_at=received_at)


def signed(number: str, keys: Keyring = KEYS) -> str:
    return sign(number, 1, "confirmation", keys, "profman.ru")


def close(connection: Connection, number: str) -> None:
    row = update(tickets).where(tickets.c.number == number)
    connection.execute(row.values(status="closed", closed_at=AT))


def send_letter(connection: Connection, number: str) -> str:
    message_id = signed(number)
    connection.execute(
        insert(letters).values(
            key=f"{number}/1/confirmation",
            number=number,
            sequence=1,
            kind="confirmation",
            recipient=CLIENT,
            subject="Заявка принята",
            text="Заявка принята.",
            message_id=message_id,
            mime=b"",
            state=LetterState.ACCEPTED,
            prepared_at=AT,
            accepted_at=AT,
        )
    )
    return message_id


def send_link(connection: Connection) -> tuple[str, str]:
    """Let a letter with a link have left for Belova; return its Message-ID and the link."""
    person = people.find_user_by_login(connection, "belova", AT.date())
    assert person is not None
    link = accounts.invite(connection, person, AT)
    message_id = sign_account(link.id, "invitation", KEYS, "profman.ru")
    connection.execute(
        insert(letters).values(
            key=f"account/{link.id}/invitation",
            user_id=person.user_id,
            invitation_id=link.id,
            sequence=0,
            kind="invitation",
            recipient=CLIENT,
            subject="Вход",
            text="[ссылка была в письме]",
            message_id=message_id,
            mime=b"",
            state=LetterState.ACCEPTED,
            prepared_at=AT,
            accepted_at=AT,
        )
    )
    return message_id, link.plain


def bounce(message_id: str, status: str = "5.1.1", action: str = "failed") -> bytes:
    return (
        "From: MAILER-DAEMON@sever.example\r\n"
        "To: lanskov@profman.ru\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\n"
        "Date: Mon, 07 Sep 2026 11:31:00 +0300\r\n"
        f"Message-ID: <bounce-{status}@sever.example>\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n'
        "\r\n--b\r\nContent-Type: text/plain\r\n\r\nNot delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.sever.example\r\n\r\n"
        f"Final-Recipient: rfc822; {CLIENT}\r\nAction: {action}\r\nStatus: {status}\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {message_id}\r\n"
        "Subject: s\r\n\r\nt\r\n--b--\r\n"
    ).encode()


async def test_a_letter_of_a_known_client_becomes_a_verified_ticket(  # R2 R28
    office: Office, belova: int
) -> None:
    assert await office.receive(arrived(written())) == [RawState.FILED]

    (request,) = office.requests()
    (message,) = office.messages(request["number"])
    assert (request["client_id"], request["is_verified"]) == (belova, True)
    assert (request["channel"], request["address"]) == ("email", CLIENT)
    assert (request["subject"], request["withheld"]) == ("Отчёт по аренде", "")
    assert message["text"].strip() == "Отчёт не открывается."
    assert [handover.kind for handover in office.handovers()] == ["start"]


async def test_a_stranger_is_registered_and_confirmed_all_the_same(office: Office) -> None:  # Q12
    await office.receive(arrived(written()))

    (request,) = office.requests()
    assert (request["client_id"], request["is_verified"], request["withheld"]) == (None, False, "")


async def test_a_sender_in_doubt_is_not_taken_for_the_client(  # R2
    office: Office, belova: int
) -> None:
    forged = b"From: " + CLIENT.encode() + b"\r\n" + written(From="x@evil.example").as_bytes()

    await office.receive(arrived(forged))

    (request,) = office.requests()
    assert (request["client_id"], request["is_verified"]) == (None, False)
    assert belova


async def test_labelled_lines_are_what_need_not_be_asked(  # R35 R38 R39 R43
    office: Office,
) -> None:
    told = "Версия продукта: 5.2\nКритичность: критичная\nТелефон: +7 495 111\n\nНе печатает."

    await office.receive(arrived(written(told)))

    (request,) = office.requests()
    assert request["declared"] == "critical"
    assert request["told"]["product_version"] == "5.2"
    assert request["missing"] == ["platform_version", "steps", "frequency", "screenshots", "login"]


async def test_pictures_come_with_the_ticket(office: Office, store: FileStore) -> None:  # R41 R42
    letter = written()
    letter.add_attachment(PICTURE, maintype="image", subtype="png", filename="экран.png")

    await office.receive(arrived(letter))

    (request,) = office.requests()
    with office.database.transaction() as connection:
        (file,) = files.list_for(connection, request["message_id"])
    assert (file.name, store.read(file.digest)) == ("экран.png", PICTURE)
    assert "screenshots" not in request["missing"]


async def test_a_letter_on_saturday_is_accepted_on_monday(office: Office) -> None:  # R44 Q2
    saturday = datetime(2026, 9, 5, 12, 0, tzinfo=UTC)

    await office.receive(arrived(written(), saturday))

    (request,) = office.requests()
    assert request["received_at"] == saturday
    assert request["accepted_at"] == datetime(2026, 9, 7, 6, 0, tzinfo=UTC)


async def test_a_letter_in_latin_letters_is_answered_in_english(office: Office) -> None:
    await office.receive(arrived(written("The report is empty.", Subject="Report")))

    (request,) = office.requests()
    assert request["language"] == "en"


async def test_a_reply_of_the_client_joins_its_ticket(office: Office, ticket: str) -> None:  # R53
    await office.receive(arrived(written("Версия 5.2.", In_Reply_To=signed(ticket))))

    _, message = office.messages(ticket)
    start, told = office.handovers()
    assert (message["standing"], message["text"].strip()) == ("participant", "Версия 5.2.")
    assert (start.kind, told.kind, told.payload["resumes"]) == ("start", "client_message", True)


async def test_an_id_that_we_did_not_sign_opens_a_ticket_of_its_own(  # R28
    office: Office, ticket: str
) -> None:
    await office.receive(arrived(written(In_Reply_To=signed(ticket, FORGERS_KEYS))))

    assert len(office.messages(ticket)) == 1
    assert len(office.requests()) == 2


async def test_a_number_in_the_subject_is_only_a_suggestion(  # R28
    office: Office, ticket: str
) -> None:
    await office.receive(arrived(written(Subject=f"Re: [{ticket}] отчёт")))

    old, new = office.requests()
    assert len(office.messages(ticket)) == 1
    assert (old["number"], new["suggested_link"]) == (ticket, ticket)
    assert office.items() == ["possible_link"]


async def test_a_stranger_with_our_letter_is_heard_without_rights(
    office: Office, ticket: str
) -> None:
    foreign = written("Закройте её.", From="x@evil.example", In_Reply_To=signed(ticket))

    await office.receive(arrived(foreign))

    _, message = office.messages(ticket)
    assert message["standing"] == "third_person"
    assert office.handovers()[-1].payload["resumes"] is False


async def test_mail_never_acts_as_staff_even_with_our_letter_in_hand(
    office: Office, ticket: str
) -> None:  # R2
    for sender in ("office@profman.ru", "specialist@profman.ru"):
        forged = written(f"Закройте её, {sender}.", From=sender, In_Reply_To=signed(ticket))
        await office.receive(arrived(forged))

    _, *forged_messages = office.messages(ticket)
    assert [message["standing"] for message in forged_messages] == ["third_person"] * 2
    assert {handover.kind for handover in office.handovers()} == {"start", "client_message"}
    assert not any(handover.payload.get("resumes") for handover in office.handovers())


async def test_an_out_of_office_reply_resumes_nothing(office: Office, ticket: str) -> None:  # R53
    away = written("Я в отпуске.", In_Reply_To=signed(ticket), Auto_Submitted="auto-replied")

    await office.receive(arrived(away))

    _, message = office.messages(ticket)
    assert message["standing"] == "automatic"
    assert office.handovers()[-1].payload["resumes"] is False


async def test_no_confirmation_goes_to_a_machine(office: Office) -> None:  # R33
    await office.receive(arrived(written(Auto_Submitted="auto-generated")))

    (request,) = office.requests()
    assert request["withheld"] == "машинное письмо: Auto-Submitted: auto-generated"


async def test_no_confirmation_goes_where_the_envelope_forbids_it(office: Office) -> None:  # R33
    await office.receive(replace(arrived(written()), door="smtp"))

    (request,) = office.requests()
    assert request["withheld"] == "машинное письмо: пустой отправитель конверта"


@pytest.mark.parametrize("own", ["office@profman.ru", "Office+tag@profman.ru"])
async def test_no_confirmation_goes_to_an_address_of_our_own(
    office: Office, own: str
) -> None:  # R33
    await office.receive(arrived(written(From=own)))

    (request,) = office.requests()
    assert request["withheld"] == "отправлено с нашего собственного адреса"


async def test_confirmations_to_one_address_keep_ten_minutes_between_them(
    office: Office,
) -> None:  # R33
    storm = [arrived(written(f"письмо {place}")) for place in range(3)]

    await office.receive(*storm)

    confirmed = [request["confirm_at"] for request in office.requests()]
    assert confirmed == [None, AT + SPACING, AT + 2 * SPACING]


async def test_a_machine_without_marks_gets_five_confirmations_a_day(office: Office) -> None:  # R33
    storm = [arrived(written(f"письмо {place}")) for place in range(MOST_A_DAY + 2)]

    await office.receive(*storm)

    withheld = [request["withheld"] for request in office.requests()]
    assert [bool(reason) for reason in withheld] == [False] * MOST_A_DAY + [True] * 2
    assert "за сутки" in withheld[-1]


async def test_what_gathered_while_we_were_away_is_confirmed_within_the_limit(
    office: Office,
) -> None:  # R33
    days = [AT - place * ONE_DAY for place in range(9, 0, -1)]

    await office.receive(*(arrived(written(f"{day}"), day) for day in days))

    confirmed = [one["confirm_at"] for one in office.requests() if not one["withheld"]]
    assert confirmed == [AT + place * SPACING for place in range(MOST_A_DAY)]


async def test_the_next_day_an_address_is_confirmed_again(office: Office) -> None:  # R33
    await office.receive(*(arrived(written(f"раз {place}")) for place in range(MOST_A_DAY + 1)))

    await office.receive(arrived(written("на другой день"), AT + ONE_DAY + SPACING))

    assert [bool(request["withheld"]) for request in office.requests()][-2:] == [True, False]


async def test_somebody_else_is_confirmed_at_once_all_the_same(office: Office) -> None:  # R33
    other = written("другое", From="x@other.example")

    await office.receive(arrived(written()), arrived(other))

    assert [request["confirm_at"] for request in office.requests()] == [None, None]


async def test_a_letter_of_this_installation_is_never_answered(office: Office) -> None:
    own = written(X_Profman_Loop="support", Message_ID=signed("PS-000001"))
    (id_,) = office.keep(arrived(own))

    await office.sorter.sort()

    assert office.settled(id_) == (RawState.FILED, "own_mail")
    assert (office.requests(), office.items()) == ([], [])


async def test_a_letter_that_came_back_is_told_to_its_ticket(  # R33 R46
    office: Office, ticket: str
) -> None:
    with office.database.transaction() as connection:
        message_id = send_letter(connection, ticket)

    await office.receive(arrived(bounce(message_id)))

    _, message = office.messages(ticket)
    told = {handover.kind: handover.payload for handover in office.handovers()}
    assert (message["standing"], len(office.requests())) == ("bounce", 1)
    assert told["letter_bounced"]["letter"] == f"{ticket}/1/confirmation"
    assert told["letter_bounced"]["is_hard"] is True
    assert letter_state(office) == "bounced"
    assert office.items() == ["undeliverable"]
    assert office.bounced_addresses() == [CLIENT]


async def test_an_address_that_writes_again_is_no_longer_marked(  # R46
    office: Office, ticket: str
) -> None:
    with office.database.transaction() as connection:
        message_id = send_letter(connection, ticket)
    await office.receive(arrived(bounce(message_id)))

    await office.receive(arrived(written("Ящик снова работает.")))

    assert office.bounced_addresses() == []


async def test_a_bounce_that_names_no_letter_of_ours_but_its_ticket_is_a_task(
    office: Office, ticket: str
) -> None:  # R46
    report = b"In-Reply-To: %s\r\n" % signed(ticket).encode() + bounce("<nothing@x.example>")

    await office.receive(arrived(report))

    assert office.items() == ["undeliverable"]
    assert office.item_numbers() == [ticket]
    assert office.bounced_addresses() == []


async def test_a_delayed_letter_is_not_yet_lost(office: Office, ticket: str) -> None:  # R46
    with office.database.transaction() as connection:
        message_id = send_letter(connection, ticket)

    await office.receive(arrived(bounce(message_id, "4.4.1", "delayed")))

    told = {handover.kind: handover.payload for handover in office.handovers()}
    assert told["letter_bounced"]["is_hard"] is False
    assert (letter_state(office), office.items()) == ("accepted", [])


@pytest.mark.parametrize(
    ("status", "action", "state"),
    [("5.1.1", "failed", "bounced"), ("4.4.1", "delayed", "accepted")],
)
async def test_a_letter_about_an_account_that_came_back_is_before_a_person_and_opens_nothing(
    office: Office, belova: int, status: str, action: str, state: str
) -> None:  # R2 law 9
    with office.database.transaction() as connection:
        message_id, plain = send_link(connection)

    settled = await office.receive(arrived(bounce(message_id, status, action)))

    with office.database.transaction() as connection:
        (item,) = review_items.list_open(connection)
        found = accounts.find_invitation(connection, plain, AT)
    assert settled == [RawState.FILED]
    assert (item.kind, item.number, item.reason) == (
        "account_letter",
        None,
        f"belova, {CLIENT}: {status}",
    )
    assert item.raw_id is not None
    assert found is None
    assert letter_state(office) == state
    assert office.bounced_addresses() == ([CLIENT] if state == "bounced" else [])
    assert (office.requests(), office.handovers()) == ([], [])
    assert belova


async def test_an_answer_to_a_letter_about_an_account_is_an_ordinary_new_letter(
    office: Office, belova: int, ticket: str
) -> None:  # R2 R28
    with office.database.transaction() as connection:
        message_id, _ = send_link(connection)
    about_both = f"{signed(ticket)} {message_id}"

    await office.receive(
        arrived(written("Не открывается.", In_Reply_To=message_id, References=about_both))
    )

    numbers = [request["number"] for request in office.requests()]
    assert len(numbers) == 2
    assert len(office.messages(ticket)) == 1
    assert office.requests()[1]["client_id"] == belova


async def test_a_bounce_of_a_foreign_letter_is_shown_and_opens_nothing(office: Office) -> None:
    await office.receive(arrived(bounce("<forged@profman.ru>")))

    assert (office.requests(), office.items()) == ([], ["undeliverable"])


async def test_one_letter_to_two_of_our_addresses_is_one_ticket(office: Office) -> None:  # R28
    letter = written().as_bytes()
    to_one = b"Delivered-To: lanskov@profman.ru\r\nReceived: from a\r\n\tby b; now\r\n" + letter
    to_other = b"Delivered-To: office@profman.ru\r\nReceived: from a\r\n\tby c; later\r\n" + letter

    states = await office.receive(arrived(to_one), arrived(to_other), arrived(to_one))

    assert sorted(states) == [RawState.DUPLICATE, RawState.DUPLICATE, RawState.FILED]
    assert len(office.requests()) == 1


async def test_another_text_under_the_same_id_is_another_letter(office: Office) -> None:  # R28
    one, other = written("Первое.", Message_ID="<a@b>"), written("Второе.", Message_ID="<a@b>")

    assert await office.receive(arrived(one), arrived(other)) == [RawState.FILED] * 2
    _, new = office.requests()
    assert office.items() == ["reused_id"]
    assert office.item_numbers() == [new["number"]]


async def test_another_text_under_the_same_id_is_seen_though_both_come_at_once(
    database: Database,
) -> None:  # R28
    with database.transaction() as first:
        filing.meet(first, CLIENT, "<a@b>")
        second = asyncio.create_task(asyncio.to_thread(meet_too, database))
        await asyncio.sleep(0.2)
        message = ClientMessage(
            number="", key="k", channel=Channel.EMAIL, at=AT, text="t", header_id="<a@b>"
        )
        filing.keep_message(first, message)

    assert await second


async def test_a_sender_longer_than_any_address_is_filed_without_one(office: Office) -> None:  # Q12
    endless = sha256(b"1").hexdigest() * 120
    letter = f"From: {endless}@x.example\r\nMessage-ID: <1@x>\r\n\r\nwords\r\n".encode()

    assert await office.receive(arrived(letter)) == [RawState.FILED]

    (request,) = office.requests()
    assert (request["address"], request["withheld"]) == ("", "в письме нет адреса отправителя")


@pytest.mark.parametrize("field", ["X_Auto_Response_Suppress", "List_Id"])
async def test_a_house_that_wants_no_answers_by_machine_is_heard_all_the_same(
    office: Office, ticket: str, field: str
) -> None:  # R33 R53
    asking = {field: "All"}

    await office.receive(
        arrived(written("Версия 5.2.", In_Reply_To=signed(ticket), **asking)),
        arrived(written("Новое дело.", **asking)),
    )

    _, message = office.messages(ticket)
    assert message["standing"] == "participant"
    assert office.requests()[1]["withheld"].startswith("машинное письмо")


async def test_a_reply_to_a_closed_ticket_opens_a_linked_one(  # R64 Q8
    office: Office, ticket: str, belova: int
) -> None:
    with office.database.transaction() as connection:
        close(connection, ticket)

    await office.receive(arrived(written("Опять не открывается.", In_Reply_To=signed(ticket))))

    _, new = office.requests()
    assert (new["follow_up_of"], new["subject"]) == (ticket, "Не открывается отчёт")
    assert (new["client_id"], new["name"], new["missing"]) == (belova, "Ольга Белова", [])
    assert len(office.messages(ticket)) == 1


async def test_mere_thanks_wait_for_a_person(office: Office, ticket: str) -> None:  # R64 Q8
    with office.database.transaction() as connection:
        close(connection, ticket)

    await office.receive(arrived(written("Спасибо большое!", In_Reply_To=signed(ticket))))

    assert office.items() == ["thanks"]
    assert len(office.messages(ticket)) == 2
    assert (len(office.requests()), len(office.handovers())) == (1, 1)


async def test_what_cannot_be_read_is_shown_to_people(office: Office) -> None:
    nested = b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n'
    deep = b"From: a@b.example\r\n" + b"".join(nested % (depth, depth) for depth in range(40))

    assert await office.receive(arrived(deep), arrived(written())) == [
        RawState.UNREADABLE,
        RawState.FILED,
    ]
    assert office.items() == ["unreadable"]


async def test_our_own_fault_is_shown_and_holds_up_nobody(  # R28
    database: Database, rules: CurrentRules, store: FileStore
) -> None:
    faults = iter([ZeroDivisionError()])

    def faulty() -> Rules:
        for fault in faults:
            raise fault
        return rules()

    office = Office(database, Sorter(database, FilingDesk(store, faulty, HOUSE)))
    (first,) = office.keep(arrived(written("раз")))
    await office.sorter.sort()

    assert await office.receive(arrived(written("два"))) == [RawState.FILED]
    assert office.settled(first) == (RawState.UNREADABLE, "ZeroDivisionError")


async def test_a_letter_waits_while_its_files_cannot_be_kept(  # R41
    database: Database, rules: CurrentRules, tmp_path: Path
) -> None:
    (tmp_path / "full").touch()
    desk = FilingDesk(FileStore(tmp_path / "full"), rules, HOUSE)
    office = Office(database, Sorter(database, desk))
    letter = written("со снимком")
    letter.add_attachment(PICTURE, maintype="image", subtype="png", filename="экран.png")

    states = await office.receive(arrived(letter), arrived(written("без снимка")))

    assert states == [RawState.KEPT, RawState.FILED]


async def test_what_was_kept_before_a_crash_is_filed_after_it(office: Office) -> None:  # R28
    (kept,) = office.keep(arrived(written()))

    async with running(office.sorter):
        await until(lambda: office.settled(kept)[0] is RawState.FILED)

    assert len(office.requests()) == 1


async def test_a_letter_kept_by_another_process_wakes_the_sorter(office: Office) -> None:  # R28
    async with running(office.sorter):
        await asyncio.sleep(0.3)
        (kept,) = office.keep(arrived(written()))
        with office.database.transaction() as connection:
            filing.announce(connection)

        await until(lambda: office.settled(kept)[0] is RawState.FILED)

    assert len(office.requests()) == 1


async def test_real_letters_of_many_programs_are_all_filed(office: Office) -> None:
    if not CORPUS.is_dir():
        pytest.skip("the corpus of real letters is not on this machine")
    found = sorted(path for path in CORPUS.rglob("*.eml"))

    states = await office.receive(*(arrived(path.read_bytes()) for path in found))

    assert set(states) == {RawState.FILED, RawState.DUPLICATE}


def letter_state(office: Office) -> str:
    with office.database.transaction() as connection:
        return str(connection.execute(select(letters.c.state)).scalar_one())


@asynccontextmanager
async def running(sorter: Sorter) -> AsyncIterator[None]:
    task = asyncio.create_task(sorter.run())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for less than the glance that the sorter makes by itself."""
    for _ in range(100):
        if await asyncio.to_thread(is_so):
            return
        await asyncio.sleep(0.02)
    raise TimeoutError
