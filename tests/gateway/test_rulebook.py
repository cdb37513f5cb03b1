"""The regulation in our own words is whole, short, in both languages and promises nothing."""

import re
from dataclasses import replace

import pytest

from docs import regulation_map
from domain.editions import Settings
from domain.letters import ConfirmationTiming, Language
from gateway.refusals import clause
from gateway.rulebook import Rulebook, in_force, rulebook

SHORT = 300
PROMISES = re.compile(
    r"в течение|не позднее|не позже|в кратчайш|в ближайшее время|\bскоро\b|гарантир"
    r"|\bwithin\b|no later|(?<!as )\bsoon\b|shortly|guarantee|\d+ (?:час|минут|hours?|minutes?)",
    re.IGNORECASE,
)
DECORATION = re.compile(
    r"с 9 до 21|перезвон|call (?:you )?back|электрик|сантехник|electrician|plumber", re.IGNORECASE
)
PHONE = "329-12-29"


def sentences(book: Rulebook, settings: Settings, language: Language) -> dict[str, str]:
    """Return every rule and decision by its number, with the settings put in."""
    values = in_force(settings, language)
    told = {rule.number: rule.text for rule in book.rules}
    told |= {one.number: f"{one.question} {one.text}" for one in book.decisions}
    return {number: text.format_map(values) for number, text in told.items()}


@pytest.mark.parametrize("language", Language)
def test_every_rule_and_decision_is_told_in_each_language(language: Language) -> None:
    # R1-R65 Q1-Q14
    told = sentences(rulebook(language), Settings(), language)

    assert list(told) == list(regulation_map.rules())
    assert all(text.strip() for text in told.values())


@pytest.mark.parametrize("language", Language)
def test_no_rule_is_longer_than_a_short_paragraph(language: Language) -> None:
    settings = replace(Settings(), documentation_url="")

    told = sentences(rulebook(language), settings, language)

    assert {number: len(text) for number, text in told.items() if len(text) > SHORT} == {}


@pytest.mark.parametrize("language", Language)
def test_no_time_is_promised(language: Language) -> None:  # R51 Q1
    told = sentences(rulebook(language), Settings(), language)

    assert {
        number: found for number, text in told.items() if (found := PROMISES.search(text))
    } == {}


@pytest.mark.parametrize("language", Language)
def test_nothing_of_the_decoration_around_the_regulation_is_told(language: Language) -> None:
    told = " ".join(sentences(rulebook(language), Settings(), language).values())

    assert not DECORATION.search(told)
    assert set(re.findall(r"[\d-]{7,}", told)) == {PHONE}  # R30


def test_each_clause_is_the_one_that_refusals_name() -> None:
    book = rulebook(Language.RU)

    named = {
        rule.number: one.words
        for chapter in book.chapters
        for one in chapter.clauses
        for rule in one.rules
    }

    assert named == {rule.number: clause(rule.number) for rule in book.rules}


def test_both_languages_have_the_same_shape() -> None:
    russian, english = rulebook(Language.RU), rulebook(Language.EN)

    shapes = [
        [(chapter.key, [len(one.rules) for one in chapter.clauses]) for chapter in book.chapters]
        for book in (russian, english)
    ]

    assert shapes[0] == shapes[1]


@pytest.mark.parametrize(
    ("days", "russian", "english"),
    [
        ((2, 5), "через 2 и 5 рабочих дней", "2 and 5 working days after"),
        ((1,), "через 1 рабочий день", "1 working day after"),
        ((1, 2, 3), "через 1, 2 и 3 рабочих дня", "1, 2 and 3 working days after"),
        ((), "не посылает", "sends no reminders"),
    ],
)
def test_the_days_of_reminders_are_those_of_the_edition(  # Q6
    days: tuple[int, ...], russian: str, english: str
) -> None:
    settings = replace(Settings(), reminder_days=days)

    assert russian in in_force(settings, Language.RU)["reminders"]
    assert english in in_force(settings, Language.EN)["reminders"]


def test_the_confirmation_is_told_as_the_edition_has_it() -> None:  # Q3
    later = replace(Settings(), confirmation=ConfirmationTiming.IN_WORKING_TIME)

    assert in_force(Settings(), Language.RU)["confirmation"].startswith("Сразу")
    assert in_force(later, Language.RU)["confirmation"].startswith("В рабочее время")


def test_addresses_and_sizes_are_those_of_the_edition() -> None:  # R9 R28 R65 Q14
    settings = replace(
        Settings(),
        service_address="help@s.test",
        head_address="head@s.test",
        documentation_url="https://docs.test/",
        largest_file_bytes=10 * 1024 * 1024 + 512 * 1024,
    )

    told = sentences(rulebook(Language.RU), settings, Language.RU)

    assert "help@s.test" in told["R28"]
    assert "head@s.test" in told["R65"]
    assert "https://docs.test/" in told["R9"]
    assert "до 10,5 МБ" in told["Q14"]
