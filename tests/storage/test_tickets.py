"""A journal has no gap and no line twice, and the register stands where the journal ends.

R5, R16, R49, R50, Q2, Q5; laws 1 and 6.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from domain.events import CriticalityConfirmed, Noted, Taken, TicketEvent
from domain.obligations import Due, Obligation
from domain.occurrences import Closed, Registered
from domain.terms import Channel, Criticality, LetterState, Status
from domain.ticket import Ticket, apply, fold
from storage import letters, tickets
from storage.database import Database
from storage.letters import PreparedLetter
from storage.tickets import JournalGapError, Record

AT = datetime(2026, 9, 7, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REGISTERED = Registered(
    at=AT, channel=Channel.WEB, received_at=AT, accepted_at=AT, client="1", by="client:1"
)
TAKEN = Taken(at=AT + MINUTE, specialist="7", by="specialist:7")
NOTED = Noted(at=AT + 2 * MINUTE, text=1, by="specialist:7")
Enter = Callable[..., str]


def stretch(number: str, journal: tuple[TicketEvent, ...], written: int = 0) -> Record:
    """Return what a process writes whose journal stands so, that much of it written before."""
    return Record(fold(number, journal), journal[written:])


def letter(number: str) -> PreparedLetter:
    return PreparedLetter(
        key=f"{number}/1/confirmation",
        number=number,
        sequence=1,
        kind="confirmation",
        recipient="anna@sever.example",
        subject=number,
        text="Заявка зарегистрирована.",
        message_id=f"<{number}.1@profman.ru>",
        mime=b"Subject: \xd0\xb7\r\n\r\n\x00OK\r\n",
        state=LetterState.PREPARED,
        prepared_at=AT,
    )


def place(row: Any) -> tuple[bool, datetime, str]:  # noqa: ANN401 - a row of the register
    return (row["is_routine"], row["received_at"], row["number"])


def numbers(connection: Connection, **options: Any) -> list[str]:  # noqa: ANN401 - of `queue`
    return [row["number"] for row in tickets.queue(connection, **options)]


def test_a_stretch_is_written_whole_with_its_ticket_and_its_letters(
    database: Database, enter: Enter
) -> None:  # R16 R33
    due = Due(Obligation.CLOSE, AT + MINUTE, "R63", 3)
    with database.transaction() as connection:
        number = enter(connection, "a")
        record = stretch(number, (REGISTERED, TAKEN))

        is_new = tickets.record(
            connection, replace(record, letters=(letter(number),), due=due, calendar_version=3)
        )

        assert is_new
        assert tickets.journal(connection, number) == (REGISTERED, TAKEN)
        assert tickets.find(connection, number) == record.ticket
        row, kept = (
            tickets.find_row(connection, number),
            letters.find(connection, letter(number).key),
        )
    assert row is not None
    assert (row["status"], row["specialist"], row["sequence"]) == (Status.IN_DIAGNOSIS, "7", 2)
    assert (row["due_at"], row["due_what"], row["due_rule"]) == (AT + MINUTE, "close", "R63")
    assert row["calendar_version"] == 3
    assert kept is not None
    assert bytes(kept["mime"]) == letter(number).mime


def test_stretches_continue_one_another_and_fold_into_the_ticket(
    database: Database, enter: Enter
) -> None:  # R16
    journal = (REGISTERED, TAKEN, NOTED)
    with database.transaction() as connection:
        number = enter(connection, "a")

        for written in range(len(journal)):
            tickets.record(connection, stretch(number, journal[: written + 1], written))

        assert tickets.journal(connection, number) == journal
        assert tickets.find(connection, number) == fold(number, journal)


def test_a_repeated_stretch_writes_no_line_and_no_letter_twice(
    database: Database, enter: Enter
) -> None:  # R16 R33
    with database.transaction() as connection:
        number = enter(connection, "a")
        record = replace(stretch(number, (REGISTERED, TAKEN)), letters=(letter(number),))
        tickets.record(connection, record)

        is_new = tickets.record(connection, record)

        assert not is_new
        assert tickets.journal(connection, number) == (REGISTERED, TAKEN)
        assert len(letters.list_for(connection, number)) == 1


def test_a_stretch_that_is_repeated_late_takes_nothing_back(
    database: Database, enter: Enter
) -> None:  # R16
    with database.transaction() as connection:
        number = enter(connection, "a")
        early = stretch(number, (REGISTERED,))
        tickets.record(connection, early)
        tickets.record(connection, stretch(number, (REGISTERED, TAKEN), 1))

        assert not tickets.record(connection, early)

        assert tickets.find(connection, number) == fold(number, (REGISTERED, TAKEN))


@pytest.mark.parametrize("written", [1, 2])
def test_a_stretch_beyond_a_gap_writes_nothing(
    database: Database, enter: Enter, written: int
) -> None:  # R16
    with database.transaction() as connection:
        number = enter(connection, "a")
        ahead = stretch(number, (REGISTERED, TAKEN, NOTED), written)

        is_new = tickets.record(connection, replace(ahead, letters=(letter(number),)))

        assert not is_new
        assert tickets.journal(connection, number) == ()
        assert letters.list_for(connection, number) == []


def test_a_stretch_that_overlaps_what_is_written_writes_nothing(
    database: Database, enter: Enter
) -> None:  # R16
    with database.transaction() as connection:
        number = enter(connection, "a")
        tickets.record(connection, stretch(number, (REGISTERED,)))

        is_new = tickets.record(connection, stretch(number, (REGISTERED, TAKEN)))

        assert not is_new
        assert tickets.journal(connection, number) == (REGISTERED,)


def test_what_the_journal_has_beyond_a_place_is_told_in_order(
    database: Database, enter: Enter
) -> None:  # R16
    with database.transaction() as connection:
        number = enter(connection, "a")
        tickets.record(connection, stretch(number, (REGISTERED, TAKEN, NOTED)))

        told = [tickets.lock_journal(connection, number, after) for after in range(3)]

    assert told == [(REGISTERED, TAKEN, NOTED), (TAKEN, NOTED), (NOTED,)]


@pytest.mark.parametrize("after", [1, 2])
def test_a_journal_that_has_not_gone_beyond_a_place_is_a_gap(
    database: Database, enter: Enter, after: int
) -> None:  # R16
    with database.transaction() as connection:
        number = enter(connection, "a")
        tickets.record(connection, stretch(number, (REGISTERED,)))

        with pytest.raises(JournalGapError, match=number):
            tickets.lock_journal(connection, number, after)


def test_a_ticket_that_is_not_in_the_register_is_a_gap(database: Database) -> None:
    with database.transaction() as connection:
        with pytest.raises(JournalGapError, match="PS-000404"):
            tickets.lock_journal(connection, "PS-000404", 0)

        assert not tickets.record(connection, stretch("PS-000404", (REGISTERED,)))
        assert tickets.find(connection, "PS-000404") is None


def test_of_two_processes_that_write_the_same_place_at_once_one_does(
    database: Database, enter: Enter
) -> None:  # R16
    together = Barrier(2)
    with database.transaction() as connection:
        number = enter(connection, "a")
        tickets.record(connection, stretch(number, (REGISTERED,)))

    def write(event: TicketEvent) -> bool:
        with database.transaction() as connection:
            connection.execute(select(1))
            together.wait(10)
            return tickets.record(connection, stretch(number, (REGISTERED, event), 1))

    with ThreadPoolExecutor(2) as pool:
        written = list(pool.map(write, (TAKEN, NOTED)))

    with database.transaction() as connection:
        winner = TAKEN if written[0] else NOTED
        assert sorted(written) == [False, True]
        assert tickets.journal(connection, number) == (REGISTERED, winner)


def test_a_closed_ticket_has_its_moment_and_an_open_one_none(
    database: Database, enter: Enter
) -> None:  # R63
    closed = Closed(at=AT + MINUTE)
    with database.transaction() as connection:
        number = enter(connection, "a")

        tickets.record(connection, stretch(number, (REGISTERED, closed)))

        row = tickets.find_row(connection, number)
        open_numbers = [each["number"] for each in tickets.list_open(connection)]
    assert row is not None
    assert (row["status"], row["closed_at"]) == (Status.CLOSED, AT + MINUTE)
    assert open_numbers == []


def test_the_register_refuses_an_open_ticket_that_says_when_it_was_closed(
    database: Database, enter: Enter
) -> None:  # R63
    with database.transaction() as connection:
        number = enter(connection, "a")
    reopened = replace(apply(Ticket(number), REGISTERED), closed_at=AT)

    with (
        pytest.raises(IntegrityError, match="closed_has_its_moment"),
        database.transaction() as connection,
    ):
        tickets.record(connection, Record(reopened, (REGISTERED,)))


def test_the_queue_takes_the_confirmed_critical_first_then_who_came_first(
    database: Database, enter: Enter
) -> None:  # R49 R50 Q5
    with database.transaction() as connection:
        late = enter(connection, "late", received_at=AT + 2 * MINUTE)
        second, third = (enter(connection, key, received_at=AT + MINUTE) for key in "bc")
        first = enter(connection, "first", received_at=AT)
        critical = enter(connection, "critical", received_at=AT + 3 * MINUTE, is_routine=False)
        enter(connection, "taken", status=Status.IN_DIAGNOSIS)

        order = [critical, first, second, third, late]
        assert numbers(connection) == order
        assert [n for n in order if tickets.is_first(connection, n)] == [critical]


def test_a_ticket_jumps_the_queue_when_its_criticality_is_confirmed_not_declared(
    database: Database, enter: Enter
) -> None:  # R50 Q5
    declared = replace(REGISTERED, declared=Criticality.CRITICAL)
    confirmed = CriticalityConfirmed(at=AT, criticality=Criticality.CRITICAL, text=1)
    with database.transaction() as connection:
        calm, urgent = enter(connection, "a"), enter(connection, "b")

        tickets.record(connection, stretch(urgent, (declared,)))
        before = numbers(connection)
        tickets.record(connection, stretch(urgent, (declared, confirmed), 1))

        assert (before, numbers(connection)) == ([calm, urgent], [urgent, calm])


def test_the_queue_is_paged_without_passing_or_repeating_a_ticket(
    database: Database, enter: Enter
) -> None:  # R49
    with database.transaction() as connection:
        for key in "abcde":
            enter(connection, key, received_at=AT, is_routine=key != "d")
        whole = tickets.queue(connection)

        pages = [
            numbers(connection, limit=2, after=after)
            for after in (None, place(whole[1]), place(whole[3]), place(whole[4]))
        ]

    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert [number for page in pages for number in page] == [row["number"] for row in whole]


def test_a_page_goes_on_from_its_place_when_the_ticket_there_was_taken(
    database: Database, enter: Enter
) -> None:  # R49
    with database.transaction() as connection:
        entered = [enter(connection, key, received_at=AT) for key in "abc"]
        seen = tickets.queue(connection, limit=1)[0]
        tickets.record(connection, stretch(seen["number"], (REGISTERED, TAKEN)))

        assert numbers(connection, after=place(seen)) == entered[1:]


def test_open_tickets_are_listed_by_arrival_state_and_client(
    database: Database, enter: Enter
) -> None:  # R49
    with database.transaction() as connection:
        late = enter(connection, "a", received_at=AT + MINUTE, client_id=1)
        early = enter(connection, "b", received_at=AT, client_id=2, status=Status.DEFERRED)
        enter(connection, "c", status=Status.CLOSED, closed_at=AT)

        every = [row["number"] for row in tickets.list_open(connection)]
        deferred = [row["number"] for row in tickets.list_open(connection, Status.DEFERRED)]
        of_first = [row["number"] for row in tickets.list_open(connection, client_id=1)]

    assert (every, deferred, of_first) == ([early, late], [early], [late])


def test_open_tickets_are_paged_without_passing_or_repeating_one(
    database: Database, enter: Enter
) -> None:
    with database.transaction() as connection:
        last = enter(connection, "a", received_at=AT + MINUTE)
        early = [enter(connection, key, received_at=AT) for key in "bcd"]
        first = tickets.list_open(connection, limit=2)
        place = (first[-1]["received_at"], first[-1]["number"])

        second = tickets.list_open(connection, limit=2, after=place)
        place = (second[-1]["received_at"], second[-1]["number"])
        third = tickets.list_open(connection, limit=2, after=place)

    pages = [[row["number"] for row in page] for page in (first, second, third)]
    assert pages == [early[:2], [early[2], last], []]
