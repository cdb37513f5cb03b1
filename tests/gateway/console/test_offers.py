"""What is possible on a ticket is told by the table that decides; the rest has its reason."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from domain.terms import Actor, Role, Status
from domain.ticket import Ticket
from gateway.bodies import SPECS
from gateway.console import handing_over
from gateway.console.choices import Room
from gateway.console.dialogs import DIALOGS, dialog_of
from gateway.console.offers import OF_CLIENTS, ON_THE_PAGE, find_spec, offers, sample

AT = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
SVETA = Actor(Role.SPECIALIST, "7")
TICKET = Ticket("PS-000042", Status.IN_DIAGNOSIS, client="1", accepted_at=AT, since=AT)


def test_what_is_impossible_names_its_rule_and_when_it_would_be_possible() -> None:  # law 10 R49
    offered = offers(TICKET, SVETA)

    assert offered["defer"].is_possible
    assert not offered["take"].is_possible
    assert offered["take"].rule == "R49"
    assert "в очереди" in offered["take"].why_not


def test_what_a_form_can_still_mend_does_not_bar_its_command() -> None:  # R63 Q12
    in_queue = replace(TICKET, status=Status.IN_QUEUE)

    assert offers(in_queue, SVETA)["close"].is_possible


def test_a_role_is_offered_its_own_commands_alone() -> None:  # R48
    developer = Actor(Role.DEVELOPMENT, "9")

    assert set(offers(TICKET, developer)) == {"note", "return_from_development"}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind)
def test_every_command_can_be_asked_about_and_has_its_dialog(spec: object) -> None:  # law 10
    found = find_spec(spec.kind)  # type: ignore[attr-defined]  # a Spec, as the table has it

    assert found is not None
    assert sample(found.command) is not None
    assert found.kind in DIALOGS or found.kind in ON_THE_PAGE | OF_CLIENTS


def test_a_dialog_asks_what_its_command_is_told_and_nothing_else() -> None:
    beside = {"hand_off": set(handing_over.FIELDS)}  # the diagnosis goes before it (U13)
    for kind, dialog in DIALOGS.items():
        spec = find_spec(kind)
        assert spec is not None, kind
        told = set(spec.body.model_fields) | beside.get(kind, set())
        assert {one.name for one in dialog.inputs} <= told, kind


def test_each_choice_has_its_words_and_the_impossible_ones_say_so() -> None:  # R54-R59 R63
    room = Room(replace(TICKET, status=Status.IN_QUEUE))

    grounds = dialog_of("close").inputs[0].choices
    deferrals = dialog_of("defer").inputs[0].choices
    assert grounds is not None
    assert deferrals is not None
    assert [one.code for one in grounds(room) if not one.is_possible] == ["solved"]
    assert [one.rule for one in deferrals(room)] == ["R55", "R56", "R57", "R58", "R59"]
    assert all(one.help.startswith("выход:") for one in deferrals(room))
