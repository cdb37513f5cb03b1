"""A status link opens its ticket's page until its day or its revocation, and nothing else (R46)."""

from datetime import UTC, datetime, timedelta

import pytest

from mail.identity import Keyring
from mail.status_links import LIFETIME, Opening, Permit, examine, page, token

AT = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
OLD = Keyring("k1", {"k1": b"1" * 32})
KEYS = Keyring("k2", {"k1": b"1" * 32, "k2": b"2" * 32})
PERMIT = Permit("PS-000042", 0, AT + LIFETIME)


def opens(given: str, number: str = "PS-000042", generation: int = 0, at: datetime = AT) -> Opening:
    return examine(given, number, generation, KEYS, at)


def test_a_link_opens_its_ticket_for_ninety_days() -> None:
    given = token(PERMIT, KEYS)

    assert opens(given) is Opening.OPEN
    assert opens(given, at=AT + LIFETIME - timedelta(seconds=1)) is Opening.OPEN
    assert opens(given, at=AT + LIFETIME) is Opening.EXPIRED


def test_a_link_opens_no_other_ticket_and_no_later_generation() -> None:
    given = token(PERMIT, KEYS)

    assert opens(given, number="PS-000043") is Opening.UNKNOWN
    assert opens(given, generation=1) is Opening.UNKNOWN
    assert opens(given, generation=1, at=AT + LIFETIME) is Opening.UNKNOWN


def test_a_link_outlives_the_change_of_the_key_but_not_its_loss() -> None:
    assert opens(token(PERMIT, OLD)) is Opening.OPEN
    assert examine(token(PERMIT, KEYS), "PS-000042", 0, OLD, AT) is Opening.UNKNOWN


def test_no_sign_of_a_token_can_be_changed() -> None:
    given = token(PERMIT, KEYS)

    for place, sign in enumerate(given):
        forged = given[:place] + ("A" if sign != "A" else "B") + given[place + 1 :]
        assert opens(forged) is Opening.UNKNOWN


@pytest.mark.parametrize("noise", ["", "A" * 28, "A" * 27, "A" * 5000, "я" * 28, "../" * 9, "\0"])
def test_noise_opens_nothing(noise: str) -> None:
    assert opens(noise) is Opening.UNKNOWN


def test_every_token_has_the_same_shape() -> None:
    lengths = {len(token(Permit("PS-1", n, AT + n * LIFETIME), KEYS)) for n in range(9)}

    assert lengths == {28}
    assert page("https://x.example/", PERMIT, KEYS).startswith("https://x.example/s/PS-000042/")
