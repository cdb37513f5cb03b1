"""The bytes of a letter: true headers, no injection, the same every time (R33, R46)."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.letters import Language, LetterFacts, LetterKind, is_automatic
from mail.composing import ComposedLetter, LetterEnvelope, compose
from mail.identity import Keyring, sign

KEYS = Keyring("a", {"a": b"k" * 32})
DOMAIN = "support.profman.example"
FACTS = LetterFacts(
    number="PS-000124",
    language=Language.RU,
    received_at=datetime(2026, 11, 20, 17, 14, tzinfo=UTC),
    accepted_at=datetime(2026, 11, 23, 6, tzinfo=UTC),
    is_verified=True,
    name="Анна Сергеевна",
    subject="не открывается отчёт по договорам",
)
ENVELOPE = LetterEnvelope(
    to="anna@client.example",
    to_name="Анна Сергеевна",
    message_id=sign("PS-000124", 1, LetterKind.CONFIRMATION, KEYS, DOMAIN),
    date_at=datetime(2026, 11, 20, 17, 14, 5, tzinfo=UTC),
    instance="profman-1",
    in_reply_to="<request@client.example>",
    references=("<older@client.example>",),
)
NOT_CONFIRMATIONS = [kind for kind in LetterKind if kind is not LetterKind.CONFIRMATION]
BREAKS = ["\r\n", "\n", "\r", "\x00", "\u2028", "\u2029", "\x85", "\x0b"]
HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "X-Profman-Loop",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Content-Type",
    "Content-Transfer-Encoding",
    "MIME-Version",
    "Content-Language",
]
INJECTION = "Bcc: victim@evil.example"


def parsed(letter: ComposedLetter) -> EmailMessage:
    message = message_from_bytes(letter.mime, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def header_lines(letter: ComposedLetter) -> list[bytes]:
    return letter.mime.partition(b"\r\n\r\n")[0].split(b"\r\n")


def read_back(letter: ComposedLetter, name: str) -> str:
    """Decode by RFC 2047; the newer parser of Python 3.11 adds spaces to a name of two words."""
    return str(make_header(decode_header(message_from_bytes(letter.mime)[name])))


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", LetterKind)
def test_every_letter_survives_the_way_through_a_parser(
    kind: LetterKind, language: Language
) -> None:  # R46
    letter = compose(kind, replace(FACTS, language=language), ENVELOPE)

    message = parsed(letter)

    assert message.get_content().replace("\r\n", "\n") == letter.text
    assert message["Subject"] == letter.subject
    assert message.get_content_type() == "text/plain"
    assert message.get_content_charset() == "utf-8"
    assert message["Content-Language"] == language
    assert message["Message-ID"] == letter.message_id
    assert message.defects == []


@pytest.mark.parametrize("kind", LetterKind)
def test_the_same_input_makes_the_same_bytes(kind: LetterKind) -> None:
    assert compose(kind, FACTS, ENVELOPE) == compose(kind, FACTS, ENVELOPE)


@pytest.mark.parametrize("kind", LetterKind)
def test_every_line_is_ascii_short_enough_and_ends_in_crlf(kind: LetterKind) -> None:
    mime = compose(kind, FACTS, ENVELOPE).mime

    lines = mime.split(b"\r\n")

    assert mime.isascii()
    assert max(map(len, lines)) <= 998  # RFC 5321, 4.5.3.1.6
    assert not any(b"\n" in line or b"\r" in line for line in lines)


def test_a_letter_names_its_sender_its_number_and_its_moment() -> None:  # R3 R28
    letter = compose(LetterKind.CONFIRMATION, FACTS, ENVELOPE)

    message = parsed(letter)

    assert read_back(letter, "From") == "Техническая поддержка PROFMAN ISS <lanskov@profman.ru>"
    assert read_back(letter, "To") == "Анна Сергеевна <anna@client.example>"
    assert message["Subject"] == "[PS-000124] Принята: не открывается отчёт по договорам"
    assert message["Date"] == "Fri, 20 Nov 2026 20:14:05 +0300"
    assert message["X-Profman-Loop"] == "profman-1"


def test_a_confirmation_says_that_a_machine_replied() -> None:  # R33
    message = parsed(compose(LetterKind.CONFIRMATION, FACTS, ENVELOPE))

    assert message["Auto-Submitted"] == "auto-replied"
    assert message["X-Auto-Response-Suppress"] == "All"


@pytest.mark.parametrize("kind", NOT_CONFIRMATIONS)
def test_only_letters_of_the_service_itself_are_marked_as_automatic(kind: LetterKind) -> None:
    message = parsed(compose(kind, FACTS, ENVELOPE))

    assert message["Auto-Submitted"] == ("auto-generated" if is_automatic(kind) else None)
    assert message["X-Auto-Response-Suppress"] == ("All" if is_automatic(kind) else None)


def test_a_letter_joins_the_thread_it_answers() -> None:
    message = parsed(compose(LetterKind.ANSWER, FACTS, ENVELOPE))

    assert message["In-Reply-To"] == "<request@client.example>"
    assert message["References"] == "<older@client.example> <request@client.example>"


def test_a_long_foreign_id_is_never_encoded_or_broken() -> None:
    long_id = f"<{'A1b2' * 45}@{'eu' * 20}.prod.outlook.example>"
    envelope = replace(ENVELOPE, in_reply_to=long_id, references=("<first@a.example>", long_id))

    letter = compose(LetterKind.ANSWER, FACTS, envelope)

    lines = header_lines(letter)
    assert f"In-Reply-To: {long_id}".encode() in lines
    assert b"References: <first@a.example>" in lines
    assert f" {long_id}".encode() in lines


def test_a_long_thread_keeps_its_first_and_its_newest_ids() -> None:
    thread = tuple(f"<{place}@client.example>" for place in range(500))
    envelope = replace(ENVELOPE, references=thread)

    kept = str(parsed(compose(LetterKind.ANSWER, FACTS, envelope))["References"]).split()

    assert kept[0] == "<0@client.example>"
    assert kept[-2:] == ["<499@client.example>", "<request@client.example>"]
    assert len(kept) == 10


@pytest.mark.parametrize(
    "bad",
    ["", "<>", "no-brackets@x", f"<a@b>\r\n{INJECTION}", "<a b@c>", f"<{'a' * 65536}@b>", "<é@b>"],
)
def test_a_foreign_id_that_is_none_is_left_out(bad: str) -> None:
    envelope = replace(ENVELOPE, in_reply_to=bad, references=(bad,))

    message = parsed(compose(LetterKind.CONFIRMATION, FACTS, envelope))

    assert message["In-Reply-To"] is None
    assert message["References"] is None
    assert message["Bcc"] is None


@pytest.mark.parametrize("sign_", BREAKS)
def test_a_subject_or_a_name_cannot_add_a_header(sign_: str) -> None:
    facts = replace(FACTS, subject=f"a{sign_}{INJECTION}", name=f"b{sign_}{INJECTION}")
    envelope = replace(ENVELOPE, to_name=f"c{sign_}{INJECTION}")

    message = parsed(compose(LetterKind.CONFIRMATION, facts, envelope))

    assert message["Bcc"] is None
    assert [address.addr_spec for address in message["To"].addresses] == ["anna@client.example"]
    assert len(message["Subject"].splitlines()) == 1


@pytest.mark.parametrize(
    "encoded", ["=?utf-8?q?a=0D=0ABcc:_victim@evil.example?=", "=?utf-8?b?YQ0KQmNjOiB4QHkueg==?="]
)
@pytest.mark.parametrize("language", Language)
def test_an_encoded_word_in_a_subject_or_a_name_is_never_decoded(
    encoded: str, language: Language
) -> None:
    facts = replace(FACTS, subject=encoded, language=language)

    letter = compose(LetterKind.CONFIRMATION, facts, replace(ENVELOPE, to_name=encoded))

    assert parsed(letter)["Bcc"] is None
    assert not any(line.startswith(b"Bcc") for line in header_lines(letter))
    assert parsed(letter)["Subject"] == letter.subject


@given(subject=st.text(), name=st.text(), description=st.text())
def test_whatever_people_write_the_headers_stay_ours(
    subject: str, name: str, description: str
) -> None:
    facts = replace(FACTS, subject=subject, name=name, description=description)

    letter = compose(LetterKind.CONFIRMATION, facts, replace(ENVELOPE, to_name=name))

    message = parsed(letter)
    assert message.keys() == HEADERS
    assert [address.addr_spec for address in message["To"].addresses] == ["anna@client.example"]
    assert message["Subject"] == letter.subject
    assert message.get_content().replace("\r\n", "\n") == letter.text


@pytest.mark.parametrize("field", ["to", "sender", "reply_to"])
@pytest.mark.parametrize(
    "address",
    [
        "a@b.example\r\nBcc: x@y.example",
        "a@b.example\x00",
        "a@b.example\u2028",
        "a@b.example, c@d.example",
        "<a@b.example>",
        "no-address",
        "почта@b.example",
        f"{'a' * 250}@b.example",
    ],
)
def test_an_address_that_is_none_is_refused_by_its_field(field: str, address: str) -> None:
    envelope = LetterEnvelope(**{**vars(ENVELOPE), field: address})

    with pytest.raises(ValueError, match=f"letter's {field} "):
        compose(LetterKind.CONFIRMATION, FACTS, envelope)


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("message_id", "<a@b>\r\nBcc: x@y"),
        ("instance", "one\r\ntwo"),
        ("instance", ""),
        ("date_at", datetime(2026, 11, 20, 17)),  # noqa: DTZ001 - the naive moment is the point
    ],
)
def test_our_own_mistakes_are_refused_by_their_field(field: str, bad: object) -> None:
    envelope = LetterEnvelope(**{**vars(ENVELOPE), field: bad})

    with pytest.raises(ValueError, match=f"letter's {field} "):
        compose(LetterKind.CONFIRMATION, FACTS, envelope)


@pytest.mark.parametrize(
    "name",
    [
        "Иванова, Анна",
        'Анна "<evil@x.example>" Иванова',
        "ООО «Управляющая компания „Северо-Западная“», бухгалтерия, главный бухгалтер Иванова",
        "a, b, c <d@e.example>;" * 10,
        "(comment) [x]:;\\",
    ],
)
def test_a_display_name_never_becomes_a_second_recipient(name: str) -> None:
    message = parsed(compose(LetterKind.ANSWER, FACTS, replace(ENVELOPE, to_name=name)))

    to = message["To"]

    assert isinstance(to, AddressHeader)
    assert [address.addr_spec for address in to.addresses] == ["anna@client.example"]


def test_an_international_domain_is_written_for_any_server() -> None:
    message = parsed(compose(LetterKind.ANSWER, FACTS, replace(ENVELOPE, to="anna@пример.рф")))

    assert message["To"].addresses[0].addr_spec == "anna@xn--e1afmkfd.xn--p1ai"


def test_an_unverified_address_is_not_called_by_the_name_it_gave_itself() -> None:  # Q12
    letter = compose(LetterKind.CONFIRMATION, replace(FACTS, is_verified=False), ENVELOPE)

    assert parsed(letter)["To"] == "anna@client.example"
    assert letter.subject == "[PS-000124] Заявка принята"
    assert "отчёт" not in letter.text
    assert "Анна" not in letter.text


def test_a_subject_of_any_length_is_folded_and_cut() -> None:
    facts = replace(FACTS, subject="Очень длинная тема " * 500)

    letter = compose(LetterKind.CONFIRMATION, facts, ENVELOPE)

    encoded = [line for line in header_lines(letter) if b"=?utf-8?" in line]
    assert max(map(len, encoded)) <= 78  # RFC 2047, 2
    assert letter.subject.endswith("…")
    assert parsed(letter)["Subject"] == letter.subject


@pytest.mark.parametrize(
    "subject",
    [
        "Re: report is empty",
        "отчёт report пуст",
        "Ж" * 100,
        "a é " * 30,
        "😀 " * 20,
    ],
)
def test_a_subject_is_read_back_as_it_was_written(subject: str) -> None:
    letter = compose(LetterKind.ANSWER, replace(FACTS, subject=subject), ENVELOPE)

    assert parsed(letter)["Subject"] == f"[PS-000124] Ответ: {subject.strip()}"
    assert b"Subject: [PS-000124] " in letter.mime


def test_a_long_name_is_read_back_as_it_was_written() -> None:
    name = "Управляющая компания Северо-Западная и главный бухгалтер Иванова"

    letter = compose(LetterKind.ANSWER, FACTS, replace(ENVELOPE, to_name=name))

    assert read_back(letter, "To") == f"{name} <anna@client.example>"
