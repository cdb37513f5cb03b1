"""Whatever befalls line, server or journal: a letter leaves once, in its turn, always the same.

R33, R46; laws 2 and 3; RFC 5321 4.5.4. The gate is driven as the engine drives it, without waiting.
"""

import smtplib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import RowMapping, insert, text, update
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from typing_extensions import override

from activities.journal import JournalAwayError
from activities.letters import PATIENCE, Delivery, Gate, LetterActivities, delay_after
from activities.outbox import Outbox
from activities.pacing import Pace, Turns
from activities.post import Post
from activities.smtp import Server
from deploy.local import processes
from deploy.local.delivery import DROP, Fault, Stage
from deploy.local.delivery import Delivery as Handed
from deploy.local.faults import Break, Cut, FaultyLine, Way
from deploy.local.post_office import JOURNAL, PostOffice, PostOfficeOptions
from deploy.local.processes import LOOPBACK
from domain.account_letters import AccountLetterKind, account_key
from domain.terms import Channel, LetterState, Role
from storage import accounts, findings, letters, people, requests, review_items
from storage.database import Database
from storage.findings import Finding
from storage.letters import PAUSED
from storage.mail_tables import bounced_addresses
from storage.mail_tables import letters as letter_rows
from storage.requests import Registration
from storage.rules import CurrentRules

AT = datetime(2026, 9, 7, 9, 30, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)
SENDER = "lanskov@profman.ru"
ANNA = "anna@sever.example"
BORIS = "boris@yug.example"
MOST_TRIES = 60
Lay = Callable[[str, int], FaultyLine]


class Office(PostOffice):
    """A mail server of which it is known when it has come to rest."""

    def __init__(self, options: PostOfficeOptions) -> None:
        """Begin with nothing in hand."""
        super().__init__(options)
        self._in_hand: list[Handed] = []

    @override
    def take(self, delivery: Handed) -> str:
        self._in_hand.append(delivery)
        try:
            return super().take(delivery)
        finally:
            self._in_hand.remove(delivery)

    def come_to_rest(self) -> None:
        """Wait until all that was heard before a line broke is done, as seconds do in life."""
        for _ in range(2):  # what came earlier is heard earlier
            with smtplib.SMTP(LOOPBACK, self.port) as line:
                line.noop()
        while self._in_hand:
            time.sleep(0.001)


@dataclass
class Trial:
    """A ticket whose letters leave through a gate, over a line that may break."""

    database: Database
    office: Office
    line: FaultyLine
    gate: Gate
    number: str
    written: int = 0

    def write(self, to: str = ANNA, kind: str = "answer") -> str:
        """Keep one more letter that is to leave; return its key."""
        self.written += 1
        key = f"{self.number}/{self.written}/{kind}"
        values = {
            "key": key,
            "number": self.number,
            "sequence": self.written,
            "kind": kind,
            "recipient": to,
            "subject": "s",
            "text": "t",
            "message_id": f"<{self.written:03}@profman.ru>",
            "mime": mime(self.written),
            "state": LetterState.PREPARED,
            "prepared_at": AT,
        }
        with self.database.transaction() as connection:
            connection.execute(insert(letter_rows).values(values))
        return key

    def write_link(self, kind: str = "password_reset") -> tuple[str, int]:
        """Keep a letter with a link to an account; return its key and the id of the link."""
        self.written += 1
        with self.database.transaction() as connection:
            member = people.put_staff(connection, "sveta", "Света", ANNA, Role.SPECIALIST)
            link = accounts.offer_reset(connection, member, AT)
            assert link is not None
            values = {
                "key": account_key(link.id, AccountLetterKind(kind)),
                "staff_id": member.id,
                "invitation_id": link.id,
                "sequence": 0,
                "kind": kind,
                "recipient": ANNA,
                "subject": "s",
                "text": "t",
                "message_id": f"<{self.written:03}@profman.ru>",
                "mime": mime(self.written),
                "state": LetterState.PREPARED,
                "prepared_at": AT,
            }
            connection.execute(insert(letter_rows).values(values))
        return str(values["key"]), link.id

    def attempt(self, key: str, at: datetime = AT) -> tuple[str, timedelta]:
        """Try once at a moment; return how the letter stands, or why and when it is tried again."""
        rules = CurrentRules(self.database, lambda: AT)
        activities = LetterActivities(self.database, rules, self.gate, Outbox())
        try:
            delivered = ActivityEnvironment().run(activities.deliver_letter, Delivery(key, at))
        except ApplicationError as later:
            return str(later.type), later.next_retry_delay or timedelta(0)
        return delivered.state, timedelta(0)

    def see_off(self, key: str, at: datetime = AT) -> list[str]:
        """Try whenever the gate says, until the letter is settled; return what each try said."""
        said: list[str] = []
        while len(said) < MOST_TRIES:
            state, delay = self.attempt(key, at)
            said.append(state)
            if state in set(LetterState):
                return said
            if state == "UnclearEnd":
                self.office.come_to_rest()
            at += delay
        pytest.fail(f"{key} never settled: {said}")

    def row(self, key: str) -> RowMapping:
        """Return the letter as the register has it."""
        with self.database.transaction() as connection:
            row = letters.find(connection, key)
        assert row is not None
        return row

    def arrived(self) -> dict[str, list[bytes]]:
        """Return what arrived at clients, by its Message-ID."""
        found = defaultdict(list)
        for letter in self.office.all_letters():
            if letter.recipient != JOURNAL:
                found[letter.accepted.message_id].append(letter.raw)
        return found

    def all_written(self) -> dict[str, list[bytes]]:
        """Return what should have arrived: each letter once, in its own bytes."""
        return {f"<{place:03}@profman.ru>": [mime(place)] for place in range(1, self.written + 1)}


def mime(place: int) -> bytes:
    return f"Message-ID: <{place:03}@profman.ru>\r\n\r\n.\r\nOK\r\n".encode()


def strikes(stage: Stage, answer: str, times: int = 1_000) -> Fault:
    left = iter(range(times))

    def fault(delivery: Handed) -> str | None:
        return answer if delivery.stage is stage and next(left, None) is not None else None

    return fault


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    nobody = (LOOPBACK, processes.free_port())
    running = Office(PostOfficeOptions(tmp_path / "world", frozenset(), nobody)).start()
    yield running
    running.stop()


@pytest.fixture
def trial(database: Database, office: Office, faulty_line: Lay) -> Iterator[Trial]:
    registration = Registration(
        key="web:1",
        channel=Channel.WEB,
        received_at=AT,
        accepted_at=AT,
        subject="Не открывается отчёт",
        text="Отчёт закрывается сразу.",
    )
    with database.transaction() as connection:
        number = requests.register(connection, registration).number
    line = faulty_line(LOOPBACK, office.port)
    with closing(Post(Server(LOOPBACK, line.port), SENDER, JOURNAL)) as post:
        gate = Gate(post, office.find_in_journal, Turns(Pace(0, 0, 0)), lease=timedelta(0))
        yield Trial(database, office, line, gate, number)


@pytest.mark.parametrize(("how", "step"), [(Break.RESET, 1), (Break.END, 7)])
@pytest.mark.parametrize("way", Way)
def test_a_line_cut_at_any_byte_brings_each_letter_once(
    trial: Trial, way: Way, how: Break, step: int
) -> None:  # R33 R46
    trial.see_off(trial.write())
    trial.gate.post.close()
    said = {}

    for after in range(0, trial.line.passed[way], step):
        trial.line.cut_next(Cut(way, after, how))
        said[after] = trial.see_off(trial.write())
        trial.gate.post.close()

    assert trial.arrived() == trial.all_written()
    firsts = [tries[0] for tries in said.values()]
    assert {"MailServerRefused", "UnclearEnd", LetterState.ACCEPTED} == set(firsts)
    assert all(len(tries) <= 2 for tries in said.values())


def test_a_letter_that_the_server_kept_unheard_is_found_in_the_journal(
    trial: Trial,
) -> None:  # R33
    trial.office.disturb(strikes(Stage.KEPT, DROP, times=1))
    key = trial.write()

    unclear = trial.attempt(key)
    shown = trial.row(key)
    said = trial.see_off(key, AT + unclear[1])

    assert unclear == ("UnclearEnd", timedelta(seconds=5))
    assert (shown["state"], shown["next_try_at"]) == ("sending", AT + timedelta(seconds=5))
    assert shown["reason"].startswith("неизвестно, ушло ли письмо: ")
    assert said == [LetterState.ACCEPTED]
    assert trial.row(key)["reason"] == "найдено в журнале"
    assert trial.arrived() == trial.all_written()


def test_an_acceptance_that_was_never_heard_is_looked_up_when_the_server_must_be_done(
    trial: Trial,
) -> None:  # R33
    hasty = Server(LOOPBACK, trial.line.port, reply_seconds=0.1)
    with closing(Post(hasty, SENDER, JOURNAL)) as post:
        trial.gate = replace(trial.gate, post=post)
        trial.see_off(trial.write())
        before_the_end = trial.line.passed[Way.TO_CLIENT] - len("250 2.0.0 Accepted\r\n")
        post.close()
        trial.line.cut_next(Cut(Way.TO_CLIENT, before_the_end, Break.SILENCE))
        key = trial.write()

        unclear = trial.attempt(key)
        said = trial.see_off(key, AT + unclear[1])

    assert unclear == ("UnclearEnd", 10 * A_MINUTE)
    assert said == [LetterState.ACCEPTED]
    assert trial.row(key)["reason"] == "найдено в журнале"
    assert trial.arrived() == trial.all_written()


def test_while_the_journal_is_away_an_unclear_letter_is_not_sent_again(
    trial: Trial,
) -> None:  # R33
    def away(_: str) -> bool:
        raise JournalAwayError("журнал отправленных писем недоступен")

    journal = trial.gate.was_sent
    trial.office.disturb(strikes(Stage.KEPT, DROP, times=1))
    key = trial.write()
    trial.attempt(key)
    trial.gate = replace(trial.gate, was_sent=away)

    asked = [trial.attempt(key, AT + minutes * A_MINUTE) for minutes in (1, 10, 60)]
    shown = trial.row(key)["reason"]
    trial.gate = replace(trial.gate, was_sent=journal)
    said = trial.see_off(key, AT + 300 * A_MINUTE)

    assert [why for why, _ in asked] == ["UnclearEnd"] * 3
    assert shown == "неизвестно, ушло ли письмо: журнал отправленных писем недоступен"
    assert said == [LetterState.ACCEPTED]
    assert trial.arrived() == trial.all_written()


def test_a_letter_of_which_nobody_ever_knows_comes_before_a_person(trial: Trial) -> None:  # R33
    trial.gate = replace(trial.gate, was_sent=None)
    trial.office.disturb(strikes(Stage.LETTER, DROP))
    key = trial.write(kind="confirmation")
    trial.attempt(key)

    state, _ = trial.attempt(key, AT + PATIENCE)

    with trial.database.transaction() as connection:
        [task] = review_items.list_open(connection)
    assert state == LetterState.FAILED
    assert task.reason.startswith(f"Письмо на адрес {ANNA}: неизвестно, ушло ли письмо: ")


def test_the_ticket_shows_the_very_moment_of_the_next_try(trial: Trial) -> None:  # R46
    trial.office.disturb(strikes(Stage.RECIPIENT, "450 4.2.0 Greylisted"))
    key, at, delays = trial.write(kind="confirmation"), AT, []

    for attempts in range(1, 15):
        why, delay = trial.attempt(key, at)
        row = trial.row(key)
        assert (why, row["state"]) == ("MailServerRefused", "prepared")
        assert (row["reason"], row["attempts"]) == ("450 4.2.0 Greylisted", attempts)
        assert row["next_try_at"] == at + delay
        delays.append(delay)
        at += delay

    assert delays == sorted(delays)
    assert delays[0] == timedelta(seconds=30)
    assert delays[-1] == timedelta(hours=4)


def test_once_our_mail_server_is_mended_letters_leave_within_a_minute(
    trial: Trial, faulty_line: Lay
) -> None:  # R46
    working = trial.gate
    nowhere = faulty_line(LOOPBACK, processes.free_port())
    trial.gate = replace(working, post=Post(Server(LOOPBACK, nowhere.port), SENDER, JOURNAL))
    key, at = trial.write(kind="confirmation"), AT

    for _ in range(100):
        why, delay = trial.attempt(key, at)
        assert (why, delay <= A_MINUTE) == ("MailServerRefused", True)
        at += delay
    trial.gate = working

    assert trial.see_off(key, at) == [LetterState.ACCEPTED]


def test_before_its_next_try_a_letter_is_left_alone(trial: Trial) -> None:  # R46
    trial.office.disturb(strikes(Stage.RECIPIENT, "450 4.2.0 Greylisted", times=1))
    key = trial.write()
    trial.attempt(key)

    early = trial.attempt(key, AT + timedelta(seconds=10))
    in_time = trial.attempt(key, AT + timedelta(seconds=30))

    assert early == ("NextTryIsAhead", timedelta(seconds=20))
    assert in_time[0] == LetterState.ACCEPTED


def test_a_letter_refused_for_five_days_comes_before_a_person(trial: Trial) -> None:  # R33 R46
    trial.office.disturb(strikes(Stage.RECIPIENT, "450 4.2.0 Greylisted"))
    key = trial.write(kind="confirmation")

    said = trial.see_off(key)

    with trial.database.transaction() as connection:
        [task] = review_items.list_open(connection)
    row = trial.row(key)
    days = sum((delay_after(tries) for tries in range(1, len(said))), timedelta(0))
    assert said[-1] == LetterState.FAILED
    assert PATIENCE <= days < PATIENCE + timedelta(hours=4)
    assert row["reason"] == "не ушло за пять дней: 450 4.2.0 Greylisted"
    assert (task.kind, task.number) == ("undeliverable", trial.number)
    assert task.reason == f"Письмо на адрес {ANNA} не ушло за пять дней: 450 4.2.0 Greylisted"


def test_a_try_that_outlived_its_lease_does_not_undo_the_next_one(trial: Trial) -> None:  # R33
    key = trial.write()
    with trial.database.transaction() as connection:
        slow = letters.claim(connection, key, AT)
        assert slow is not None
        connection.execute(text("UPDATE letters SET tried_at = tried_at - interval '1 minute'"))
        assert letters.claim(connection, key, AT) is not None

        letters.put_off(connection, slow, AT, AT + A_MINUTE, "451 Later")
        letters.leave_unclear(connection, slow, AT, AT + A_MINUTE, "broken")

    row = trial.row(key)
    assert (row["state"], row["attempts"], row["reason"]) == ("sending", 2, "")


def test_an_address_that_began_to_bounce_meanwhile_gets_no_automatic_letter(
    trial: Trial,
) -> None:  # R33
    bounced = {"address": ANNA, "status": "5.1.1", "letter": "x", "bounced_at": AT}
    waiting, answer = trial.write(ANNA.upper(), "confirmation"), trial.write()
    with trial.database.transaction() as connection:
        connection.execute(insert(bounced_addresses).values(bounced))

    said = [trial.attempt(key)[0] for key in (waiting, answer)]

    assert said == [LetterState.WITHHELD, LetterState.ACCEPTED]
    assert trial.row(waiting)["reason"].startswith("письма на этот адрес возвращаются")


def test_letters_to_one_domain_keep_its_pace_and_others_do_not_wait(trial: Trial) -> None:  # R46
    trial.gate = replace(trial.gate, turns=Turns(Pace(domain_a_minute=2)))
    first, second, third, other = (trial.write(to) for to in (ANNA, ANNA, ANNA, BORIS))

    said = [trial.attempt(key) for key in (first, second, third, other)]
    row = trial.row(third)
    afterwards = trial.attempt(third, AT + A_MINUTE)

    accepted = (LetterState.ACCEPTED, timedelta(0))
    assert said == [accepted, accepted, ("WaitsForItsTurn", A_MINUTE), accepted]
    assert (row["state"], row["attempts"]) == ("waiting", 0)
    assert row["next_try_at"] == AT + A_MINUTE
    assert row["reason"].startswith("ждёт очереди: ")
    assert afterwards == accepted


def test_a_domain_that_takes_no_letters_now_rests(trial: Trial) -> None:  # R46
    trial.office.disturb(strikes(Stage.RECIPIENT, "451 4.7.1 Come again later", times=1))
    refused, next_one, other = (trial.write(to) for to in (ANNA, ANNA, BORIS))

    said = [trial.attempt(key)[0] for key in (refused, next_one, other)]
    waits = trial.row(next_one)
    afterwards = [trial.attempt(key, AT + A_MINUTE)[0] for key in (refused, next_one)]

    assert said == ["MailServerRefused", "WaitsForItsTurn", LetterState.ACCEPTED]
    assert waits["reason"].startswith("ждёт очереди: ")
    assert waits["first_refused_at"] is None
    assert afterwards == [LetterState.ACCEPTED] * 2


def test_a_full_mailbox_does_not_stop_letters_to_its_domain(trial: Trial) -> None:  # R46
    trial.office.disturb(strikes(Stage.RECIPIENT, "452 4.2.2 Mailbox full", times=1))

    said = [trial.attempt(trial.write())[0] for _ in range(2)]

    assert said == ["MailServerRefused", LetterState.ACCEPTED]


def test_a_flood_of_automatic_letters_is_paused_and_staff_go_on(trial: Trial) -> None:  # R33
    trial.gate = replace(trial.gate, turns=Turns(Pace(automatic_a_minute=2)))
    flood = [trial.write(kind="confirmation") for _ in range(3)]
    answer, alert = trial.write(), trial.write(kind="critical_alert")

    said = [trial.attempt(key)[0] for key in (*flood, answer, alert)]
    paused = trial.row(flood[2])
    with trial.database.transaction() as connection:
        found = findings.count(connection, AT)[Finding.AUTOMATIC_LETTERS_PAUSED]
    afterwards = trial.attempt(flood[2], AT + 10 * A_MINUTE)[0]

    accepted = LetterState.ACCEPTED
    assert said == [accepted, accepted, "WaitsForItsTurn", accepted, accepted]
    assert (paused["state"], paused["next_try_at"]) == ("waiting", AT + 10 * A_MINUTE)
    assert paused["reason"].startswith(PAUSED)
    assert found == 1
    assert afterwards == accepted


def test_a_letter_with_a_link_leaves_no_copy_in_the_journal_and_no_bytes(
    trial: Trial,
) -> None:  # R2 law 9
    key, _ = trial.write_link()

    said = trial.see_off(key)

    assert said == [LetterState.ACCEPTED]
    assert trial.arrived() == trial.all_written()
    assert [one for one in trial.office.all_letters() if one.recipient == JOURNAL] == []
    assert trial.row(key)["mime"] == b""


def test_a_letter_with_a_link_whose_worker_died_is_sent_again_with_the_same_bytes(
    trial: Trial,
) -> None:  # R2 law 2
    def asked(_: str) -> bool:
        pytest.fail("the journal has no such letters")

    trial.gate = replace(trial.gate, was_sent=asked)
    trial.office.disturb(strikes(Stage.KEPT, DROP, times=1))
    key, _ = trial.write_link()

    first = trial.attempt(key)
    kept = trial.row(key)["mime"]
    said = trial.see_off(key, AT + first[1])

    (copies,) = trial.arrived().values()
    assert (first[0], kept, said) == ("UnclearEnd", mime(1), [LetterState.ACCEPTED])
    assert copies == [mime(1)] * 2  # one link, one Message-ID: the second copy opens nothing new


def test_a_letter_that_died_in_hand_is_taken_up_again(trial: Trial) -> None:  # R2 law 2
    key, _ = trial.write_link()
    with trial.database.transaction() as connection:
        letters.claim(connection, key, AT)

    said = trial.see_off(key)

    assert said == [LetterState.ACCEPTED]
    assert trial.arrived() == trial.all_written()


@pytest.mark.parametrize("state", [LetterState.PREPARED, LetterState.SENDING])
def test_a_link_that_is_over_is_not_sent(trial: Trial, state: LetterState) -> None:  # R2
    used, id_ = trial.write_link()
    with trial.database.transaction() as connection:
        accounts.end_link(connection, id_, AT)
        long_ago = {"prepared_at": AT - 11 * A_MINUTE, "tried_at": AT - A_MINUTE}
        connection.execute(update(letter_rows).values(state=state, **long_ago))
    late, _ = trial.write_link()

    said = [trial.attempt(used)[0], trial.attempt(late, AT + accounts.RESET_HOLDS)[0]]

    assert said == [LetterState.WITHHELD] * 2
    assert trial.arrived() == {}
    assert [trial.row(key)["mime"] for key in (used, late)] == [b"", b""]


def test_the_bytes_of_a_tickets_letter_stay(trial: Trial) -> None:  # R46
    key = trial.write()

    trial.see_off(key)

    assert trial.row(key)["mime"] == mime(1)
