"""Turns are given so that no domain is hammered, none waits for another, and no flood leaves.

R33, R46.
"""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from activities import pacing
from activities.pacing import Leaver, Pace, Turns, Wait
from storage.letters import PAUSED

AT = datetime(2026, 9, 7, 9, 30, tzinfo=UTC)
A_SECOND = timedelta(seconds=1)
A_MINUTE = timedelta(minutes=1)


def to(domain: str, key: str = "one", *, is_automatic: bool = False) -> Leaver:
    return Leaver(key, domain, is_automatic)


def waits(turns: Turns, leaver: Leaver, at: datetime = AT) -> timedelta:
    """Ask for a turn, give it back at once; return how long the letter waits."""
    wait = turns.take(leaver, at)
    if wait is None:
        turns.give_back(leaver)
    return wait.until - at if wait else timedelta(0)


def test_so_many_letters_go_to_one_domain_at_once() -> None:  # R46
    turns = Turns(Pace(domain_at_once=2))
    taken = [turns.take(to("a.example", key), AT) for key in ("one", "two")]

    third = turns.take(to("a.example", "three"), AT)
    other = turns.take(to("b.example"), AT)
    turns.give_back(to("a.example", "one"))
    again = turns.take(to("a.example", "three"), AT + A_SECOND)

    assert taken == [None, None]
    assert isinstance(third, Wait)
    assert third.until == AT + A_SECOND
    assert (other, again) == (None, None)


def test_letters_that_wait_are_each_promised_a_moment_of_their_own() -> None:  # R46
    turns = Turns(Pace(domain_a_minute=2))
    asked = [waits(turns, to("a.example", str(place))) for place in range(6)]

    kept = [waits(turns, to("a.example", str(place)), AT + A_MINUTE) for place in (2, 3, 4)]

    assert asked == [timedelta(0)] * 2 + [A_MINUTE] * 2 + [2 * A_MINUTE] * 2
    assert kept == [timedelta(0), timedelta(0), A_MINUTE]


def test_a_domain_rests_as_long_as_its_refusal_asks_but_not_for_hours() -> None:  # R46
    turns = Turns()
    turns.rest("a.example", AT, timedelta(hours=4))

    resting = waits(turns, to("a.example"))
    other = waits(turns, to("b.example"))
    rested = waits(turns, to("a.example"), AT + pacing.LONGEST_REST)

    assert (resting, other, rested) == (pacing.LONGEST_REST, timedelta(0), timedelta(0))


def test_a_rest_set_by_a_clock_far_ahead_is_none() -> None:
    turns = Turns()
    turns.rest("a.example", AT + timedelta(days=30), A_MINUTE)

    assert waits(turns, to("a.example")) == timedelta(0)


def test_a_flood_is_paused_once_and_said_aloud(caplog: pytest.LogCaptureFixture) -> None:  # R33
    turns = Turns(Pace(automatic_a_minute=3))
    ask = [to(f"{place}.example", is_automatic=True) for place in range(6)]

    with caplog.at_level(logging.ERROR):
        asked = [waits(turns, leaver) for leaver in ask]
    by_staff = waits(turns, to("a.example"))
    afterwards = waits(turns, ask[5], AT + pacing.PAUSE)

    assert asked == [timedelta(0)] * 3 + [pacing.PAUSE] * 3
    assert (by_staff, afterwards) == (timedelta(0), timedelta(0))
    assert [line.message.startswith(PAUSED) for line in caplog.records] == [True]


def test_many_automatic_letters_over_a_long_time_are_no_flood() -> None:  # R33
    turns = Turns(Pace(automatic_a_minute=3))

    asked = [
        waits(turns, to("a.example", str(place), is_automatic=True), AT + place * 30 * A_SECOND)
        for place in range(20)
    ]

    assert set(asked) == {timedelta(0)}


def test_without_limits_nobody_waits() -> None:
    turns = Turns(Pace(0, 0, 0))

    assert [turns.take(to("a.example", str(place)), AT) for place in range(2_000)] == [None] * 2_000


def test_of_very_many_domains_the_idle_ones_are_forgotten() -> None:
    turns = Turns(Pace(domain_a_minute=1))
    waits(turns, to("first.example"))

    for place in range(pacing.MOST_DOMAINS):
        waits(turns, to(f"{place}.example"))

    assert waits(turns, to("first.example", "two")) == timedelta(0)
    assert waits(turns, to("4999.example", "two")) == A_MINUTE
