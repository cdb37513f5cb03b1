"""Saved replies are there for each occasion, kind and whole; filling them evaluates nothing."""

import re
from typing import get_args

import pytest

from domain.commands import TicketCommand
from domain.letters import Language
from domain.scope import OUTSIDE
from gateway.saved_replies import VARIABLES, SavedReply, fill, left_open, replies

OCCASIONS = {"R23", "R24", "R25", "R26", "R40", *(f"R{number}" for number in range(55, 61)), "R63"}
PROMISES = re.compile(
    r"в течение|не позднее|в ближайшее время|\bскоро\b|гарантир|within|shortly|guarantee|!",
    re.IGNORECASE,
)
KNOWN = {"name": "Анна", "number": "PS-000124", "subject": "Отчёт {number}", "version": "4.2"}


def by_rule(language: Language) -> dict[str, SavedReply]:
    return {one.rule: one for one in replies(language)}


@pytest.mark.parametrize("language", Language)
def test_there_is_a_reply_for_each_occasion(language: Language) -> None:
    # R23-R26 R40 R55-R60 R63
    assert set(by_rule(language)) == OCCASIONS
    assert all(one.title and one.text.strip() for one in replies(language))


def test_a_reply_serves_the_same_command_in_both_languages() -> None:
    served = [
        {one.rule: (one.command, one.category) for one in replies(language)}
        for language in Language
    ]

    commands = {str(command.kind) for command in get_args(TicketCommand)}
    assert served[0] == served[1]
    assert {command for command, _ in served[0].values()} <= commands


def test_what_is_outside_names_its_entry_of_the_catalogue() -> None:  # R23-R26 R58
    outside = {entry.code for entry in OUTSIDE}

    for one in replies(Language.RU):
        assert (one.category in outside) == (one.command == "mark_out_of_scope")


@pytest.mark.parametrize("language", Language)
def test_no_reply_promises_or_exclaims(language: Language) -> None:  # R51
    told = {one.rule: one.text for one in replies(language)}

    assert {rule: text for rule, text in told.items() if PROMISES.search(text)} == {}


def test_nobody_is_asked_to_send_a_password_by_letter() -> None:  # R60 R61
    russian, english = by_rule(Language.RU)["R60"].text, by_rule(Language.EN)["R60"].text

    assert "не присылайте пароль письмом" in russian
    assert "отключить" in russian
    assert "do not send the password by letter" in english


def test_questions_stand_in_a_list_that_the_letter_numbers() -> None:  # R40
    for language in Language:
        points = re.findall(r"^\d\. .+\?$", by_rule(language)["R40"].text, re.MULTILINE)

        assert len(points) == 3


def test_what_is_known_is_put_in_and_the_rest_stays_visible() -> None:  # U7
    text = "{name}, заявка {number} ({version}): {что сделано}. {specialist}"

    filled = fill(text, KNOWN)

    assert filled == "Анна, заявка PS-000124 (4.2): {что сделано}. {specialist}"
    assert left_open(filled) == ("что сделано", "specialist")


def test_words_of_a_client_are_never_read_as_a_variable() -> None:
    assert fill("«{subject}»", KNOWN) == "«Отчёт {number}»"
    hostile = "{0.__class__} {{7*7}} %(name)s {name!r} {"

    assert fill("{subject}", {"subject": hostile}) == hostile
    assert fill(hostile, KNOWN) == hostile


@pytest.mark.parametrize("language", Language)
def test_a_reply_leaves_nothing_open_but_what_a_person_must_write(language: Language) -> None:
    known = dict.fromkeys(VARIABLES, "known")

    for one in replies(language):
        assert not set(left_open(fill(one.text, known))) & set(VARIABLES)
