"""Clocks are what the journal makes them: R47, R48, R51, Q2; law 5."""

from datetime import UTC, date, datetime, timedelta

from domain.calendar import NO_TIME, Calendar, WorkingTime
from domain.clocks import Clock, ClockKind, clocks
from domain.events import (
    Answered,
    ClientAnswered,
    ClientAsked,
    Deferred,
    HandedOff,
    LetterCancelled,
    Noted,
    ReleaseAwaited,
    ReturnedFromDevelopment,
    Taken,
    TicketEvent,
)
from domain.occurrences import Accepted, Closed, Registered, ReleasePublished
from domain.terms import Channel, DeferralReason, Outcome

CALENDAR = Calendar(1, date(2030, 12, 31))
MONDAY = datetime(2026, 9, 7, 6, 0, tzinfo=UTC)  # 9:00 in Moscow
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def registered(at: datetime = MONDAY) -> Registered:
    accepted_at = CALENDAR.next_working_moment(at)
    return Registered(
        at=at, channel=Channel.WEB, received_at=at, accepted_at=accepted_at, client="1"
    )


def measured(*journal: TicketEvent, now: datetime = MONDAY + 30 * DAY) -> dict[ClockKind, Clock]:
    return {clock.kind: clock for clock in clocks(journal, CALENDAR, now)}


def test_nothing_is_measured_before_anything_happened() -> None:
    assert clocks((), CALENDAR, MONDAY) == ()


def test_the_reaction_ends_with_the_first_written_answer() -> None:  # R47
    taken = Taken(at=MONDAY + HOUR, specialist="7")
    first = Answered(at=MONDAY + 3 * HOUR, text=1)
    second = Answered(at=MONDAY + 5 * HOUR, text=2)

    reaction = measured(registered(), taken, first, second)[ClockKind.REACTION]

    assert reaction.amount == WorkingTime.of(hours=3)
    assert not reaction.is_running


def test_a_note_ends_no_reaction() -> None:  # R47
    now = MONDAY + 2 * HOUR

    reaction = measured(registered(), Noted(at=MONDAY + HOUR, text=1), now=now)[ClockKind.REACTION]

    assert reaction.amount == WorkingTime.of(hours=2)
    assert reaction.is_running


def test_a_question_a_deferral_and_a_handover_end_the_reaction_too() -> None:  # R47
    at = MONDAY + HOUR
    taken = Taken(at=MONDAY, specialist="7")
    replies: tuple[TicketEvent, ...] = (
        ClientAsked(at=at, text=1),
        Deferred(at=at, reason=DeferralReason.ILL_POSED, text=1),
        HandedOff(at=at, evidence=1),
    )

    amounts = [measured(registered(), taken, reply)[ClockKind.REACTION].amount for reply in replies]

    assert amounts == [WorkingTime.of(hours=1)] * 3


def test_a_night_request_has_no_reaction_before_its_accepted_moment() -> None:  # R44 Q2
    saturday = MONDAY - 2 * DAY
    answered = Answered(at=MONDAY - DAY, text=1)

    reaction = measured(registered(saturday), answered)[ClockKind.REACTION]

    assert reaction.amount == NO_TIME
    assert not reaction.is_running


def test_a_weekend_is_not_counted() -> None:  # R47
    friday = MONDAY + 4 * DAY + 8 * HOUR  # 17:00
    answered = Answered(at=MONDAY + 7 * DAY + HOUR, text=1)  # Monday, 10:00

    reaction = measured(registered(friday), answered)[ClockKind.REACTION]

    assert reaction.amount == WorkingTime.of(hours=2)


def test_waiting_for_the_client_is_measured_apart_and_adds_up() -> None:  # R48 R51
    taken = Taken(at=MONDAY, specialist="7")
    asked, came = (
        ClientAsked(at=MONDAY + HOUR, text=1),
        ClientAnswered(at=MONDAY + 2 * HOUR, message=1),
    )
    again = ClientAsked(at=MONDAY + 4 * HOUR, text=2)

    waiting = measured(registered(), taken, asked, came, again, now=MONDAY + 6 * HOUR)[
        ClockKind.CLIENT
    ]

    assert [each.ends_at - each.starts_at for each in waiting.intervals] == [HOUR, 2 * HOUR]
    assert waiting.amount == WorkingTime.of(hours=3)
    assert waiting.is_running


def test_a_message_that_changes_nothing_does_not_part_an_interval() -> None:
    taken, asked = Taken(at=MONDAY, specialist="7"), ClientAsked(at=MONDAY + HOUR, text=1)
    note = Noted(at=MONDAY + 2 * HOUR, text=2)

    waiting = measured(registered(), taken, asked, note, now=MONDAY + 3 * HOUR)[ClockKind.CLIENT]

    assert len(waiting.intervals) == 1


def test_development_and_release_each_have_their_clock() -> None:  # R48 R51 R56
    journal = (
        registered(),
        Taken(at=MONDAY, specialist="7"),
        HandedOff(at=MONDAY + HOUR, evidence=1),
        ReturnedFromDevelopment(
            at=MONDAY + 3 * HOUR, outcome=Outcome.FIXED_IN_RELEASE, text=1, release="4.3"
        ),
        ReleasePublished(at=MONDAY + 4 * HOUR, release="4.3"),
    )

    found = measured(*journal)

    assert found[ClockKind.DEVELOPMENT].amount == WorkingTime.of(hours=2)
    assert found[ClockKind.RELEASE].amount == WorkingTime.of(hours=1)
    assert not found[ClockKind.RELEASE].is_running


def test_a_deferral_for_our_own_work_is_no_wait_for_the_client() -> None:  # R56
    taken = Taken(at=MONDAY, specialist="7")
    ours = Deferred(at=MONDAY + HOUR, reason=DeferralReason.DEVELOPMENT_NEEDED, text=1)
    theirs = Deferred(at=MONDAY + HOUR, reason=DeferralReason.INSUFFICIENT_INFORMATION, text=1)

    assert ClockKind.CLIENT not in measured(registered(), taken, ours)
    assert ClockKind.CLIENT in measured(registered(), taken, theirs)


def test_a_closed_ticket_has_no_clock_that_runs() -> None:
    closed = Closed(at=MONDAY + HOUR)

    found = measured(registered(), Accepted(at=MONDAY), closed)

    assert found[ClockKind.REACTION].amount == WorkingTime.of(hours=1)
    assert not any(clock.is_running for clock in found.values())


def test_waiting_for_a_release_runs_while_it_is_awaited() -> None:  # R56
    journal = (
        registered(),
        Taken(at=MONDAY, specialist="7"),
        ReleaseAwaited(at=MONDAY, release="5"),
    )

    assert measured(*journal)[ClockKind.RELEASE].is_running


def test_a_client_who_was_never_asked_was_not_waited_for() -> None:  # R45 R47 R51
    journal = (
        registered(),
        Taken(at=MONDAY, specialist="7"),
        ClientAsked(at=MONDAY + HOUR, text=1),
        LetterCancelled(at=MONDAY + 2 * HOUR, letter="PS-000001/3/question"),
    )

    found = measured(*journal, now=MONDAY + 3 * HOUR)

    assert ClockKind.CLIENT not in found
    assert found[ClockKind.REACTION].amount == WorkingTime.of(hours=3)
    assert found[ClockKind.REACTION].is_running
