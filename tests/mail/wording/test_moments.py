"""Days, amounts and sizes as each language says them, always in Moscow time."""

from datetime import UTC, datetime

import pytest

from domain.letters import Language
from mail.wording.moments import moment, on, plural, since, size


@pytest.mark.parametrize(
    ("day", "named", "inside", "lasting"),
    [
        (23, "понедельник, 23 ноября", "в понедельник, 23 ноября", "с понедельника, 23 ноября"),
        (24, "вторник, 24 ноября", "во вторник, 24 ноября", "со вторника, 24 ноября"),
        (25, "среда, 25 ноября", "в среду, 25 ноября", "со среды, 25 ноября"),
        (26, "четверг, 26 ноября", "в четверг, 26 ноября", "с четверга, 26 ноября"),
        (27, "пятница, 27 ноября", "в пятницу, 27 ноября", "с пятницы, 27 ноября"),
        (28, "суббота, 28 ноября", "в субботу, 28 ноября", "с субботы, 28 ноября"),
        (29, "воскресенье, 29 ноября", "в воскресенье, 29 ноября", "с воскресенья, 29 ноября"),
    ],
)
def test_days_stand_in_the_case_their_sentence_needs(
    day: int, named: str, inside: str, lasting: str
) -> None:
    at = datetime(2026, 11, day, 6, 5, tzinfo=UTC)

    assert moment(at, Language.RU, 2026) == f"{named}, 9:05 (Москва)"
    assert on(at, Language.RU, 2026) == f"{inside}, в 9:05 по Москве"
    assert since(at, Language.RU, 2026) == lasting


def test_the_day_is_moscows_and_another_year_is_named() -> None:  # R44
    new_year_in_moscow = datetime(2026, 12, 31, 21, 30, tzinfo=UTC)

    shown = moment(new_year_in_moscow, Language.RU, 2026)

    assert shown == "пятница, 1 января 2027, 0:30 (Москва)"


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        moment(datetime(2026, 11, 20), Language.RU, 2026)  # noqa: DTZ001 - the naive moment is the point


def test_numbers_take_their_russian_forms() -> None:
    forms = {
        count: plural(count, "файл", "файла", "файлов") for count in (1, 3, 5, 11, 12, 21, 111)
    }

    assert forms == {
        1: "файл",
        3: "файла",
        5: "файлов",
        11: "файлов",
        12: "файлов",
        21: "файл",
        111: "файлов",
    }


def test_sizes_are_named_as_each_language_writes_them() -> None:
    assert size(512, Language.RU) == "512 Б"
    assert size(188_416, Language.RU) == "184 КБ"
    assert size(3_188_416, Language.RU) == "3,0 МБ"
    assert size(3_188_416, Language.EN) == "3.0 MB"
