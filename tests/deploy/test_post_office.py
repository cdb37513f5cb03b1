"""The local world's mail server neither loses what it took nor keeps what it refused."""

import smtplib
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from deploy.local import journal, processes
from deploy.local.delivery import DROP, Delivery, Fault, Stage
from deploy.local.maildirs import Maildirs
from deploy.local.post_office import JOURNAL, PostOffice, PostOfficeOptions
from deploy.local.processes import LOOPBACK, Program

OURS = "lanskov@profman.ru"
CLIENT = "client@example.org"
Open = Callable[[PostOfficeOptions], PostOffice]


@pytest.fixture
def open_office() -> Iterator[Open]:
    opened: list[PostOffice] = []

    def open_one(options: PostOfficeOptions) -> PostOffice:
        opened.append(PostOffice(options).start())
        return opened[-1]

    yield open_one
    for office in opened:
        office.stop()


@pytest.fixture
def door(tmp_path: Path, open_office: Open) -> PostOffice:
    nobody = (LOOPBACK, processes.free_port())
    return open_office(PostOfficeOptions(tmp_path / "door", frozenset(), nobody, journal=None))


@pytest.fixture
def options(tmp_path: Path, door: PostOffice) -> PostOfficeOptions:
    own = frozenset({OURS})
    return PostOfficeOptions(tmp_path / "world", own, (LOOPBACK, door.port), journal=None)


@pytest.fixture
def office(options: PostOfficeOptions, open_office: Open) -> PostOffice:
    return open_office(options)


def letter(message_id: str = "<one@example.org>") -> bytes:
    text = f"Message-ID: {message_id}\r\nSubject: a\r\n\r\nСрочно.\r\n.точка в начале строки\r\n"
    return text.encode()


def send(port: int, *recipients: str, raw: bytes = letter(), sender: str = CLIENT) -> None:
    with smtplib.SMTP(LOOPBACK, port, local_hostname="test.localhost", timeout=10) as line:
        line.sendmail(sender, recipients, raw, mail_options=["BODY=8BITMIME"])


def strikes_at(stage: Stage, answer: str) -> Fault:
    def fault(delivery: Delivery) -> str | None:
        return answer if delivery.stage is stage else None

    return fault


def test_a_letter_is_kept_byte_for_byte_for_each_recipient(office: PostOffice) -> None:
    send(office.port, "One@example.org", "two@example.org", sender=OURS)

    kept = office.letters("one@example.org") + office.letters("two@example.org")
    assert [copy.raw for copy in kept] == [letter(), letter()]
    assert kept[0].accepted.recipients == ("One@example.org", "two@example.org")
    assert (kept[0].accepted.sender, kept[0].accepted.message_id) == (OURS, "<one@example.org>")
    assert kept[0].accepted.arrived_at.tzinfo is not None


def test_a_letter_to_us_goes_to_the_door_and_is_not_kept(
    office: PostOffice, door: PostOffice
) -> None:
    send(office.port, OURS.upper())

    assert [copy.raw for copy in door.letters(OURS)] == [letter()]
    assert door.letters(OURS)[0].accepted.sender == CLIENT
    assert office.all_letters() == []
    assert [line.recipients for line in office.maildirs.accepted()] == [(OURS.upper(),)]


def test_a_bounce_reaches_the_door_with_its_empty_sender(
    office: PostOffice, door: PostOffice
) -> None:
    send(office.port, OURS, sender="")

    assert door.letters(OURS)[0].accepted.sender == ""


def test_the_sender_keeps_a_letter_while_the_door_is_away(
    options: PostOfficeOptions, open_office: Open, door: PostOffice
) -> None:
    office = open_office(options)
    door.disturb(strikes_at(Stage.LETTER, DROP))

    with pytest.raises(smtplib.SMTPDataError, match="451"):
        send(office.port, OURS, "two@example.org")

    assert office.all_letters() == []
    assert office.maildirs.accepted() == ()
    assert list(office.maildirs.folder.glob("*/*/*")) == []


@pytest.mark.parametrize("stage", [Stage.RECIPIENT, Stage.LETTER])
def test_the_doors_refusal_is_passed_on(office: PostOffice, door: PostOffice, stage: Stage) -> None:
    door.disturb(strikes_at(stage, "550 5.7.1 no letters from you"))

    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(office.port, OURS)

    assert (refused.value.smtp_code, refused.value.smtp_error) == (
        550,
        b"5.7.1 no letters from you",
    )


def test_a_recipient_may_be_told_to_wait(office: PostOffice) -> None:
    office.disturb(strikes_at(Stage.RECIPIENT, "451 4.7.1 greylisted"))

    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(office.port, "one@example.org")
    office.disturb(None)
    send(office.port, "one@example.org")

    assert len(office.letters("one@example.org")) == 1


@pytest.mark.parametrize(("stage", "kept"), [(Stage.LETTER, 0), (Stage.KEPT, 1)])
def test_a_broken_line_leaves_the_sender_unsure_on_both_sides_of_acceptance(
    office: PostOffice, stage: Stage, kept: int
) -> None:
    office.disturb(strikes_at(stage, DROP))

    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(office.port, "one@example.org")

    assert len(office.letters("one@example.org")) == kept


def test_what_cannot_be_kept_for_one_is_kept_for_none(office: PostOffice) -> None:
    blocked = office.maildirs.folder / "two@example.org"
    blocked.write_text("a file where the folder should be")

    with pytest.raises(smtplib.SMTPDataError, match="451"):
        send(office.port, "one@example.org", "two@example.org")

    assert office.all_letters() == []
    assert list((office.maildirs.folder / "one@example.org").glob("*/*")) == []


def test_a_letter_to_the_journal_is_found_over_imap_also_after_a_restart(
    options: PostOfficeOptions, open_office: Open
) -> None:
    with_journal = PostOfficeOptions(options.folder, options.own, options.door)
    office = PostOffice(with_journal).start()
    send(office.port, "one@example.org", JOURNAL)
    was_found = office.find_in_journal("<one@example.org>")
    access = office.journal_imap
    office.stop()

    again = open_office(with_journal)

    assert was_found
    assert again.journal_imap == access
    assert again.find_in_journal("<one@example.org>")
    assert not again.find_in_journal("<other@example.org>")
    assert [copy.raw for copy in again.letters(JOURNAL)] == [letter()]


def test_a_message_with_russian_headers_and_a_broken_charset_is_found_too(
    options: PostOfficeOptions, open_office: Open
) -> None:
    office = open_office(PostOfficeOptions(options.folder, options.own, options.door))
    written = EmailMessage()
    written["Message-ID"] = "<number-7.closing@profman.ru>"
    written["Subject"] = "Заявка закрыта"
    written.set_content("Готово.", charset="koi8-r")
    send(
        office.port,
        JOURNAL,
        raw=b"Subject: \xff\xfe\r\nContent-Type: text/plain; charset=no\r\n\r\n\xff",
    )
    send(office.port, JOURNAL, raw=written.as_bytes(policy=written.policy.clone(linesep="\r\n")))

    assert office.find_in_journal("<number-7.closing@profman.ru>")


def test_every_letter_answered_250_survives_a_kill_and_none_is_kept_by_halves(
    options: PostOfficeOptions,
) -> None:
    host, port = options.door
    arguments = ["--port", str(own_port := processes.free_port()), "--folder", str(options.folder)]
    arguments += ["--door", f"{host}:{port}", "--own", OURS, "--no-imap"]
    command = processes.python_module("deploy.local.post_office", *arguments)
    told: list[str] = []
    for round_number in range(3):
        child = processes.start(Program(command, options.folder / "world.log"))
        child.wait_until(lambda: processes.is_answering(own_port))
        told += _sent_until_killed(own_port, round_number, child)

    world = Maildirs(options.folder)
    world.mend()

    kept = {line.message_id for line in world.accepted()}
    assert len(told) == 60
    assert kept >= set(told)
    assert len(world.all_letters()) == 2 * len(world.accepted())


def test_a_killed_post_office_starts_again_with_its_journal_and_then_stops_whole(
    options: PostOfficeOptions,
) -> None:
    port = processes.free_port()
    arguments = ["--port", str(port), "--folder", str(options.folder), "--door", "127.0.0.1:1"]
    command = processes.python_module("deploy.local.post_office", *arguments, "--own", OURS)
    program = Program(command, options.folder / "world.log")
    first = processes.start(program)
    first.wait_until(lambda: processes.is_answering(port))
    send(port, JOURNAL)
    first.kill()

    again = processes.start(program)
    again.wait_until(lambda: processes.is_answering(port))
    access = journal.access_to(options.folder)
    is_found = journal.is_in_journal(access, "<one@example.org>")
    code = again.stop()

    assert is_found
    assert code == 0
    assert not processes.is_answering(access.port)


def _sent_until_killed(port: int, round_number: int, child: processes.Child) -> list[str]:
    told: list[str] = []
    with smtplib.SMTP(LOOPBACK, port, local_hostname="test.localhost", timeout=10) as line:
        for number in range(20):
            message_id = f"<{round_number}.{number}@example.org>"
            line.sendmail(OURS, ["one@example.org", JOURNAL], letter(message_id), ["BODY=8BITMIME"])
            told.append(message_id)
        line.mail(OURS)
        line.rcpt("one@example.org")
        line.rcpt(JOURNAL)
        line.putcmd("data")
        line.getreply()
        line.send(letter("<unsure@example.org>") + b".\r\n")
        child.kill()
    return told
