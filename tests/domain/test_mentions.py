"""Colleagues are called by their logins, and nothing else is taken for a call (U8)."""

import pytest

from domain.mentions import mentioned


@pytest.mark.parametrize(
    ("words", "logins"),
    [
        ("@sveta, посмотри", {"sveta"}),
        ("Посмотри (@Sveta).", {"sveta"}),
        ("@a.petrov и @olga-2: у Беты то же?", {"a.petrov", "olga-2"}),
        ("Света, спроси у @stepan.", {"stepan"}),
        ("Пишет alla@alpha.example", set()),
        ("@@sveta и просто @", set()),
        ("", set()),
    ],
)
def test_a_login_after_the_sign_calls_its_owner(words: str, logins: set[str]) -> None:  # U8
    assert mentioned(words) == logins
