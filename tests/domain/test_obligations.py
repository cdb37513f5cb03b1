"""What a ticket owes next by itself, and when (R44, R45, R54-R59, R63, Q6)."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from domain.calendar import MOSCOW, Calendar
from domain.editions import Settings
from domain.obligations import Obligation, next_due
from domain.terms import DeferralReason, Status
from domain.ticket import Ticket

CALENDAR = Calendar(3, known_through=date(2026, 12, 31))
FRIDAY_EVENING = datetime(2026, 11, 27, 20, 0, tzinfo=MOSCOW)
MONDAY = datetime(2026, 11, 30, 11, 0, tzinfo=MOSCOW)


def ticket(status: Status, since: datetime = MONDAY) -> Ticket:
    return Ticket("PS-1", status=status, received_at=since, since=since)


def test_what_came_at_night_is_accepted_at_the_next_opening() -> None:  # R44
    due = next_due(ticket(Status.REGISTERED, FRIDAY_EVENING), CALENDAR, Settings())

    assert due is not None
    assert (due.what, due.at, due.rule) == (
        Obligation.ACCEPT,
        datetime(2026, 11, 30, 9, 0, tzinfo=MOSCOW),
        "R44",
    )


@pytest.mark.parametrize(("reminders", "on"), [(0, 2), (1, 7)])
def test_the_client_is_reminded_after_two_and_five_working_days(
    reminders: int, on: int
) -> None:  # Q6
    waiting = replace(ticket(Status.AWAITING_CLIENT), reminders=reminders)

    due = next_due(waiting, CALENDAR, Settings())

    assert due is not None
    assert (due.what, due.at.day, due.at.hour) == (Obligation.REMIND, on, 11)


def test_after_the_last_reminder_nothing_is_owed() -> None:  # Q6
    waiting = replace(ticket(Status.AWAITING_CLIENT), reminders=2)

    assert next_due(waiting, CALENDAR, Settings()) is None


@pytest.mark.parametrize("reason", DeferralReason)
def test_each_deferral_comes_back_by_its_own_rule(reason: DeferralReason) -> None:  # R54 R55 R56
    deferred = replace(ticket(Status.DEFERRED), deferral=reason)

    due = next_due(deferred, CALENDAR, Settings())

    assert due is not None
    assert due.rule == reason.value
    assert due.at.weekday() == 0


def test_a_closing_waits_for_its_window() -> None:  # R45 R63
    due = next_due(ticket(Status.CLOSING, FRIDAY_EVENING), CALENDAR, Settings())

    assert due is not None
    assert (due.what, due.at) == (
        Obligation.CLOSE,
        datetime(2026, 11, 30, 9, 0, tzinfo=MOSCOW),
    )


def test_what_lies_beyond_the_known_days_says_so() -> None:  # R44
    late = datetime(2026, 12, 31, 17, 0, tzinfo=MOSCOW)

    due = next_due(ticket(Status.AWAITING_CLIENT, late), CALENDAR, Settings())

    assert due is not None
    assert due.provisional
    assert due.calendar_version == 3


@pytest.mark.parametrize("status", [Status.IN_QUEUE, Status.IN_DIAGNOSIS, Status.CLOSED])
def test_where_people_act_nothing_happens_by_itself(status: Status) -> None:
    assert next_due(ticket(status), CALENDAR, Settings()) is None
