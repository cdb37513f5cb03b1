"""Notices that a letter did not arrive, in the forms of servers and not of people: R33, R46."""

import pytest

from mail.bounces import Bounce
from mail.reading import read

REPORT = "Content-Type: multipart/report; report-type=delivery-status; boundary=B\r\n\r\n"


def report(*groups: str, notice: str = "Your letter did not arrive.", returned: str = "") -> bytes:
    parts = [("text/plain", notice), ("message/delivery-status", "\r\n\r\n".join(groups))]
    parts += [("message/rfc822", returned)] if returned else []
    body = "".join(f"--B\r\nContent-Type: {kind}\r\n\r\n{text}\r\n" for kind, text in parts)
    head = "From: MAILER-DAEMON@mx.test\r\nReturn-Path: <>\r\nSubject: Undelivered\r\n"
    return f"{head}{REPORT}{body}--B--\r\n".encode()


def free_form(subject: str, body: str, sender: str = "postmaster@mx.test") -> bytes:
    head = (
        f"From: {sender}\r\nSubject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    )
    return (head + body).encode()


def bounce(raw: bytes) -> Bounce:
    found = read(raw).bounce
    assert found is not None
    return found


FAILED = "Final-Recipient: rfc822; anna@client.test\r\nAction: failed\r\nStatus: 5.1.1"
DELAYED = "Final-Recipient: rfc822; anna@client.test\r\nAction: delayed\r\nStatus: 4.4.1"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("t.PS-000001.2.answer.ab12@support.test", "t.PS-000001.2.answer.ab12@support.test"),
        ("t.PS-000001+2E2@support.test", "t.PS-000001.2@support.test"),
        ("<t.1@support.test>", "t.1@support.test"),
        ("a+3Db+2Bc", "a=b+c"),
        ("a+zz+", "a+zz+"),
    ],
)
def test_a_notice_names_the_letter_by_the_envid_it_was_sent_with(written: str, meant: str) -> None:
    raw = report(f"Reporting-MTA: dns; mx.test\r\nOriginal-Envelope-Id: {written}", FAILED)

    assert bounce(raw).envelope_id == meant
    assert bounce(raw).original_message_id == ""


def test_a_notice_names_the_letter_by_the_header_that_came_back() -> None:
    raw = report(
        "Reporting-MTA: dns; mx.test", FAILED, returned="Message-ID: <t.1@support.test>\r\n"
    )

    assert bounce(raw) == Bounce("anna@client.test", "5.1.1", True, "t.1@support.test")  # noqa: FBT003 - a field


def test_a_delay_is_not_for_good() -> None:
    found = bounce(report("Reporting-MTA: dns; mx.test", DELAYED))

    assert (found.status, found.hard) == ("4.4.1", False)


def test_a_receipt_of_delivery_is_no_bounce() -> None:
    raw = report("Reporting-MTA: dns; mx.test", FAILED.replace("failed", "delivered"))

    assert read(raw).bounce is None
    assert read(raw).automatic


def test_an_explanation_in_a_part_of_the_reports_type_hides_no_report() -> None:
    prose = "--B\r\nContent-Type: message/delivery-status\r\n\r\nWe are sorry to say\r\n"
    raw = report("Reporting-MTA: dns; mx.test", FAILED).decode()

    assert bounce(raw.replace("\r\n--B\r\n", f"\r\n{prose}--B\r\n", 1).encode()).status == "5.1.1"


@pytest.mark.parametrize(
    ("subject", "body", "status", "hard"),
    [
        ("Недоставленное сообщение", "<anna@client.test>: 550 5.1.1 user unknown", "5.1.1", True),
        ("Не удалось доставить письмо", "anna@client.test: ящик переполнен", "4.0.0", False),
        ("Невозможно доставить сообщение", "Адрес anna@client.test не найден", "5.0.0", True),
        ("Не удаётся доставить: Отчёт", "anna@client.test: 452 mailbox full", "4.0.0", False),
        ("Ошибка доставки", "получатель anna@client.test не существует", "5.0.0", True),
        (
            "Returned mail",
            "anna@client.test\n\nReceived: from a (MTA v4.6.1 (569.2 2-6-1999)) by b",
            "5.0.0",
            True,
        ),
    ],
)
def test_a_free_form_names_who_was_not_reached(
    subject: str, body: str, status: str, *, hard: bool
) -> None:
    found = bounce(free_form(subject, f"{body}\n"))

    assert (found.recipient, found.status, found.hard) == ("anna@client.test", status, hard)


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("Не доставлено", "Письма из PROFMAN ISS не доставлены, ошибка 550 5.1.1."),
        (
            "Не удалось доставить отчёт",
            "Его не удалось доставить клиенту, ящик переполнен.",
        ),
        ("Re: Undelivered", "550 5.1.1 user unknown: что это значит?"),
        ("Fwd: Возврат письма", "Смотрите, адрес a@b.test не найден"),
    ],
)
def test_a_person_who_writes_of_undelivered_mail_is_no_bounce(subject: str, body: str) -> None:
    assert read(free_form(subject, body, "anna@client.test")).bounce is None
