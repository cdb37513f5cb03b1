"""Fuzz: whatever the bytes, a letter comes back, read or with its reason; R28, law 1.

`FUZZ_LETTERS=100000 pytest tests/mail/test_letters_of_strangers.py` mutates more of them by hand.
The seeds are made here, and real letters join them where their folder is beside the project.
"""

import os
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import cache
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.letters import Language, LetterFacts, LetterKind
from mail.composing import LetterEnvelope, compose
from mail.confinement import Reading
from mail.reading import ReceivedLetter, read

LETTERS = int(os.environ.get("FUZZ_LETTERS", "2000"))
BATCHES = 4
CONFINED = 10  # each tenth is read in a child, too
CORPUS = Path(__file__).parents[3] / "shared" / "mail-corpus"
LARGEST_SEED = 60_000
TOKENS = (
    b"\r\n\r\n",
    b"\r",
    b"\x00",
    b"--B",
    b"=?utf-8?B?",
    b"?=",
    b"=?koi8-r?q?=CF?=",
    b"Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n",
    b"Content-Type: message/rfc822\r\n\r\n",
    b"Content-Type: message/delivery-status\r\n\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: x-uuencode\r\n",
    b"; charset=utf-7\r\n",
    b"; charset=utf-16\r\n",
    b"; charset=x-unknown\r\n",
    b"; filename*0*=koi8-r''%FF; filename=\"",
    b"From: ",
    b"References: <",
    b"begin 644 x\n",
    b"<blockquote type=cite>" * 40,
    b"<table>" * 40,
    b"(" * 200,
    b"<" * 200,
    b'"\\' * 100,
    b"\xcf\xf0\xe8\xe2\xe5\xf2",
    b"\xff\xfe\xd8\x00",
    b"> " * 300 + b"\n",
    "Ответьте выше этой линии\n".encode(),
)


def plain() -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "Иван <ivan@client.test>", "Отчёт"
    message["In-Reply-To"] = message["References"] = "<t.1@support.test>"
    message.set_content("Не открывается\n\n1.1.2026 10:00, a@b.test пишет:\n> Версия?\n")
    return message.as_bytes()


def with_files() -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "Иван <ivan@client.test>", "Отчёт"
    message.set_content("Не открывается\n" * 20)
    page = "<p>Не открывается<blockquote type=cite>старое</blockquote>"
    message.add_alternative(page, subtype="html")
    message.add_attachment(b"\x89PNG" * 50, maintype="image", subtype="png", filename="снимок.png")
    message.add_attachment(message_within())
    for number, part in enumerate(message.walk()):
        if part.get_content_maintype() == "multipart":
            part.set_boundary(f"B{number}")  # the same in every run
    return message.as_bytes()


def message_within() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Subject"] = "a@b.test", "inside"
    message.set_content("text", charset="koi8-r")
    return message


def bounce() -> bytes:
    head = "From: MAILER-DAEMON@mx.test\r\nReturn-Path: <>\r\nSubject: Undelivered\r\n"
    kind = "Content-Type: multipart/report; report-type=delivery-status; boundary=B\r\n\r\n"
    report = "Original-Envelope-Id: t.1@x\r\n\r\nFinal-Recipient: rfc822; a@b.test\r\n"
    report += "Action: failed\r\nStatus: 5.1.1\r\n"
    parts = ("text/plain\r\n\r\n550 no", f"message/delivery-status\r\n\r\n{report}")
    body = "".join(f"--B\r\nContent-Type: {part}\r\n" for part in parts)
    return f"{head}{kind}{body}--B--\r\n".encode()


def flowed() -> bytes:
    head = b"From: a@b.test\r\nContent-Type: text/plain; format=flowed; delsp=yes\r\n\r\n"
    return head + b"one \r\ntwo\r\n> q \r\n> r\r\n-- \r\nname\r\n"


def our_own() -> bytes:
    at = datetime(2026, 9, 7, 9, tzinfo=UTC)
    facts = LetterFacts(number="PS-000001", language=Language.RU, received_at=at, accepted_at=at)
    envelope = LetterEnvelope(
        to="a@client.test", message_id="<t.1@support.test>", date_at=at, instance="here"
    )
    return compose(LetterKind.CONFIRMATION, facts, envelope).mime


@cache
def seeds() -> tuple[bytes, ...]:
    made = [plain(), with_files(), bounce(), flowed(), our_own()]
    real = [file.read_bytes() for file in sorted(CORPUS.glob("*/files/**/*.eml"))]
    return (*made, *(raw for raw in real if len(raw) <= LARGEST_SEED))


def flipped(raw: bytearray, dice: random.Random) -> None:
    for _ in range(8):
        raw[dice.randrange(len(raw))] = dice.randrange(256)


def cut(raw: bytearray, dice: random.Random) -> None:
    del raw[dice.randrange(len(raw)) :]


def grown(raw: bytearray, dice: random.Random) -> None:
    start = dice.randrange(len(raw))
    raw[start:start] = raw[start : start + 400] * dice.choice((2, 30))


def holed(raw: bytearray, dice: random.Random) -> None:
    start = dice.randrange(len(raw))
    del raw[start : start + dice.randrange(200)]


def salted(raw: bytearray, dice: random.Random) -> None:
    start = dice.randrange(len(raw))
    raw[start:start] = dice.choice(TOKENS)


def crossed(raw: bytearray, dice: random.Random) -> None:
    other = dice.choice(seeds())
    raw[dice.randrange(len(raw)) :] = other[dice.randrange(len(other)) :]


DAMAGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    flipped,
    cut,
    grown,
    holed,
    salted,
    salted,
    crossed,
)


def mutated(batch: int) -> Iterator[bytes]:
    """Damage seed after seed; the same damage in every run."""
    dice = random.Random(batch)  # noqa: S311 - it must be the same in every run
    while True:
        raw = bytearray(dice.choice(seeds()))
        for damage in dice.choices(DAMAGES, k=3):
            if raw:
                damage(raw, dice)
        yield bytes(raw)


def words_of(letter: ReceivedLetter) -> str:
    """Return all that the register would keep as text."""
    files = [x for f in letter.attachments for x in (f.name, f.content_type, f.content_id)]
    bounce = letter.bounce
    bounced = (bounce.recipient, bounce.original_message_id, bounce.envelope_id) if bounce else ()
    known = (letter.sender.name, letter.sender.address, letter.subject, letter.text, letter.date)
    ids = (letter.message_id, letter.in_reply_to, *letter.references, letter.loop)
    shown = (letter.visible_text, letter.html or "", letter.automatic_reason)
    return "\n".join((*known, *ids, *shown, *letter.to, *letter.cc, *files, *bounced))


def check(letter: ReceivedLetter) -> None:
    assert not (letter.unreadable or "").startswith("чтение прервано"), letter.unreadable
    assert len(letter.fingerprint) == 64
    assert "\0" not in words_of(letter)
    words_of(letter).encode()  # half a character could not be kept
    assert bool(letter.visible_text.strip()) == bool(letter.text.strip())


@pytest.mark.parametrize("batch", range(BATCHES))
def test_no_mutated_letter_stops_the_reading(batch: int) -> None:  # R28
    letters = list(islice(mutated(batch), LETTERS // BATCHES))

    received = [read(raw) for raw in letters]

    assert len(received) == len(letters)
    for letter in received:
        check(letter)


def test_mutated_letters_read_the_same_in_a_child() -> None:
    letters = list(islice(mutated(BATCHES), LETTERS // CONFINED))

    with Reading(1) as reading:
        received = [reading.read(raw) for raw in letters]

    assert received == [read(raw) for raw in letters]


@given(st.binary(max_size=3000))
def test_no_bytes_stop_the_reading(raw: bytes) -> None:
    check(read(raw))


NAMES = st.sampled_from(
    (
        *("From", "To", "Subject", "Reply-To", "Message-ID", "References", "X-Profman-Loop"),
        *("Content-Type", "Content-Disposition", "Content-Transfer-Encoding"),
        *("Auto-Submitted", "Authentication-Results"),
    )
)
KINDS = st.sampled_from(
    (
        *("text/plain", "text/html", "text/calendar", "image/png", "application/ms-tnef"),
        *("multipart/mixed", "multipart/alternative", "multipart/report"),
        *("message/rfc822", "message/delivery-status"),
    )
)
SIGNS = st.text(st.sampled_from(" <>@\"'()=?;:,\\*%\t\r\n_.-azЯ1/ёutf8qb"), max_size=60)
FIELDS = st.lists(st.tuples(NAMES, SIGNS | st.text(max_size=40)), max_size=6)


def field_lines(fields: list[tuple[str, str]]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in fields).encode("utf-8", "replace")


def part_of(fields: list[tuple[str, str]], kind: str, content: bytes, inside: list[bytes]) -> bytes:
    boundary = f"B{len(inside)}"
    head = field_lines(fields) + f"Content-Type: {kind}; boundary={boundary}\r\n\r\n".encode()
    below = b"".join(f"\r\n--{boundary}\r\n".encode() + part for part in inside)
    return head + content + below


CONTENT = st.binary(max_size=200) | SIGNS.map(lambda text: text.encode("cp1251", "replace"))
LETTER = st.recursive(
    st.builds(part_of, FIELDS, KINDS, CONTENT, st.just([])),
    lambda inside: st.builds(part_of, FIELDS, KINDS, CONTENT, st.lists(inside, max_size=4)),
    max_leaves=8,
)


@settings(max_examples=200)
@given(LETTER)
def test_no_shape_of_a_letter_stops_the_reading(raw: bytes) -> None:
    check(read(raw))
