"""The order in which tickets are taken (R49, R50)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.calendar import WorkingTime
from domain.queue import Order, Stay, forecast, in_order, is_out_of_turn, place, takings
from domain.terms import Criticality
from domain.ticket import Ticket

AT = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


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


def stay(number: str, came: int, **known: Any) -> Stay:  # noqa: ANN401 - the fields of a stay
    at = AT + came * HOUR
    moments = {
        name: AT + value * HOUR if name.endswith("_at") else value for name, value in known.items()
    }
    is_taken = "left_at" in known and known.get("is_taken", True)
    told: dict[str, Any] = {"received_at": at, "entered_at": at, "is_taken": is_taken}
    return Stay(number=number, **(told | moments))


def test_who_is_taken_by_arrival_is_in_order() -> None:  # R49 V10
    stays = [stay("A", 0, left_at=2), stay("B", 1, left_at=3), stay("C", 1)]

    assert [(one.number, one.order) for one in takings(stays)] == [
        ("A", Order.IN_ORDER),
        ("B", Order.IN_ORDER),
    ]


def test_who_is_taken_before_an_earlier_one_stands_out_with_whom_it_passed_over() -> None:  # R49
    stays = [stay("A", 0, left_at=4), stay("B", 1, left_at=3), stay("C", 2, left_at=5)]

    found = takings([*stays, stay("D", 3, left_at=3.5, has_reason=True)])

    assert [(one.number, one.order, one.passed_over) for one in found] == [
        ("B", Order.WITHOUT_REASON, "A"),
        ("D", Order.WITH_REASON, "A"),
        ("A", Order.IN_ORDER, ""),
        ("C", Order.IN_ORDER, ""),
    ]


def test_a_confirmed_critical_one_may_go_first_and_not_before_it_is_confirmed() -> None:  # R50
    waits = stay("A", 0)
    confirmed = stay("B", 1, critical_at=2, left_at=3)

    assert [one.order for one in takings([waits, confirmed])] == [Order.CRITICAL]
    assert [one.order for one in takings([waits, replace(confirmed, critical_at=None)])] == [
        Order.WITHOUT_REASON
    ]


def test_the_earliest_one_taken_before_a_critical_one_shows_whom_it_passed_over() -> None:  # R50
    critical = stay("B", 1, critical_at=2, left_at=4)

    found = takings([stay("A", 0, left_at=3, has_reason=True), critical])

    assert [(one.number, one.order, one.passed_over) for one in found] == [
        ("A", Order.WITH_REASON, "B"),
        ("B", Order.IN_ORDER, ""),
    ]


def test_who_left_the_queue_otherwise_was_not_passed_over() -> None:  # R49
    stays = [stay("A", 0, left_at=2, is_taken=False), stay("B", 1, left_at=3)]

    assert [one.order for one in takings(stays)] == [Order.IN_ORDER]


def test_the_load_foretells_a_range_from_slow_and_fast_days() -> None:  # R51 R52
    told = forecast(8, (3, 0, 4, 6, 9, 9, 0, 5, 4, 5), WorkingTime.of(9))

    assert told is not None
    assert (told.slow, told.fast, told.waiting) == (4, 6, 8)
    assert told.soonest == WorkingTime.of(13, 30)
    assert told.latest == WorkingTime.of(20, 15)


def test_from_too_few_days_nothing_is_foretold() -> None:  # R51
    assert forecast(8, (0, 0, 5, 5), WorkingTime.of(9)) is None
