"""The order in which tickets are taken (R49, R50)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.queue import in_order, is_out_of_turn, place
from domain.terms import Criticality
from domain.ticket import Ticket

AT = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)


def ticket(number: str, minutes: int = 0, confirmed: Criticality | None = None) -> Ticket:
    return Ticket(number, received_at=AT + timedelta(minutes=minutes), confirmed=confirmed)


def test_who_came_first_is_taken_first_and_equal_moments_go_by_number() -> None:  # R49
    late, second, first = ticket("PS-3", 5), ticket("PS-2"), ticket("PS-1")

    assert in_order([late, second, first]) == (first, second, late)


def test_a_confirmed_critical_ticket_goes_first_a_declared_one_does_not() -> None:  # R50
    calm = ticket("PS-1")
    declared = replace(ticket("PS-2", 1), declared=Criticality.CRITICAL)
    confirmed = ticket("PS-3", 2, confirmed=Criticality.CRITICAL)

    assert in_order([calm, declared, confirmed]) == (confirmed, calm, declared)


def test_passing_over_another_ticket_is_out_of_turn() -> None:  # R49
    first, second = ticket("PS-1"), ticket("PS-2", 1)

    assert is_out_of_turn(second, [first, second])
    assert not is_out_of_turn(first, [first, second])


def test_a_ticket_without_its_arrival_has_no_place() -> None:
    with pytest.raises(ValueError, match="PS-1"):
        place(Ticket("PS-1"))
