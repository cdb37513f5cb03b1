"""The same letter by two roads has one fingerprint; another letter has another."""

import pytest

from mail.fingerprint import fingerprint

LETTER = (
    b"From: o.belova@sever.example\r\nSubject: s\r\nDate: Mon, 07 Sep 2026 11:30:00 +0300\r\n"
    b"Message-ID: <a@sever.example>\r\n\r\nReceived: is a word of the text\r\n"
)


@pytest.mark.parametrize(
    "marks",
    [
        b"Received: from a\r\n\tby b; now\r\n",
        b"Return-Path: <o.belova@sever.example>\r\nDelivered-To: office@profman.ru\r\n",
        b"X-Spam-Status: No\r\nX-Original-To: office@profman.ru\r\n",
    ],
)
def test_the_marks_of_carriers_change_nothing(marks: bytes) -> None:  # R28
    assert fingerprint(marks + LETTER) == fingerprint(LETTER)


def test_line_ends_change_nothing() -> None:
    assert fingerprint(LETTER.replace(b"\r\n", b"\n")) == fingerprint(LETTER + b"\r\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a word", b"the word"),
        (b"Subject: s", b"Subject: t"),
        (b"<a@", b"<b@"),
        (b"11:30", b"11:31"),
    ],
)
def test_whatever_the_sender_changes_makes_another_letter(before: bytes, after: bytes) -> None:
    assert fingerprint(LETTER.replace(before, after)) != fingerprint(LETTER)


def test_letters_without_a_moment_of_their_own_are_told_apart_by_their_roads() -> None:
    bare = b"From: meter@sever.example\r\n\r\nAlarm\r\n"

    assert fingerprint(b"Received: by b; 1\r\n" + bare) != fingerprint(
        b"Received: by b; 2\r\n" + bare
    )
