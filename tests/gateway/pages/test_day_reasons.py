"""Reasons of days are read in the reader's language; what people wrote stays as it is."""

import pytest

from domain.letters import Language
from gateway.pages.day_reasons import BESIDE, MOVED, OFFICIAL, day_reason
from gateway.pages.translation import present
from storage import days


@pytest.mark.parametrize(
    ("reason", "english"),
    [
        ("День Победы", "Victory Day"),
        ("День Победы (выходной)", "Victory Day (day off)"),
        ("Выходной (перенесено с 03.01.2026)", "Day off (moved from 03.01.2026)"),
        ("Переезд <b>", '<span lang="ru">Переезд &lt;b&gt;</span>'),
    ],
)
def test_a_reason_is_read_in_either_language(reason: str, english: str) -> None:  # R44
    assert day_reason(reason) == reason

    before = present.set(Language.EN)
    try:
        assert day_reason(reason) == english
    finally:
        present.reset(before)


def test_every_official_day_of_these_years_has_an_english_name() -> None:  # R44 Q4
    official = days.official_days(2024, 2035, shorten_eves=True).values()

    left = {
        day.reason
        for day in official
        if day.reason.removesuffix(BESIDE) not in OFFICIAL and not MOVED.fullmatch(day.reason)
    }

    assert left == set()
