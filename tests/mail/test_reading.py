"""Reading of letters: R28, R29, R42; identity that forged forms cannot win."""

import time
from collections.abc import Callable

import pytest

from mail.fingerprint import fingerprint
from mail.quotes import visible_reply
from mail.reading import describe, read

BOXES = b"Content-Type: multipart/mixed; boundary=B%d\r\n\r\n--B%d\r\n"
REPLY = "In-Reply-To: <ours.1@profman.test>\r\n"


def letter(header: str = "", body: str = "Текст") -> bytes:
    head = f"{header}Content-Type: text/plain; charset=utf-8\r\n\r\n"
    return (head + body).encode("utf-8")


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
        (b"Subject: x\r\n\r\n" + b"a" * (25 * 2**20), "25 МБ"),
        (b"Subject: x\r\nX-A: " + b"a" * (257 * 1024) + b"\r\n\r\n", "256 КБ"),
        (
            b"Subject: x\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n"
            + b"--B\r\n\r\nx\r\n" * 300,
            "больше 200",
        ),
        (
            b"Subject: x\r\n"
            + b"".join(
                b"Content-Type: multipart/mixed; boundary=B%d\r\n\r\n--B%d\r\n" % (n, n)
                for n in range(40)
            ),
            "глубже 20",
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


def test_a_control_field_of_ours_is_told_and_has_no_other_effect() -> None:
    received = read(
        letter("From: a@client.test\r\nX-Profman-Loop: test\r\nX-Profman-Role: head\r\n")
    )

    assert (received.loop, received.sender.trusted) == ("test", True)
    assert received.automatic_reason == "X-Profman-Loop"


def test_a_sender_of_a_header_that_ends_too_soon_is_not_trusted() -> None:
    raw = b"From: a@client.test\r\nno field at all\r\nFrom: b@client.test\r\n\r\ntext"

    assert not read(raw).sender.trusted


def test_every_letter_has_the_fingerprint_of_its_bytes() -> None:
    whole, broken = letter(), letter(f"X-A: {'a' * 300_000}\r\n")

    assert read(whole).fingerprint == fingerprint(whole)
    assert read(broken).fingerprint == fingerprint(broken)


def lines(line: str) -> Callable[[int], object]:
    return lambda count: visible_reply(line * count)


def field(name: str, value: str) -> Callable[[int], object]:
    return lambda count: read(letter(f"{name}: {(value * count)[:200_000]}\r\n"))


def body(header: str, piece: str) -> Callable[[int], object]:
    return lambda count: read(letter(header, piece * count))


GROWING: dict[str, tuple[Callable[[int], object], int]] = {
    "empty lines": (lines("\n"), 200_000),
    "quoted lines": (lines("> a\n"), 200_000),
    "fields": (lines("От: a\n"), 200_000),
    "dates": (lines("1.1.2026 10:00 a@b:\n"), 40_000),
    "words without an end": (field("Subject", "=?utf-8?q?;"), 9000),
    "words": (field("Subject", "=?utf-8?q?a?="), 7500),
    "addresses": (field("To", "a@b.test,"), 3500),
    "comments": (field("To", "("), 30_000),
    "references": (field("References", "<a@b.test> "), 9000),
    "brackets": (field("References", "<"), 90_000),
    "parameters": (field("Content-Type", "a;"), 40_000),
    "open quotes": (field("Authentication-Results", '"a;'), 30_000),
    "soft line ends": (body("Content-Type: text/plain; format=flowed\r\nX-A: ", "a \n"), 200_000),
    "Cyrillic": (body("", "Привет "), 100_000),
    "reports": (body("Content-Type: message/delivery-status\r\nX-A: ", "a: b\n\n"), 100_000),
    "uuencoded": (body("Content-Transfer-Encoding: x-uuencode\r\nX-A: ", "begin 644 a\n"), 50_000),
}


@pytest.mark.parametrize("what", GROWING)
def test_twice_the_letter_takes_no_more_than_some_twice_the_time(what: str) -> None:
    work, count = GROWING[what]

    once, twice = least_time(work, count), least_time(work, 2 * count)

    assert twice < 3.2 * once + 0.02  # what grows with the square would take four times as long


def least_time(work: Callable[[int], object], count: int) -> float:
    times = []
    for _ in range(3):
        started = time.thread_time()
        work(count)
        times.append(time.thread_time() - started)
    return min(times)
