"""Each event has a sentence in each language and cites its rule: R1-R65 as events name them."""

import re
from dataclasses import fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, get_args, get_type_hints

import pytest

from domain import commands, events, occurrences
from domain.commands import TicketCommand
from domain.events import TicketEvent
from domain.journal import rule_of, sentence
from domain.letters import Language
from domain.terms import Criticality, DeferralReason, Ground, Outcome, Status, TicketKind
from domain.words import COMMANDS, command_name, name

AT = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
SAMPLES: dict[type, Any] = {str: "PS-000007", int: 7, bool: True, datetime: AT}
EVERY_EVENT = get_args(TicketEvent)


def sample(kind: type[TicketEvent]) -> TicketEvent:
    """Make an event with any value in each field."""
    hints = get_type_hints(kind)
    values = {f.name: value_of(hints[f.name]) for f in fields(kind) if f.name != "kind"}
    return kind(**values)


def value_of(hint: Any) -> Any:  # noqa: ANN401 - of whatever type the field is
    """Return a value of the type."""
    kind = next((each for each in get_args(hint) if each is not type(None)), hint)
    return next(iter(kind)) if issubclass(kind, StrEnum) else SAMPLES[kind]


@pytest.mark.parametrize("kind", EVERY_EVENT, ids=lambda kind: kind.__name__)
def test_every_event_cites_a_rule(kind: type[TicketEvent]) -> None:
    event = sample(kind)

    rule = rule_of(event)

    assert re.fullmatch(r"[RQ]\d+", rule) or isinstance(event, occurrences.CommandRefused)


@pytest.mark.parametrize("kind", EVERY_EVENT, ids=lambda kind: kind.__name__)
def test_every_event_is_one_sentence_without_numbers_of_rules(kind: type[TicketEvent]) -> None:
    for language in Language:
        words = sentence(sample(kind), language)

        assert re.fullmatch(r"[A-ZА-Я][^{}]*\.", words)
        assert not re.search(r"\bR\d", words)


@pytest.mark.parametrize("kind", EVERY_EVENT, ids=lambda kind: kind.__name__)
def test_a_russian_sentence_has_no_english_words(kind: type[TicketEvent]) -> None:
    words = sentence(sample(kind), Language.RU).replace("PS-000007", "")

    assert not re.search(r"[A-Za-z]", words)


@pytest.mark.parametrize("reason", list(DeferralReason))
def test_a_deferral_cites_its_own_reason(reason: DeferralReason) -> None:  # R55 R56 R57 R58 R59
    event = events.Deferred(at=AT, reason=reason, text=1)

    assert rule_of(event) == reason.value


def test_taking_out_of_turn_is_told_apart() -> None:  # R49
    in_turn = events.Taken(at=AT, specialist="7")
    out_of_turn = events.Taken(at=AT, specialist="7", text=1)

    assert (rule_of(in_turn), rule_of(out_of_turn)) == ("R5", "R49")
    assert "вне очереди" in sentence(out_of_turn)


def test_moments_are_told_by_the_clock_of_moscow() -> None:  # R44
    moved = occurrences.Rescheduled(at=AT, calendar_version=2, due_before=AT, due_after=AT)

    assert "07.09.2026 11:30" in sentence(moved)


@pytest.mark.parametrize(
    "codes",
    [Status, Criticality, TicketKind, Outcome, Ground, DeferralReason],
    ids=lambda c: c.__name__,
)
def test_every_code_has_a_name_in_each_language(codes: type[StrEnum]) -> None:
    named = [(name(code, Language.RU), name(code, Language.EN)) for code in codes]

    assert len(set(named)) == len(codes)
    assert all(re.search("[а-я]", russian) for russian, _ in named)


def test_every_command_has_a_name() -> None:
    kinds = {command.__dataclass_fields__["kind"].default for command in get_args(TicketCommand)}

    assert kinds == set(COMMANDS)
    assert command_name(commands.HandOff.kind) == "передать в разработку"
