"""How pages write moments."""

from contextvars import copy_context
from datetime import UTC, datetime

from gateway.pages import moments

MONDAY = datetime(2027, 1, 11, 6, tzinfo=UTC)


def test_a_year_is_written_where_it_is_another_than_the_readers() -> None:
    assert _read(datetime(2026, 6, 1, tzinfo=UTC)) == "пн 11.01.2027, 9:00"
    assert _read(datetime(2027, 6, 1, tzinfo=UTC)) == "пн 11.01, 9:00"


def test_in_the_last_evening_of_a_year_the_readers_year_is_that_of_moscow() -> None:
    assert _read(datetime(2026, 12, 31, 20, 59, tzinfo=UTC)) == "пн 11.01.2027, 9:00"
    assert _read(datetime(2026, 12, 31, 21, tzinfo=UTC)) == "пн 11.01, 9:00"


def _read(at: datetime) -> str:
    """Return the Monday as somebody reads it at this moment."""
    return copy_context().run(_written, at)


def _written(at: datetime) -> str:
    moments.readers_clock.set(lambda: at)
    return moments.moment(MONDAY).striptags()
