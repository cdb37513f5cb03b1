"""The catalogue of scope has every matter of the regulation, in both languages, with a way out."""

import re

import pytest

from domain.letters import Language
from domain.scope import (
    CATALOGUE,
    INSIDE,
    OUTSIDE,
    ScopeEntry,
    category_name,
    exception,
    find_entry,
)

CYRILLIC = re.compile("[А-Яа-яЁё]")


def rules(entries: tuple[ScopeEntry, ...]) -> set[str]:
    return {rule for entry in entries for rule in entry.rules}


def test_what_support_does_is_inside() -> None:  # R14-R22 R26
    assert rules(INSIDE) == {f"R{number}" for number in range(14, 23)} | {"R26"}


def test_what_support_does_not_do_is_outside() -> None:  # R10 R11 R23-R26
    assert rules(OUTSIDE) == {"R10", "R11", "R23", "R24", "R25", "R26"}


def test_codes_are_told_apart() -> None:
    codes = [entry.code for entry in CATALOGUE]

    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch("[a-z_]+", code) for code in codes)


@pytest.mark.parametrize("entry", OUTSIDE, ids=lambda entry: entry.code)
def test_whoever_is_outside_is_told_where_to_turn(entry: ScopeEntry) -> None:  # R10 R23-R26
    assert CYRILLIC.search(entry.way_out(Language.RU))
    assert entry.way_out(Language.EN)
    assert not CYRILLIC.search(entry.way_out(Language.EN))


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.code)
def test_every_entry_is_named_in_both_languages(entry: ScopeEntry) -> None:
    assert CYRILLIC.search(entry.name())
    assert not CYRILLIC.search(entry.name(Language.EN))


def test_a_wish_for_a_module_is_asked_for_as_a_specification() -> None:  # R26
    wish = find_entry("module_wish")

    assert wish is not None
    assert "техническое задание" in wish.way_out()


def test_an_error_of_the_product_brings_any_matter_back() -> None:  # R11 R25
    assert "ошибка PROFMAN ISS" in exception()
    assert "error in PROFMAN ISS" in exception(Language.EN)


def test_a_category_from_before_the_catalogue_is_shown_as_it_was_written() -> None:
    assert category_name("third_party_mail") == "third_party_mail"
    assert category_name("installation", Language.EN) == "installing the product"
