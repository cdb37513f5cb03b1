"""Reading of letters: R28, R29, R42; identity that forged forms cannot win."""

import random
import time
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.quotes import visible_reply
from mail.reading import describe, read

BOXES = b"Content-Type: multipart/mixed; boundary=B%d\r\n\r\n--B%d\r\n"
REPLY = "In-Reply-To: <ours.1@profman.test>\r\n"


def letter(header: str = "", body: str = "Текст") -> bytes:
    head = f"{header}Content-Type: text/plain; charset=utf-8\r\n\r\n"
    return (head + body).encode("utf-8")


@given(st.binary(max_size=3000))
def test_no_bytes_stop_the_reading(raw: bytes) -> None:
    assert read(raw).defects is not None


def test_damaged_letters_are_read_too() -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = "Иван <ivan@client.test>", "Отчёт"
    message.set_content("Не открывается\n" * 20)
    message.add_alternative("<p>Не открывается</p>", subtype="html")
    message.add_attachment(b"\x89PNG" * 50, maintype="image", subtype="png", filename="снимок.png")
    whole = message.as_bytes()
    dice = random.Random(7)  # noqa: S311 - the same damage in every run

    for _ in range(300):
        raw = bytearray(whole)
        for _ in range(8):
            raw[dice.randrange(len(raw))] = dice.randrange(256)

        assert read(bytes(raw[: dice.randrange(len(raw))])).unreadable is None


@pytest.mark.parametrize(
    ("field", "address", "trusted"),
    [
        ("Анна <anna@client.test>", "anna@client.test", True),
        ("anna@client.test", "anna@client.test", True),
        ('"Kuznetsova, Anna" <anna@client.test>', "anna@client.test", True),
        ("anna@client.test (Anna)", "anna@client.test", True),
        ("alice@profman.ru <bob@evil.example>", "bob@evil.example", False),
        ("alice@profman.ru, bob@evil.example", "alice@profman.ru", False),
        ("<alice@profman.ru> <bob@evil.example>", "alice@profman.ru", False),
        ("Alice <alice@profman.ru", "alice@profman.ru", False),
        ("alice@profman.ru bob@evil.example", "alice@profman.ru", False),
        ("alice@profman.ru(<bob@evil.example>", "alice@profman.ru", False),
        ("undisclosed:;", "", False),
        ("", "", False),
    ],
)
def test_identity_rests_only_on_an_unambiguous_from(
    field: str, address: str, *, trusted: bool
) -> None:
    sender = read(letter(f"From: {field}\r\n")).sender

    assert (sender.address, sender.trusted) == (address, trusted)


def test_two_from_fields_are_not_trusted() -> None:
    sender = read(letter("From: a@client.test\r\nFrom: b@evil.example\r\n")).sender

    assert not sender.trusted


@pytest.mark.parametrize(
    "subject",
    ["Отчёт\r\n Bcc: all@evil.example", "=?utf-8?Q?a=0D=0ABcc:_x?=", "a\x00b\x85c\u2028d\u202ee"],
)
def test_a_subject_is_always_one_line(subject: str) -> None:
    read_subject = read(letter(f"Subject: {subject}\r\n")).subject

    assert len(read_subject.splitlines()) == 1
    assert read_subject.replace("…", "").isprintable()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("=?utf-8?B?0J7RgtGH?= =?utf-8?B?0ZHRgg==?=", "Отчёт"),
        ("=?utf-8?B?0J7RgtGH0Q==?=\r\n =?utf-8?B?kdGC?=", "Отчёт"),
        ("=?koi8-r?Q?=EF=D4=DE=A3=D4?= 5", "Отчёт 5"),
        ("Отчёт", "Отчёт"),
        ("=?utf-8?Q?not ended", "=?utf-8?Q?not ended"),
        ("=?x-unknown?B?z/Do4uXy?=", "Привет"),
    ],
)
def test_encoded_subjects_are_read_even_when_broken(written: str, meant: str) -> None:
    assert read(letter(f"Subject: {written}\r\n")).subject == meant


@pytest.mark.parametrize(
    "disposition",
    [
        "attachment; filename*=utf-8''%D1%81%D0%BD%D0%B8%D0%BC%D0%BE%D0%BA.png",
        "attachment; filename*0*=utf-8''%D1%81%D0%BD%D0%B8; filename*1*=%D0%BC%D0%BE%D0%BA.png",
        'attachment; filename="=?utf-8?B?0YHQvdC40LzQvtC6LnBuZw==?="',
        'attachment; filename="снимок.png"',
    ],
)
def test_file_names_are_read_in_every_form(disposition: str) -> None:  # R42
    raw = f"Content-Type: image/png\r\nContent-Disposition: {disposition}\r\n\r\nPNG"

    (file,) = read(raw.encode("utf-8")).attachments

    assert file.name == "снимок.png"


def test_a_file_name_brings_no_folder_and_no_line_break() -> None:
    raw = b'Content-Type: image/png; name="../../etc\\\\x\x00\r\n .png"\r\n\r\nPNG'

    (file,) = read(raw).attachments

    assert not set("/\\\r\n\x00") & set(file.name)


def test_an_enclosed_letter_is_kept_byte_for_byte() -> None:
    inside = b"From: a@b.test\r\nSubject: inside\r\n\r\n\xcf\xf0\xe8\r\n--b--like\r\n"
    raw = b"Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n\r\nhello\r\n--B\r\n"
    raw += b"Content-Type: message/rfc822\r\n\r\n" + inside + b"\r\n--B--\r\n"

    read_letter = read(raw)

    assert [(a.name, a.content) for a in read_letter.attachments] == [("letter.eml", inside)]
    assert read_letter.text.strip() == "hello"


def test_html_alone_becomes_text_with_quotations_marked() -> None:
    page = "Да<script>x()</script><br>Пн, 1 сент. 2026 г. в 10:00, Имя &lt;a@b.test&gt;:"
    page += '<blockquote type="cite">старое</blockquote>'
    raw = f"{REPLY}Content-Type: text/html; charset=utf-8\r\n\r\n{page}".encode()

    read_letter = read(raw)

    assert "x()" not in read_letter.text
    assert "> старое" in read_letter.text
    assert read_letter.visible_text == "Да"


def test_flowed_lines_are_joined() -> None:
    raw = b"Content-Type: text/plain; format=flowed\r\n\r\none \r\ntwo\r\n> q \r\n> r\r\nend"

    assert read(raw).text == "one two\n> q r\nend"


def test_a_new_letter_is_never_cut() -> None:
    body = "Смотрите:\n\n-------- Пересылаемое сообщение --------\nОт: a@b.test\nТема: x\n\nтекст"

    assert read(letter("From: a@b.test\r\n", body)).visible_text == body


def test_a_reply_shows_what_was_written_above_our_line() -> None:
    body = "Версия 4.2\n\nвт, 1 сент. 2026 г. в 10:00, PS <s@p.test>:\n> Ответьте выше этой линии"

    assert read(letter(body=body)).visible_text == "Версия 4.2"


@pytest.mark.parametrize(
    "text",
    [
        "Он писал мне вчера: всё стоит",
        "Ответ отправим в 10:04, <a@b.test>:\nждите",
        "Ответ\n-----\nПодпись",
        "если a > b, то ошибка",
        "12.12.2026 10:00 отчёт не открылся:\nошибка 500",
        "Шаги:\n1. Открыть\n2. Нажать",
        "> первый вопрос\nда\n> второй вопрос\nнет",
        "> только цитата",
    ],
)
def test_own_words_are_never_cut(text: str) -> None:
    assert visible_reply(text) == text


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        ">",
        " ",
        "-",
        "<a@b",
        "On 1.1.2026 ",
        "12:00 ",
        "от:",
        "=?utf-8?q?",
        "wrote:",
        "написал ",
    ],
)
def test_a_line_of_a_megabyte_costs_little(piece: str) -> None:
    line = piece * (2**20 // len(piece))
    started = time.perf_counter()

    visible_reply(line)

    assert time.perf_counter() - started < 0.1


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"Subject: x\r\n\r\n" + b"a" * (25 * 2**20), "25 MB"),
        (b"Subject: x\r\nX-A: " + b"a" * (257 * 1024) + b"\r\n\r\n", "256 KB"),
        (
            b"Subject: x\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n"
            + b"--B\r\n\r\nx\r\n" * 300,
            "200 parts",
        ),
        (
            b"Subject: x\r\n"
            + b"".join(
                b"Content-Type: multipart/mixed; boundary=B%d\r\n\r\n--B%d\r\n" % (n, n)
                for n in range(40)
            ),
            "deeper than 20",
        ),
    ],
    ids=["size", "header", "parts", "depth"],
)
def test_a_letter_beyond_the_limits_is_named_not_lost(raw: bytes, reason: str) -> None:
    read_letter = read(raw)

    assert read_letter.unreadable is not None
    assert reason in read_letter.unreadable
    assert read_letter.subject == "x"
    assert describe("f.eml", read_letter)["unreadable"] == read_letter.unreadable


@pytest.mark.parametrize(
    ("field", "automatic"),
    [
        ("Auto-Submitted: auto-replied", True),
        ("Auto-Submitted: no", False),
        ("Auto-Submitted: auto-forwarded", False),
        ("Precedence: bulk", True),
        ("List-Id: <x.test>", True),
        ("X-Auto-Response-Suppress: All", True),
        ("Return-Path: <>", True),
        ("Subject: Автоматический ответ: Отпуск", True),
        ("Subject: Out of office", True),
        ("Subject: Автоматический отчёт не строится", False),
        ("Subject: Не работает автоответчик", False),
        ("X-Profman-Severity: critical", False),
    ],
)
def test_machines_are_told_from_people(field: str, *, automatic: bool) -> None:  # R33
    assert read(letter(f"From: a@client.test\r\n{field}\r\n")).automatic is automatic


def test_a_russian_bounce_names_who_was_not_reached() -> None:
    body = "Ваше письмо не доставлено.\n<anna@client.test>: 550 5.1.1 user unknown\n"
    raw = letter("From: postmaster@mx.test\r\nSubject: Недоставленное сообщение\r\n", body)

    bounce = read(raw).bounce

    assert bounce is not None
    assert (bounce.recipient, bounce.status, bounce.hard) == ("anna@client.test", "5.1.1", True)


def test_a_person_who_writes_of_undelivered_mail_is_no_bounce() -> None:
    body = "Здравствуйте! Письма из PROFMAN ISS не доставлены, ошибка 550 5.1.1."

    assert read(letter("From: a@client.test\r\nSubject: Не доставлено\r\n", body)).bounce is None
