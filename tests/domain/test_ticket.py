"""A ticket is what its events make of it: each state is reached and left by its own event.

R5, R6, R16-R19, R44, R47, R50, R53-R60, R63, R65, Q2, Q5, Q12, Q13; laws 1 and 6.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

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
    Status,
    TicketKind,
    Turn,
)
from domain.ticket import CHANGES, TURNS, Ticket, apply, fold

AT = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
LATER = AT + HOUR
MUCH_LATER = AT + 24 * HOUR

REGISTERED = Registered(
    at=AT, channel=Channel.WEB, received_at=AT, accepted_at=AT, client="1", entitled=False
)
AT_NIGHT = replace(REGISTERED, accepted_at=AT + 9 * HOUR)
FROM_A_STRANGER = replace(REGISTERED, client="")
CLOSED = Closed(at=LATER)
DEFERRED = Deferred(at=LATER, reason=DeferralReason.ILL_POSED, text=5, category="report")
RETURNED = ReturnedFromDevelopment(at=LATER, outcome=Outcome.FIXED_IN_RELEASE, text=7, release="4")
PUBLISHED = ReleasePublished(at=LATER, release="4")
MOVED = Rescheduled(at=LATER, calendar_version=2, due_before=AT, due_after=MUCH_LATER)
BOUNCED = LetterBounced(at=LATER, letter="PS-000007/1/confirmation", is_hard=True)
EVERY_EVENT: tuple[TicketEvent, ...] = (
    *(REGISTERED, CLOSED, DEFERRED, RETURNED, PUBLISHED, MOVED, BOUNCED),
    Identified(at=LATER, client="1", entitled=True),
    Accepted(at=LATER),
    Taken(at=LATER, specialist="7"),
    Assigned(at=LATER, specialist="8"),
    CriticalityConfirmed(at=LATER, criticality=Criticality.CRITICAL, text=1),
    Noted(at=LATER, text=2),
    Answered(at=LATER, text=3),
    ClientAsked(at=LATER, text=4),
    ClientReminded(at=LATER),
    ClientAnswered(at=LATER, message=9),
    ReviewFellDue(at=LATER),
    Resumed(at=LATER, text=6),
    HandedOff(at=LATER, evidence=6),
    ReleaseAwaited(at=LATER, release="4"),
    AccessRequested(at=LATER, text=8),
    ClosingBegan(at=LATER, ground=Ground.SOLVED, text=10),
    Escalated(at=LATER, message=11),
    EscalationAnswered(at=LATER, text=12),
    Merged(at=LATER, into="PS-000001", text=13),
    Unmerged(at=LATER, text=14),
    Reclassified(at=LATER, ticket_kind=TicketKind.WISH, category="report"),
    ServedWithoutContract(at=LATER, text=15),
    Diagnosed(at=LATER, cause=CauseClass.HARDWARE_CONFLICT, by_user=ByUser.NO, tried=16, found=17),
    LetterCancelled(at=LATER, letter="PS-000007/2/answer"),
    LetterUrged(at=LATER, letter="PS-000007/2/answer", text=18),
    LetterFailed(at=LATER, letter="PS-000007/1/confirmation"),
    CommandRefused(at=LATER, command="take", reason="closed", refused_by="R49"),
)
# What may still come to a closed ticket: its words, its letters, refusals, a join.
LATE_EVENTS = tuple(
    event
    for event in EVERY_EVENT
    if isinstance(
        event,
        ClientAnswered
        | Noted
        | Escalated
        | EscalationAnswered
        | LetterBounced
        | LetterFailed
        | CommandRefused
        | Rescheduled
        | Merged
        | Unmerged,
    )
)


def ticket(status: Status = Status.IN_DIAGNOSIS) -> Ticket:
    return Ticket("PS-000007", status=status, sequence=3, received_at=AT, accepted_at=AT, since=AT)


def kind_of(event: TicketEvent) -> str:
    return event.kind


def test_every_event_has_its_change() -> None:
    assert set(CHANGES) == set(get_args(TicketEvent)) == {type(event) for event in EVERY_EVENT}


@pytest.mark.parametrize("event", EVERY_EVENT, ids=kind_of)
@pytest.mark.parametrize("status", Status)
def test_every_event_in_every_state_is_one_line_of_the_journal(
    event: TicketEvent, status: Status
) -> None:
    before = ticket(status)

    after = apply(before, event)

    assert (after.number, after.sequence) == (before.number, before.sequence + 1)
    assert before == ticket(status)


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (REGISTERED, Status.IN_QUEUE),
        (AT_NIGHT, Status.REGISTERED),
        (FROM_A_STRANGER, Status.IDENTIFICATION),
        (replace(FROM_A_STRANGER, accepted_at=AT_NIGHT.accepted_at), Status.IDENTIFICATION),
    ],
    ids=["by day", "at night", "from a stranger", "from a stranger at night"],
)
def test_a_registered_ticket_stands_where_its_sender_and_its_hour_put_it(
    event: Registered, status: Status
) -> None:  # R16 R44 Q2 Q12
    assert apply(Ticket("PS-000007"), event).status is status


def test_a_registered_ticket_keeps_both_moments_and_what_the_client_declared() -> None:  # Q2 Q5 R39
    event = replace(
        AT_NIGHT,
        declared=Criticality.CRITICAL,
        ticket_kind=TicketKind.QUESTION,
        follow_up_of="PS-1",
    )

    begun = apply(Ticket("PS-000007"), event)

    assert (begun.received_at, begun.accepted_at) == (AT, AT + 9 * HOUR)
    assert (begun.declared, begun.confirmed) == (Criticality.CRITICAL, None)
    assert (begun.kind, begun.channel, begun.follow_up_of) == (
        TicketKind.QUESTION,
        Channel.WEB,
        "PS-1",
    )
    assert not begun.entitled


@pytest.mark.parametrize(
    ("at", "status"), [(LATER, Status.REGISTERED), (AT + 9 * HOUR, Status.IN_QUEUE)]
)
def test_a_stranger_who_is_identified_waits_for_the_morning_or_for_a_specialist(
    at: datetime, status: Status
) -> None:  # R2 R44 Q12
    stranger = fold("PS-000007", (replace(AT_NIGHT, client=""),))

    known = apply(stranger, Identified(at=at, client="1", entitled=True))

    assert (known.status, known.client, known.entitled) == (status, "1", True)


@pytest.mark.parametrize(
    ("before", "event", "after"),
    [
        (Status.REGISTERED, Accepted(at=LATER), Status.IN_QUEUE),
        (Status.IN_QUEUE, Taken(at=LATER, specialist="7"), Status.IN_DIAGNOSIS),
        (Status.IN_DIAGNOSIS, ClientAsked(at=LATER, text=4), Status.AWAITING_CLIENT),
        (Status.IN_DIAGNOSIS, AccessRequested(at=LATER, text=8), Status.AWAITING_CLIENT),
        (Status.IN_DIAGNOSIS, DEFERRED, Status.DEFERRED),
        (Status.IN_DIAGNOSIS, HandedOff(at=LATER, evidence=6), Status.IN_DEVELOPMENT),
        (Status.IN_DIAGNOSIS, ReleaseAwaited(at=LATER, release="4"), Status.AWAITING_RELEASE),
        (Status.AWAITING_CLIENT, ClientAnswered(at=LATER, message=9), Status.IN_DIAGNOSIS),
        (Status.DEFERRED, ClientAnswered(at=LATER, message=9), Status.IN_DIAGNOSIS),
        (Status.CLOSING, ClientAnswered(at=LATER, message=9), Status.IN_DIAGNOSIS),
        (Status.DEFERRED, Resumed(at=LATER, text=6), Status.IN_DIAGNOSIS),
        (Status.AWAITING_RELEASE, PUBLISHED, Status.IN_DIAGNOSIS),
        (Status.CLOSING, CLOSED, Status.CLOSED),
        (
            Status.IN_DIAGNOSIS,
            ClosingBegan(at=LATER, ground=Ground.SOLVED, text=10),
            Status.CLOSING,
        ),
    ],
)
def test_each_state_is_reached_by_its_event_and_its_counters_begin_anew(
    before: Status, event: TicketEvent, after: Status
) -> None:  # R17 R19 R40 R44 R53 R54 R56 R60 R63
    worn = replace(ticket(before), reminders=2, reviews=1, review_due=True)

    moved = apply(worn, event)

    assert (moved.status, moved.since) == (after, LATER)
    assert (moved.reminders, moved.reviews, moved.review_due) == (0, 0, False)


@pytest.mark.parametrize(
    ("outcome", "is_published", "status"),
    [
        (Outcome.FIXED_IN_RELEASE, False, Status.AWAITING_RELEASE),
        (Outcome.FIXED_IN_RELEASE, True, Status.IN_DIAGNOSIS),
        (Outcome.WORKAROUND, False, Status.IN_DIAGNOSIS),
        (Outcome.NOT_A_DEFECT, False, Status.IN_DIAGNOSIS),
        (Outcome.DECLINED, False, Status.IN_DIAGNOSIS),
        (Outcome.NEEDS_INFORMATION, False, Status.AWAITING_CLIENT),
    ],
)
def test_each_outcome_of_development_leads_somewhere(
    outcome: Outcome, status: Status, *, is_published: bool
) -> None:  # R19 R48 R56
    event = replace(RETURNED, outcome=outcome, is_published=is_published)

    returned = apply(ticket(Status.IN_DEVELOPMENT), event)

    assert returned.status is status


def test_what_development_needs_to_know_is_what_the_client_is_reminded_of() -> None:  # R19 Q6
    event = replace(RETURNED, outcome=Outcome.NEEDS_INFORMATION)

    assert apply(ticket(Status.IN_DEVELOPMENT), event).question == RETURNED.text


@pytest.mark.parametrize(
    "status",
    sorted(set(Status) - {Status.AWAITING_CLIENT, Status.DEFERRED, Status.CLOSING}),
)
def test_a_clients_message_moves_nothing_that_does_not_wait_for_it(status: Status) -> None:  # R53
    before = ticket(status)

    after = apply(before, ClientAnswered(at=LATER, message=9))

    assert after == replace(before, sequence=4)


@pytest.mark.parametrize("status", [Status.AWAITING_CLIENT, Status.DEFERRED, Status.CLOSING])
def test_a_machines_letter_ends_no_wait_for_the_client(status: Status) -> None:  # R53
    after = apply(ticket(status), ClientAnswered(at=LATER, message=9, resumes=False))

    assert (after.status, after.since) == (status, AT)


@pytest.mark.parametrize(
    "reply",
    [
        Answered(at=LATER, text=3),
        EscalationAnswered(at=LATER, text=12),
        ClientAsked(at=LATER, text=4),
        AccessRequested(at=LATER, text=8),
        DEFERRED,
        HandedOff(at=LATER, evidence=6),
    ],
    ids=kind_of,
)
def test_the_first_written_reply_ends_the_reaction_and_no_later_one_moves_it(
    reply: TicketEvent,
) -> None:  # R47
    once = apply(ticket(), reply)

    again = apply(once, Answered(at=MUCH_LATER, text=30))

    assert (once.replied_at, again.replied_at) == (LATER, LATER)


@pytest.mark.parametrize("reason", DeferralReason)
def test_a_deferral_keeps_its_reason_until_the_wait_ends(
    reason: DeferralReason,
) -> None:  # R54 R55 R56 R57 R58 R59
    deferred = apply(ticket(), replace(DEFERRED, reason=reason))
    resumed = apply(deferred, Resumed(at=MUCH_LATER, text=6))

    assert (deferred.deferral, deferred.category, deferred.question) == (reason, "report", 5)
    assert resumed.deferral is None


def test_a_deferral_for_our_own_work_is_our_turn_any_other_the_clients() -> None:  # R56 R57
    ours = apply(ticket(), replace(DEFERRED, reason=DeferralReason.DEVELOPMENT_NEEDED))

    assert ours.turn is Turn.SUPPORT
    assert apply(ticket(), DEFERRED).turn is Turn.CLIENT


def test_every_state_says_whose_turn_it_is() -> None:
    assert set(TURNS) == set(Status)
    assert [s for s in Status if TURNS[s] is Turn.NOBODY] == [Status.CLOSED]


def test_reminders_and_reviews_are_counted() -> None:  # Q6 R54
    waiting = ticket(Status.DEFERRED)

    for _ in range(2):
        waiting = apply(waiting, ClientReminded(at=LATER))
    reviewed = apply(waiting, ReviewFellDue(at=LATER))

    assert (waiting.reminders, waiting.review_due) == (2, False)
    assert (reviewed.reviews, reviewed.review_due, reviewed.since) == (1, True, AT)


def test_only_a_letter_that_is_lost_for_good_asks_for_a_look() -> None:  # R33 R63
    failed = LetterFailed(at=LATER, letter=BOUNCED.letter)

    assert apply(ticket(), BOUNCED).review_due
    assert apply(ticket(), failed).review_due
    assert not apply(ticket(), replace(BOUNCED, is_hard=False)).review_due


def test_a_later_soft_bounce_takes_no_look_away() -> None:  # R33
    due = apply(ticket(), BOUNCED)

    assert apply(due, replace(BOUNCED, is_hard=False)).review_due


def test_only_a_confirmed_criticality_makes_a_ticket_critical() -> None:  # R39 R50 Q5
    declared = replace(ticket(), declared=Criticality.CRITICAL)
    confirmed = CriticalityConfirmed(at=LATER, criticality=Criticality.CRITICAL, text=1)
    lowered = replace(confirmed, criticality=Criticality.NORMAL)

    assert not declared.is_critical
    assert apply(declared, confirmed).is_critical
    assert not apply(apply(declared, confirmed), lowered).is_critical


def test_a_new_calendar_moves_the_accepted_moment_only_while_it_is_waited_for() -> None:  # R44
    waiting, queued = ticket(Status.REGISTERED), ticket(Status.IN_QUEUE)

    assert apply(waiting, MOVED).accepted_at == MUCH_LATER
    assert apply(queued, MOVED).accepted_at == AT


def test_an_assignment_changes_the_specialist_and_nothing_else() -> None:  # R5
    before = replace(ticket(), specialist="7")

    after = apply(before, Assigned(at=LATER, specialist="8"))

    assert after == replace(before, specialist="8", sequence=4)


def test_the_answer_of_the_head_ends_an_escalation_a_specialists_does_not() -> None:  # R65
    escalated = apply(ticket(), Escalated(at=AT, message=11))

    assert escalated.escalated
    assert apply(escalated, Answered(at=LATER, text=3)).escalated
    assert not apply(escalated, EscalationAnswered(at=LATER, text=12)).escalated


def test_kind_category_and_the_decision_to_serve_are_written_down() -> None:  # R6 R26 Q13
    unserved = replace(ticket(), entitled=False)
    reclassified = Reclassified(at=LATER, ticket_kind=TicketKind.MODULE_WISH, category="crm")

    changed = apply(apply(unserved, reclassified), ServedWithoutContract(at=LATER, text=15))

    assert (changed.kind, changed.category) == (TicketKind.MODULE_WISH, "crm")
    assert changed.entitled


def test_a_join_is_undone_without_a_trace_on_the_ticket() -> None:
    joined = apply(ticket(), Merged(at=LATER, into="PS-000001", text=13))
    parted = apply(joined, Unmerged(at=LATER, text=14))

    assert joined.merged_into == "PS-000001"
    assert parted == replace(ticket(), sequence=5)


def test_an_asked_access_is_remembered_after_it_came() -> None:  # R60 R61
    asked = apply(ticket(), AccessRequested(at=LATER, text=8))
    came = apply(asked, ClientAnswered(at=MUCH_LATER, message=9))

    assert (asked.access, came.access) == (True, True)


def test_a_closed_ticket_carries_its_result_ground_and_moment() -> None:  # R63
    closing = ClosingBegan(at=AT, ground=Ground.WITHDRAWN, text=10)

    closed = apply(apply(ticket(), closing), CLOSED)

    assert (closed.ground, closed.result, closed.closed_at) == (Ground.WITHDRAWN, 10, LATER)
    assert not closed.is_open


@pytest.mark.parametrize("event", LATE_EVENTS, ids=kind_of)
def test_a_late_event_never_changes_when_a_ticket_was_closed(event: TicketEvent) -> None:  # R63 R64
    closed = apply(ticket(Status.CLOSING), CLOSED)

    after = apply(closed, replace(event, at=MUCH_LATER))

    assert (after.status, after.closed_at, after.since) == (Status.CLOSED, LATER, LATER)


def test_a_journal_folds_into_the_ticket_that_its_events_made_one_by_one() -> None:  # R16
    one_by_one = Ticket("PS-000007")
    for event in EVERY_EVENT:
        one_by_one = apply(one_by_one, event)

    folded = fold("PS-000007", EVERY_EVENT)

    assert folded == one_by_one
    assert folded.sequence == len(EVERY_EVENT)


def journal_of(*happened: TicketEvent) -> Ticket:
    return fold("PS-000007", (REGISTERED, Taken(at=AT, specialist="7"), *happened))


def test_a_reply_kept_back_leaves_the_reaction_to_the_next_one() -> None:  # R45 R47
    first, second = Answered(at=LATER, text=1), Answered(at=MUCH_LATER, text=2)
    kept_back = LetterCancelled(at=MUCH_LATER, letter="PS-000007/3/answer")

    assert journal_of(first, kept_back).replied_at is None
    assert journal_of(first, second, kept_back).replied_at == MUCH_LATER
    assert journal_of(first, kept_back, second).replied_at == MUCH_LATER


def test_a_later_letter_kept_back_moves_nothing_else() -> None:  # R45
    asked, answered = ClientAsked(at=LATER, text=1), Answered(at=LATER, text=2)
    kept_back = LetterCancelled(at=MUCH_LATER, letter="PS-000007/4/answer")

    after = journal_of(asked, answered, kept_back)

    assert (after.status, after.replied_at) == (Status.AWAITING_CLIENT, LATER)


def test_the_heads_answer_kept_back_leaves_the_client_unanswered() -> None:  # R45 R65
    told = (Escalated(at=LATER, message=1), EscalationAnswered(at=LATER, text=2))
    kept_back = LetterCancelled(at=MUCH_LATER, letter="PS-000007/4/answer")

    assert not journal_of(*told).escalated
    assert journal_of(*told, kept_back).escalated


def test_a_ticket_of_an_earlier_version_keeps_its_reply() -> None:  # R47
    old = Ticket("PS-000007", status=Status.IN_DIAGNOSIS, sequence=9, replied_at=AT)
    answered = apply(old, Answered(at=LATER, text=1))

    after = apply(answered, LetterCancelled(at=LATER, letter="PS-000007/10/answer"))

    assert after.replied_at == AT
