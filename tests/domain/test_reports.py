"""The figures of a period add up, and each leads back to the reactions that make it. R8 R47."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import MOSCOW, WorkingTime
from domain.reports import (
    Choice,
    Dimension,
    Period,
    Reaction,
    by,
    by_week,
    chosen,
    distribution,
    percentile,
    summary,
    week_of,
)

MONDAY = datetime(2026, 9, 7, 9, 0, tzinfo=MOSCOW)
HOUR = 3600


def reaction(seconds: int, place: int = 0, **codes: str) -> Reaction:
    at = MONDAY + timedelta(days=place)
    plain = Reaction(number=f"PS-{place}", answered_at=at, amount=WorkingTime(seconds))
    return replace(plain, **codes)  # type: ignore[arg-type]  # codes are all that tests name


reactions = st.lists(
    st.builds(
        reaction,
        st.integers(0, 400 * HOUR),
        st.integers(0, 60),
        reason=st.sampled_from(("", "R55", "R56")),
        specialist=st.sampled_from(("1", "2")),
    )
)


@given(reactions)
def test_the_bins_of_a_distribution_add_up_to_all_reactions(every: list[Reaction]) -> None:  # R47
    bins = distribution(every)

    assert sum(one.count for one in bins) == len(every)


@given(reactions)
def test_every_bin_leads_to_exactly_its_reactions(every: list[Reaction]) -> None:  # R47
    for one in distribution(every):
        found = chosen(every, Choice(since=one.since, until=one.until))

        assert len(found) == one.count


@given(reactions, st.sampled_from(Dimension))
def test_the_parts_by_a_dimension_add_up_and_each_leads_to_its_reactions(
    every: list[Reaction], dimension: Dimension
) -> None:  # R48 R54
    parts = by(every, dimension)

    assert sum(part.summary.count for part in parts) == len(every)
    for part in parts:
        found = chosen(every, Choice(dimension=dimension, code=part.code))
        assert summary(found) == part.summary


@given(reactions)
def test_the_weeks_add_up_and_each_leads_to_its_reactions(every: list[Reaction]) -> None:  # R8
    weeks = by_week(every)

    assert sum(week.summary.count for week in weeks) == len(every)
    for week in weeks:
        found = chosen(every, Choice(week_on=date.fromisoformat(week.code)))
        assert summary(found) == week.summary


@given(st.lists(st.integers(0, 10**6), min_size=1), st.sampled_from((0.01, 0.5, 0.9, 1.0)))
def test_a_percentile_is_the_least_amount_within_which_the_share_lies(
    seconds: list[int], share: float
) -> None:  # R47
    ordered = sorted(map(WorkingTime, seconds))

    found = percentile(ordered, share)

    assert found in ordered
    assert sum(one <= found for one in ordered) >= round(share * len(ordered), 9)
    assert sum(one < found for one in ordered) < round(share * len(ordered), 9)


def test_of_nothing_there_are_no_figures() -> None:  # R8
    assert summary(()) is None
    assert distribution(()) == ()
    assert by_week(()) == ()
    with pytest.raises(ValueError, match="no amounts"):
        percentile((), 0.5)


def test_bins_are_as_narrow_as_ten_of_them_can_be_and_the_rare_stand_at_the_end() -> None:  # R47
    every = [reaction(seconds) for seconds in (600, HOUR, 2 * HOUR) * 20] + [reaction(400 * HOUR)]

    bins = distribution(every)

    assert [(one.since.seconds, one.count) for one in bins][-1] == (8100, 1)
    assert bins[-1].until is None
    assert bins[1].since == WorkingTime(900)


def test_a_period_is_whole_days_of_moscow() -> None:  # R44
    period = Period(date(2026, 9, 7), date(2026, 9, 8))

    assert period.since == datetime(2026, 9, 6, 21, tzinfo=UTC)
    assert period.until == datetime(2026, 9, 8, 21, tzinfo=UTC)
    assert period.has(datetime(2026, 9, 6, 21, tzinfo=UTC))
    assert not period.has(datetime(2026, 9, 8, 21, tzinfo=UTC))


def test_a_period_never_ends_before_it_begins() -> None:  # R8
    with pytest.raises(ValueError, match="ends after it begins"):
        Period(date(2026, 9, 8), date(2026, 9, 7))


def test_a_period_has_a_day_after_it() -> None:  # R44
    with pytest.raises(ValueError, match="no day comes after"):
        Period(date(2026, 9, 7), date.max)


def test_weeks_and_months_begin_at_their_beginning_and_end_with_the_day() -> None:  # R8
    wednesday = date(2026, 9, 9)

    assert Period.week_of(wednesday) == Period(date(2026, 9, 7), wednesday)
    assert Period.month_of(wednesday) == Period(date(2026, 9, 1), wednesday)
    assert week_of(datetime(2026, 9, 6, 21, 30, tzinfo=UTC)) == date(2026, 9, 7)
