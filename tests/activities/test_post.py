"""Each end of a try means one thing: it left, may leave later, never will, or nobody knows.

R33, R46; law 2; RFC 5321 4.2.1, RFC 3461 (news of delivery), RFC 6531 (addresses in all scripts).
"""

import smtplib
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from io import BufferedIOBase
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest
from typing_extensions import override

from activities.journal import Journal
from activities.post import Post
from activities.smtp import (
    PermanentRefusalError,
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


class Scripted:
    """A mail server that says at each word what it is told to, or nothing where that is empty."""

    def __init__(self, **replies: str) -> None:
        """Change these of its usual replies, named by the client's word for it."""
        usual = {"hello": "220 ready", "EHLO": "250 here", "DATA": "354 go on", "QUIT": "221 bye"}
        self._replies = defaultdict(lambda: "250 OK", {**usual, **replies})
        self.heard: list[str] = []
        scripted = self

        class Dialogue(StreamRequestHandler):
            @override
            def handle(self) -> None:
                scripted.answer("hello", self.wfile)
                for line in self.rfile:
                    scripted.hear(line.decode().strip(), self.rfile, self.wfile)

        self._server = ThreadingTCPServer((LOOPBACK, 0), Dialogue)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def hear(self, words: str, came: BufferedIOBase, said: BufferedIOBase) -> None:
        """Answer one command, and the letter that follows it."""
        verb = words.partition(" ")[0].upper()
        self.heard.append(words)
        self.answer(verb, said)
        if verb == "DATA" and self._replies["DATA"].startswith("354"):
            while came.readline() not in {b".\r\n", b""}:
                pass
            self.answer("letter", said)

    def answer(self, verb: str, said: BufferedIOBase) -> None:
        """Say what the script has for this."""
        if reply := self._replies[verb]:
            said.write(reply.replace("\n", "\r\n").encode() + b"\r\n")

    def options_of(self, verb: str) -> list[str]:
        """Return what was heard with this word, in order."""
        return [words for words in self.heard if words.upper().startswith(verb)]

    def change(self, **replies: str) -> None:
        """Say something else from now on."""
        self._replies |= replies

    def stop(self) -> None:
        """Close the door."""
        self._server.shutdown()
        self._server.server_close()


Script = Callable[..., tuple[Scripted, Post]]


@pytest.fixture
def script() -> Iterator[Script]:
    """Give the way to a server that follows a script, and to a post of little patience."""
    with ExitStack() as opened:

        def begin(**replies: str) -> tuple[Scripted, Post]:
            server = Scripted(**replies)
            opened.callback(server.stop)
            ours = Server(LOOPBACK, server.port, reply_seconds=0.2)
            return server, opened.enter_context(closing(Post(ours, SENDER, JOURNAL)))

        yield begin


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


@pytest.mark.parametrize("answer", ["452 4.2.2 Mailbox full", "550 5.1.1 No such user"])
def test_a_letter_that_the_journal_cannot_get_waits_until_we_mend_it(
    office: PostOffice, post: Post, answer: str
) -> None:  # R46
    def no_journal(delivery: Delivery) -> str | None:
        return answer if delivery.recipients[-1] == JOURNAL else None

    office.disturb(no_journal)

    with pytest.raises(TemporaryRefusalError) as refused:
        post.send(ANNA, MIME)

    assert str(refused.value) == f"журнал отправленных писем не принял копию: {answer}"
    assert office.all_letters() == []


@pytest.mark.parametrize("answer", ["450 4.2.0 Greylisted", "550 5.1.1 No such user"])
def test_a_letter_that_the_client_cannot_get_is_not_in_the_journal_either(
    office: PostOffice, post: Post, answer: str
) -> None:  # R33
    def no_client(delivery: Delivery) -> str | None:
        return answer if delivery.recipients[-1] == ANNA else None

    office.disturb(no_client)

    with pytest.raises((TemporaryRefusalError, PermanentRefusalError)):
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


def test_news_of_delivery_is_asked_for_the_client_and_not_for_the_journal(
    script: Script,
) -> None:  # R33 R46
    server, post = script(EHLO="250-here\n250 DSN")

    post.send("a+b=c@sever.example", MIME, "<t.1=2+3@profman.ru>")

    assert server.options_of("MAIL") == [
        f"mail FROM:<{SENDER}> RET=HDRS ENVID=t.1+3D2+2B3@profman.ru"
    ]
    assert server.options_of("RCPT") == [
        "rcpt TO:<a+b=c@sever.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;a+2Bb+3Dc@sever.example",
        f"rcpt TO:<{JOURNAL}> NOTIFY=NEVER",
    ]


def test_an_id_too_long_for_the_envelope_is_left_out(script: Script) -> None:
    server, post = script(EHLO="250-here\n250 DSN")

    post.send(ANNA, MIME, f"<{'1' * 100}@profman.ru>")

    assert server.options_of("MAIL") == [f"mail FROM:<{SENDER}> RET=HDRS"]


def test_of_a_server_that_cannot_give_news_none_are_asked(script: Script) -> None:
    server, post = script()

    post.send(ANNA, MIME, "<1@profman.ru>")

    assert server.options_of("MAIL") == [f"mail FROM:<{SENDER}>"]
    assert server.options_of("RCPT") == [f"rcpt TO:<{ANNA}>", f"rcpt TO:<{JOURNAL}>"]


def test_a_russian_domain_is_named_as_every_server_knows_it(script: Script) -> None:  # R46
    server, post = script(EHLO="250-here\n250-8BITMIME\n250 SMTPUTF8")

    post.send("anna@почта.рф", MIME)

    assert server.options_of("MAIL") == [f"mail FROM:<{SENDER}> BODY=8BITMIME"]
    assert server.options_of("RCPT")[0] == "rcpt TO:<anna@xn--80a1acny.xn--p1ai>"


def test_a_russian_address_goes_to_a_server_that_knows_such(script: Script) -> None:  # R46
    server, post = script(EHLO="250-here\n250-DSN\n250 SMTPUTF8")

    post.send("анна@почта.рф", b"Subject: a\r\n\r\nOK\r\n")

    assert server.options_of("MAIL") == [f"mail FROM:<{SENDER}> SMTPUTF8 RET=HDRS"]
    assert server.options_of("RCPT")[0] == (
        "rcpt TO:<анна@xn--80a1acny.xn--p1ai> NOTIFY=FAILURE,DELAY"
    )


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("анна@почта.рф", "адресу нужно SMTPUTF8, а почтовый сервер его не умеет"),
        (f"anna@{'я' * 70}.рф", "у адреса нет верного домена"),
        ("anna", "это не адрес электронной почты"),
        ("anna@sever.example>\r\nRCPT TO:<x@x.example", "это не адрес электронной почты"),
    ],
)
def test_an_address_that_no_server_can_take_is_refused_for_good(
    script: Script, address: str, why: str
) -> None:  # R46
    server, post = script()

    with pytest.raises(PermanentRefusalError, match=why):
        post.send(address, MIME)

    assert server.options_of("RCPT") == []


@pytest.mark.parametrize("answer", ["530 5.7.0 Authentication required", "451 4.3.0 Busy"])
def test_a_refusal_of_our_own_address_is_for_us_to_mend(script: Script, answer: str) -> None:
    _, post = script(MAIL=answer)

    with pytest.raises(TemporaryRefusalError) as refused:
        post.send(ANNA, MIME)

    assert str(refused.value) == f"адрес отправителя не принят: {answer}"
    assert not refused.value.is_of_domain


@pytest.mark.parametrize(
    ("answer", "is_of_domain"),
    [("451 4.7.1 Later", True), ("450 4.2.0 Greylisted", False), ("450 4.1.8 Who", False)],
)
def test_it_is_known_whether_a_domain_or_a_mailbox_refuses(
    script: Script,
    answer: str,
    is_of_domain: bool,  # noqa: FBT001 - a parameter of the table
) -> None:  # R46
    _, post = script(RCPT=answer)

    with pytest.raises(TemporaryRefusalError) as refused:
        post.send(ANNA, MIME)

    assert refused.value.is_of_domain is is_of_domain


@pytest.mark.parametrize("verb", ["hello", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("answer", ["", "421 4.3.2 Shutting down", "сто лет", "9"])
def test_whatever_goes_wrong_before_the_letter_is_a_refusal_for_now(
    script: Script, verb: str, answer: str
) -> None:  # R46
    _, post = script(**{verb: answer, "HELO": answer})

    with pytest.raises(TemporaryRefusalError):
        post.send(ANNA, MIME, seconds=1.0)


@pytest.mark.parametrize("answer", ["сто лет", "9", "354 more", "x" * 9_000])
def test_an_answer_to_the_letter_that_means_nothing_leaves_its_end_unclear(
    script: Script, answer: str
) -> None:  # R33
    _, post = script(letter=answer)

    with pytest.raises(UnclearEndError) as unclear:
        post.send(ANNA, MIME)

    assert not unclear.value.is_hanging


def test_a_server_that_falls_silent_over_the_letter_may_still_be_at_work(
    script: Script,
) -> None:  # R33
    _, post = script(letter="")

    with pytest.raises(UnclearEndError) as unclear:
        post.send(ANNA, MIME, seconds=0.4)

    assert unclear.value.is_hanging


def test_a_server_that_shuts_down_instead_of_taking_the_letter_has_not_got_it(
    script: Script,
) -> None:  # R33
    _, post = script(letter="421 4.3.2 Shutting down")

    with pytest.raises(TemporaryRefusalError):
        post.send(ANNA, MIME)


def test_a_letter_is_not_given_where_its_end_could_not_be_heard_in_time(
    script: Script,
) -> None:  # R33
    server, post = script()

    with pytest.raises(TemporaryRefusalError, match="слишком медлит"):
        post.send(ANNA, MIME, seconds=0.1)

    assert server.heard[-1].upper() == "DATA"


@pytest.mark.parametrize("answer", ["", "421 4.3.2 Shutting down", "500 What?"])
def test_an_idle_connection_that_is_not_well_is_replaced(
    script: Script, dialed: list[int], answer: str
) -> None:  # R46
    server, post = script()
    post.send(ANNA, MIME)
    server.change(RSET=answer)

    post.send(ANNA, MIME)

    assert len(dialed) == 2
    assert len(server.options_of("DATA")) == 2


def test_a_password_is_not_shown() -> None:
    server = Server(LOOPBACK, 25, "post", "open sesame")
    journal = Journal(LOOPBACK, 143, "journal", "open sesame")

    assert "open sesame" not in repr((server, journal))
