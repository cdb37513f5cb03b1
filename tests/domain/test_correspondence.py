"""Which letter an event owes, whose words it carries, and when it may leave.

R21, R33, R45, R46, R55-R59, R63, Q3, Q5, Q6, Q12, Q13; law 4.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import get_args

import pytest

from domain.calendar import MOSCOW, Calendar
from domain.correspondence import MARGIN, OWED, departure, owed, words
from domain.editions import Settings
from domain.events import (
    AccessRequested,
    Answered,
    Assigned,
    ClientAnswered,
    ClientAsked,
    ClosingBegan,
    CriticalityConfirmed,
    Deferred,
    Diagnosed,
    Escalated,
    EscalationAnswered,
    HandedOff,
    Identified,
    LetterCancelled,
    LetterUrged,
    Merged,
    Noted,
    Reclassified,
    ReleaseAwaited,
    Resumed,
    ReturnedFromDevelopment,
    ServedWithoutContract,
    Taken,
    TicketEvent,
    Unmerged,
)
from domain.letters import ConfirmationTiming, LetterKind
from domain.occurrences import (
    Accepted,
    ClientReminded,
    Closed,
    CommandRefused,
    LetterBounced,
    LetterFailed,
    Registered,
    ReleasePublished,
    Rescheduled,
    ReviewFellDue,
)
from domain.terms import (
    ByUser,
    CauseClass,
    Channel,
    Criticality,
    DeferralReason,
    Ground,
    Outcome,
    TicketKind,
)
from domain.ticket import Ticket

CALENDAR = Calendar(1, known_through=date(2026, 12, 31))
AT = datetime(2026, 9, 7, 11, 30, tzinfo=MOSCOW)
FRIDAY = datetime(2026, 9, 11, tzinfo=MOSCOW)
MONDAY_MORNING = datetime(2026, 9, 14, 9, tzinfo=MOSCOW)
TICKET = Ticket("PS-000007", question=4, result=10, ground=Ground.SOLVED)
RETURNED = ReturnedFromDevelopment(at=AT, outcome=Outcome.WORKAROUND, text=7)
REGISTERED = Registered(at=AT, channel=Channel.WEB, received_at=AT, accepted_at=AT)
SILENT: tuple[TicketEvent, ...] = (
    Identified(at=AT, client="1", entitled=True),
    Accepted(at=AT),
    Taken(at=AT, specialist="7", text=1),
    Assigned(at=AT, specialist="8"),
    CriticalityConfirmed(at=AT, criticality=Criticality.CRITICAL, text=1),
    Noted(at=AT, text=1),
    ClientAnswered(at=AT, message=1),
    ReviewFellDue(at=AT),
    Resumed(at=AT, text=1),
    ClosingBegan(at=AT, ground=Ground.SOLVED, text=1),
    Escalated(at=AT, message=1),
    Merged(at=AT, into="PS-000001", text=1),
    Unmerged(at=AT, text=1),
    Reclassified(at=AT, ticket_kind=TicketKind.WISH),
    ServedWithoutContract(at=AT, text=1),
    Diagnosed(at=AT, cause=CauseClass.PRODUCT_ERROR, by_user=ByUser.UNKNOWN, tried=1, found=2),
    LetterCancelled(at=AT, letter="PS-000007/4/answer"),
    LetterUrged(at=AT, letter="PS-000007/4/answer", text=1),
    LetterBounced(at=AT, letter="PS-000007/1/confirmation", is_hard=True),
    LetterFailed(at=AT, letter="PS-000007/1/confirmation"),
    Rescheduled(at=AT, calendar_version=2, due_before=AT, due_after=AT),
    CommandRefused(at=AT, command="take", reason="closed", refused_by="R49"),
)
IN_WORKING_TIME = Settings(confirmation=ConfirmationTiming.IN_WORKING_TIME)
WAITING_KINDS = sorted(set(LetterKind) - {LetterKind.CONFIRMATION, LetterKind.CRITICAL_ALERT})


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (REGISTERED, LetterKind.CONFIRMATION),
        (ClientReminded(at=AT), LetterKind.REMINDER),
        (ReleasePublished(at=AT, release="4"), LetterKind.RELEASED),
        (Answered(at=AT, text=3), LetterKind.ANSWER),
        (EscalationAnswered(at=AT, text=3), LetterKind.ANSWER),
        (ClientAsked(at=AT, text=3), LetterKind.QUESTION),
        (AccessRequested(at=AT, text=3), LetterKind.QUESTION),
        (HandedOff(at=AT, evidence=3), LetterKind.HANDED_OFF),
        (ReleaseAwaited(at=AT, release="4"), LetterKind.AWAITING_RELEASE),
    ],
)
def test_each_event_owes_its_letter(
    event: TicketEvent, kind: LetterKind
) -> None:  # R21 R33 R40 R46 R56 R60 R65 Q6
    assert owed(event, TICKET) == (kind,)


@pytest.mark.parametrize("event", SILENT, ids=lambda event: event.kind)
def test_what_is_no_concern_of_the_clients_owes_nothing(event: TicketEvent) -> None:
    assert owed(event, TICKET) == ()


def test_every_event_either_owes_a_letter_or_is_known_to_owe_none() -> None:  # R46
    assert set(get_args(TicketEvent)) - {type(event) for event in SILENT} == set(OWED)


def test_a_declared_critical_ticket_owes_an_alert_beside_the_confirmation() -> None:  # R33 Q5
    critical = replace(REGISTERED, declared=Criticality.CRITICAL)

    assert owed(critical, TICKET) == (LetterKind.CONFIRMATION, LetterKind.CRITICAL_ALERT)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (DeferralReason.INSUFFICIENT_INFORMATION, LetterKind.DEFERRAL_R55),
        (DeferralReason.DEVELOPMENT_NEEDED, LetterKind.DEFERRAL_R56),
        (DeferralReason.REQUIREMENTS_VIOLATED, LetterKind.DEFERRAL_R57),
        (DeferralReason.OUT_OF_SCOPE, LetterKind.DEFERRAL_R58),
        (DeferralReason.ILL_POSED, LetterKind.DEFERRAL_R59),
    ],
)
def test_each_reason_of_a_deferral_has_its_letter(
    reason: DeferralReason, kind: LetterKind
) -> None:  # R54 R55 R56 R57 R58 R59
    assert owed(Deferred(at=AT, reason=reason, text=1), TICKET) == (kind,)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (replace(RETURNED, outcome=Outcome.WORKAROUND), LetterKind.DEVELOPMENT_OUTCOME),
        (replace(RETURNED, outcome=Outcome.NOT_A_DEFECT), LetterKind.DEVELOPMENT_OUTCOME),
        (replace(RETURNED, outcome=Outcome.DECLINED), LetterKind.DEVELOPMENT_OUTCOME),
        (replace(RETURNED, outcome=Outcome.NEEDS_INFORMATION), LetterKind.QUESTION),
        (replace(RETURNED, outcome=Outcome.FIXED_IN_RELEASE), LetterKind.AWAITING_RELEASE),
        (
            replace(RETURNED, outcome=Outcome.FIXED_IN_RELEASE, is_published=True),
            LetterKind.RELEASED,
        ),
    ],
)
def test_each_outcome_of_development_has_its_letter(
    event: ReturnedFromDevelopment, kind: LetterKind
) -> None:  # R19 R21 R48 R56
    assert owed(event, TICKET) == (kind,)


@pytest.mark.parametrize(
    ("ground", "kind"),
    [
        (Ground.SOLVED, LetterKind.CLOSING),
        (Ground.WITHDRAWN, LetterKind.CLOSING),
        (Ground.NO_ACTIVE_SUPPORT, LetterKind.NO_ACTIVE_SUPPORT),
        (Ground.CANNOT_BE_SERVED, LetterKind.CANNOT_BE_SERVED),
        (None, LetterKind.CLOSING),
    ],
)
def test_a_closed_ticket_owes_the_letter_of_its_ground(
    ground: Ground | None, kind: LetterKind
) -> None:  # R63 Q12 Q13
    assert owed(Closed(at=AT), replace(TICKET, ground=ground)) == (kind,)


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (Closed(at=AT), 10),
        (ClientReminded(at=AT), 4),
        (Answered(at=AT, text=3), 3),
        (HandedOff(at=AT, evidence=3), None),
        (HandedOff(at=AT, evidence=3, text=8), 8),
        (REGISTERED, None),
    ],
    ids=["the result", "the question", "its own", "no evidence", "its own not evidence", "none"],
)
def test_a_letter_carries_the_words_of_its_cause(
    event: TicketEvent, text: int | None
) -> None:  # R46 R63 Q6
    assert words(event, TICKET) == text


@pytest.mark.parametrize("kind", LetterKind)
def test_every_letter_leaves_at_once_in_working_time(kind: LetterKind) -> None:  # R33 R45 R46
    assert departure(kind, AT, CALENDAR, IN_WORKING_TIME) == AT


@pytest.mark.parametrize("kind", WAITING_KINDS)
@pytest.mark.parametrize(
    ("at", "leaves_at"),
    [
        (FRIDAY.replace(hour=8, minute=59), FRIDAY.replace(hour=9)),
        (FRIDAY.replace(hour=9), FRIDAY.replace(hour=9)),
        (FRIDAY.replace(hour=18), MONDAY_MORNING),
        (FRIDAY.replace(hour=23, minute=59), MONDAY_MORNING),
        (FRIDAY + timedelta(days=1, hours=12), MONDAY_MORNING),
    ],
    ids=["before nine", "at nine", "at six", "at night", "on Saturday"],
)
def test_a_letter_waits_for_the_next_working_moment(
    kind: LetterKind, at: datetime, leaves_at: datetime
) -> None:  # R45
    assert departure(kind, at, CALENDAR, Settings()) == leaves_at


@pytest.mark.parametrize(
    ("before_closing", "is_left_for_monday"),
    [(MARGIN + timedelta(seconds=1), False), (MARGIN, True), (timedelta(seconds=1), True)],
)
def test_a_letter_that_might_end_after_closing_waits_for_the_morning(
    before_closing: timedelta, *, is_left_for_monday: bool
) -> None:  # R45
    at = FRIDAY.replace(hour=18) - before_closing

    leaves_at = departure(LetterKind.ANSWER, at, CALENDAR, Settings())

    assert timedelta(seconds=30) == MARGIN
    assert leaves_at == (MONDAY_MORNING if is_left_for_monday else at)


def test_the_setting_decides_whether_a_confirmation_waits_for_working_time() -> None:  # R33 Q3
    at_night = FRIDAY.replace(hour=22)

    kept = departure(LetterKind.CONFIRMATION, at_night, CALENDAR, IN_WORKING_TIME)

    assert departure(LetterKind.CONFIRMATION, at_night, CALENDAR, Settings()) == at_night
    assert kept == MONDAY_MORNING


@pytest.mark.parametrize("settings", [Settings(), IN_WORKING_TIME])
def test_an_alert_leaves_at_once_at_any_hour(settings: Settings) -> None:  # R50 Q5
    at_night = FRIDAY.replace(hour=22)

    assert departure(LetterKind.CRITICAL_ALERT, at_night, CALENDAR, settings) == at_night
