"""Each end of a try means one thing: it left, may leave later, never will, or nobody knows.

R33, R46; law 2; RFC 5321 4.2.1.
"""

import smtplib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from activities.post import (
    Journal,
    PermanentRefusalError,
    Post,
    Server,
    TemporaryRefusalError,
    UnclearEndError,
)
from deploy.local import processes
from deploy.local.delivery import DROP, Delivery, Fault, Stage
from deploy.local.post_office import JOURNAL, PostOffice, PostOfficeOptions
from deploy.local.processes import LOOPBACK

SENDER = "lanskov@profman.ru"
ANNA = "anna@sever.example"
MIME = "Message-ID: <1@profman.ru>\r\nSubject: a\r\n\r\nСрочно.\r\n.точка\r\n".encode()
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
def options(tmp_path: Path) -> PostOfficeOptions:
    nobody = (LOOPBACK, processes.free_port())
    return PostOfficeOptions(tmp_path / "world", frozenset(), nobody, journal=None)


@pytest.fixture
def office(open_office: Open, options: PostOfficeOptions) -> PostOffice:
    return open_office(options)


@pytest.fixture
def post(office: PostOffice) -> Iterator[Post]:
    with closing(Post(Server(LOOPBACK, office.port), SENDER, JOURNAL)) as way_out:
        yield way_out


@pytest.fixture
def dialed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the connections that are made, each as real as ever."""
    ports: list[int] = []
    connect = smtplib.SMTP.connect

    def counted(
        self: smtplib.SMTP,
        host: str = "localhost",
        port: int = 0,
        source_address: tuple[str, int] | None = None,
    ) -> tuple[int, bytes]:
        ports.append(port)
        return connect(self, host, port, source_address)

    monkeypatch.setattr(smtplib.SMTP, "connect", counted)
    return ports


def strikes_at(stage: Stage, answer: str) -> Fault:
    def fault(delivery: Delivery) -> str | None:
        return answer if delivery.stage is stage else None

    return fault


def test_a_letter_and_its_copy_leave_byte_for_byte_with_our_address_for_bounces(
    office: PostOffice, post: Post
) -> None:  # R46
    answer = post.send(ANNA, MIME)

    [kept], [copy] = office.letters(ANNA), office.letters(JOURNAL)
    assert answer.startswith("250 ")
    assert (kept.raw, copy.raw) == (MIME, MIME)
    assert kept.accepted.sender == SENDER
    assert kept.accepted.recipients == (ANNA, JOURNAL)


def test_without_a_journal_only_the_client_gets_the_letter(office: PostOffice) -> None:
    with closing(Post(Server(LOOPBACK, office.port), SENDER)) as post:
        post.send(ANNA, MIME)

    assert [letter.recipient for letter in office.all_letters()] == [ANNA]


@pytest.mark.parametrize("stage", [Stage.RECIPIENT, Stage.LETTER])
@pytest.mark.parametrize("answer", ["450 4.2.0 Greylisted", "451 4.3.0 Try again later"])
def test_a_refusal_for_now_leaves_nothing_and_is_told_in_the_servers_words(
    office: PostOffice, post: Post, stage: Stage, answer: str
) -> None:  # R33 R46
    office.disturb(strikes_at(stage, answer))

    with pytest.raises(TemporaryRefusalError) as refused:
        post.send(ANNA, MIME)

    assert str(refused.value) == answer
    assert office.all_letters() == []


@pytest.mark.parametrize("stage", [Stage.RECIPIENT, Stage.LETTER])
def test_a_refusal_for_good_is_told_apart(
    office: PostOffice, post: Post, stage: Stage
) -> None:  # R33 R46
    office.disturb(strikes_at(stage, "550 5.1.1 No such user"))

    with pytest.raises(PermanentRefusalError) as refused:
        post.send(ANNA, MIME)

    assert str(refused.value) == "550 5.1.1 No such user"
    assert office.all_letters() == []


def test_a_letter_that_the_journal_cannot_get_does_not_leave(
    office: PostOffice, post: Post
) -> None:  # R46
    def no_journal(delivery: Delivery) -> str | None:
        is_journal = delivery.recipients[-1] == JOURNAL
        return "452 4.2.2 Mailbox full" if is_journal else None

    office.disturb(no_journal)

    with pytest.raises(TemporaryRefusalError):
        post.send(ANNA, MIME)

    assert office.all_letters() == []


@pytest.mark.parametrize(("stage", "kept"), [(Stage.LETTER, 0), (Stage.KEPT, 1)])
def test_a_line_that_breaks_after_the_letter_leaves_its_end_unclear(
    office: PostOffice, post: Post, stage: Stage, kept: int
) -> None:  # R33 R46
    office.disturb(strikes_at(stage, DROP))

    with pytest.raises(UnclearEndError):
        post.send(ANNA, MIME)

    assert len(office.letters(ANNA)) == kept


def test_a_line_that_breaks_before_the_letter_is_a_refusal_for_now(
    office: PostOffice, post: Post
) -> None:  # R46
    office.disturb(strikes_at(Stage.RECIPIENT, DROP))

    with pytest.raises(TemporaryRefusalError):
        post.send(ANNA, MIME)

    assert office.all_letters() == []


def test_a_server_that_is_away_is_a_refusal_for_now() -> None:  # R46
    nobody = Post(Server(LOOPBACK, processes.free_port()), SENDER)

    with pytest.raises(TemporaryRefusalError):
        nobody.send(ANNA, MIME)


def test_letters_one_after_another_share_a_connection(
    office: PostOffice, post: Post, dialed: list[int]
) -> None:
    for _ in range(3):
        post.send(ANNA, MIME)

    assert dialed == [office.port]
    assert len(office.letters(ANNA)) == 3


@pytest.mark.parametrize("answer", ["451 4.3.0 Try again later", "550 5.1.1 No such user"])
def test_a_letter_after_a_refusal_leaves_on_a_fresh_connection(
    office: PostOffice, post: Post, dialed: list[int], answer: str
) -> None:  # R46
    office.disturb(strikes_at(Stage.RECIPIENT, answer))
    with pytest.raises((TemporaryRefusalError, PermanentRefusalError)):
        post.send("nobody@sever.example", MIME)
    office.disturb(None)

    post.send(ANNA, MIME)

    assert len(dialed) == 2
    assert [letter.recipient for letter in office.all_letters()] == [ANNA, JOURNAL]


def test_an_idle_connection_that_died_is_replaced_and_the_letter_leaves_once(
    open_office: Open, options: PostOfficeOptions, dialed: list[int]
) -> None:  # R46
    first = PostOffice(options).start()
    port = first.port
    with closing(Post(Server(LOOPBACK, port), SENDER)) as post:
        post.send(ANNA, MIME)
        first.stop()
        again = open_office(replace(options, port=port))

        post.send("boris@sever.example", MIME)

    assert dialed == [port, port]
    assert len(again.letters("boris@sever.example")) == 1


def test_a_letter_is_found_in_the_journal_by_its_message_id(
    tmp_path: Path, open_office: Open
) -> None:  # R33
    nobody = (LOOPBACK, processes.free_port())
    office = open_office(PostOfficeOptions(tmp_path / "world", frozenset(), nobody))
    imap = office.journal_imap
    assert imap is not None
    journal = Journal(imap.host, imap.port, imap.user, imap.password, tls=False)
    with closing(Post(Server(LOOPBACK, office.port), SENDER, JOURNAL)) as post:
        post.send(ANNA, MIME)

    assert journal.has("<1@profman.ru>")
    assert not journal.has("<2@profman.ru>")


def test_a_password_is_not_shown() -> None:
    server = Server(LOOPBACK, 25, "post", "open sesame")
    journal = Journal(LOOPBACK, 143, "journal", "open sesame")

    assert "open sesame" not in repr((server, journal))
