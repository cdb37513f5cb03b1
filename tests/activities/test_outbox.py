"""What has just been composed is sent from the hand: once, while it is fresh, never without bound.

R46; law 2.
"""

import time
from datetime import UTC, datetime

import pytest

from activities import outbox
from activities.outbox import ROOM, Outbox
from domain.terms import LetterState
from storage.letters import PreparedLetter

AT = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)


def letter(key: str) -> PreparedLetter:
    return PreparedLetter(
        key=key,
        number="PS-000007",
        sequence=1,
        kind="confirmation",
        recipient="anna@sever.example",
        subject="PS-000007",
        text="Заявка зарегистрирована.",
        message_id=f"<{key}@profman.ru>",
        mime=b"Subject: PS-000007\r\n\r\nOK\r\n",
        state=LetterState.SENDING,
        prepared_at=AT,
    )


def test_a_letter_is_given_out_as_it_was_composed_for_its_first_clear_try() -> None:  # R46
    held, put = Outbox(), letter("one")
    held.put(put)

    taken = held.take("one")

    assert taken is not None
    assert (taken.key, taken.kind, taken.recipient) == (put.key, put.kind, put.recipient)
    assert (taken.message_id, taken.mime) == (put.message_id, put.mime)
    assert (taken.is_unclear, taken.attempts) == (False, 1)


def test_a_letter_is_given_out_once() -> None:  # R46
    held = Outbox()
    held.put(letter("one"))

    first, second = held.take("one"), held.take("one")

    assert first is not None
    assert second is None


def test_a_letter_that_nobody_put_there_is_not_there() -> None:
    assert Outbox().take("one") is None


def test_a_letter_that_lay_too_long_is_left_to_the_register(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = Outbox()
    held.put(letter("one"))
    clock = time.monotonic
    later = outbox.FRESH_SECONDS

    monkeypatch.setattr(time, "monotonic", lambda: clock() + later)

    assert held.take("one") is None


def test_the_oldest_letter_makes_room_for_the_newest() -> None:
    held = Outbox()

    for number in range(ROOM + 1):
        held.put(letter(str(number)))

    kept = [held.take(str(number)) is not None for number in range(ROOM + 1)]
    assert kept == [False] + [True] * ROOM
