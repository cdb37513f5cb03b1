"""The explained clocks add up, tell why they stand, and stay short however long a ticket lives."""

from datetime import datetime, timedelta

import pytest

from domain.calendar import MOSCOW, Calendar
from domain.clocks import clocks
from domain.events import ClientAnswered, ClientAsked, Taken, TicketEvent
from domain.occurrences import Registered
from domain.terms import Channel, Status
from domain.ticket import fold
from gateway.console.ticket_clocks import chip, derived, own_clock
from storage import calendars
from storage.database import Database

THURSDAY = datetime(2026, 11, 19, 16, 10, tzinfo=MOSCOW)
ASKED_AT = datetime(2026, 11, 20, 9, 41, tzinfo=MOSCOW)
ANSWERED_AT = datetime(2026, 11, 20, 15, 26, tzinfo=MOSCOW)
FRIDAY_EVENING = datetime(2026, 11, 20, 18, 4, tzinfo=MOSCOW)
JOURNAL: tuple[TicketEvent, ...] = (
    Registered(
        at=THURSDAY,
        channel=Channel.EMAIL,
        received_at=THURSDAY,
        accepted_at=THURSDAY,
        client="1",
    ),
    Taken(at=datetime(2026, 11, 20, 9, 24, tzinfo=MOSCOW), by="specialist:7", specialist="7"),
    ClientAsked(at=ASKED_AT, by="specialist:7", text=1),
    ClientAnswered(at=ANSWERED_AT, by="client:1", message=2, channel=Channel.EMAIL, resumes=True),
)


@pytest.fixture
def calendar(database: Database) -> Calendar:
    """Give the calendar in force."""
    with database.transaction() as connection:
        return calendars.load(connection, None)


def test_our_own_time_is_what_no_wait_for_others_took(calendar: Calendar) -> None:  # R44 R47 U4
    ticket, measured = fold("PS-1", JOURNAL), clocks(JOURNAL, calendar, FRIDAY_EVENING)

    own = own_clock(ticket, measured, calendar, FRIDAY_EVENING)

    assert own is not None
    assert own.seconds == sum(line.seconds or 0 for line in own.lines)
    assert timedelta(seconds=own.seconds) == timedelta(hours=5, minutes=5)
    assert [line.seconds is None for line in own.lines] == [False, True, False, True, False, True]
    assert "ждали клиента" in own.lines[3].why


def test_the_chip_says_why_the_clock_stands(calendar: Calendar) -> None:  # R44 U4
    ticket, measured = fold("PS-1", JOURNAL), clocks(JOURNAL, calendar, FRIDAY_EVENING)
    waiting = fold("PS-1", JOURNAL[:3])

    evening = chip(
        ticket, own_clock(ticket, measured, calendar, FRIDAY_EVENING), calendar, FRIDAY_EVENING
    )
    asked = chip(waiting, None, calendar, ASKED_AT)
    at_work = chip(
        ticket, own_clock(ticket, measured, calendar, ANSWERED_AT), calendar, ANSWERED_AT
    )

    assert waiting.status is Status.AWAITING_CLIENT
    assert (evening.state, evening.why) == ("paused", "пауза: вне рабочего времени")
    assert (asked.state, asked.why) == ("paused", "ждём клиента")
    assert at_work.state == "running"


def test_a_ticket_of_many_weeks_is_explained_in_a_few_rows(calendar: Calendar) -> None:  # R47 U4
    later = THURSDAY + timedelta(days=90)
    journal = JOURNAL[:2]
    measured = clocks(journal, calendar, later)

    reaction = derived(measured[0], "время реакции", "R47", calendar)

    assert reaction.seconds == sum(line.seconds or 0 for line in reaction.lines)
    assert len(reaction.lines) < 20
    assert any("рабочих дней, 9:00–18:00" in line.why for line in reaction.lines)
