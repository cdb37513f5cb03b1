"""Staff see what waits for whom, in the order it is worked off, page by page without a gap.

R5, R49, R50, R54-R59, R63; Q5, Q12, U1.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import Connection, event, text

from domain import events, occurrences
from domain.events import TicketEvent
from domain.terms import Channel, Criticality, DeferralReason, Ground, Outcome, Role, Status, Turn
from domain.ticket import Ticket, fold
from storage import messages, people, requests, tickets, worklists
from storage.database import Database
from storage.messages import StaffText
from storage.requests import Registration
from storage.tickets import Record
from storage.worklists import Asked, Worklist

AT = datetime(2026, 9, 7, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NOBODY = "0"
Journal = tuple[TicketEvent, ...]


@pytest.fixture
def client(database: Database) -> int:
    row = {
        "client_code": "C1",
        "client_name": "ООО «Ромашка»",
        "login": "anna",
        "user_name": "Анна",
    }
    with database.transaction() as connection:
        people.import_clients(connection, [row])
        return people.list_clients(connection)[0].id


@pytest.fixture
def specialist(database: Database) -> str:
    with database.transaction() as connection:
        return str(people.put_staff(connection, "olga", "Ольга", "", Role.SPECIALIST).id)


def enter(
    connection: Connection,
    *then: TicketEvent,
    place: int = 0,
    client: int | None = None,
    **told: object,
) -> str:
    """Enter a ticket that came so many minutes after the first, and what happened to it then."""
    at = AT + place * MINUTE
    known = {"subject": "Отчёт", "text": "Не открывается отчёт", "channel": Channel.WEB, **told}
    key = str(connection.execute(text("SELECT count(*) FROM requests")).scalar_one())
    registration = Registration(
        key=key,
        received_at=at,
        accepted_at=at,
        client_id=client,
        **known,  # type: ignore[arg-type]  # the test names them
    )
    number = requests.register(connection, registration).number
    happen(connection, number, registration.event, *then)
    return number


def happen(connection: Connection, number: str, *then: TicketEvent) -> None:
    journal = tickets.journal(connection, number) + then
    assert tickets.record(connection, Record(fold(number, journal), then))


def say(connection: Connection, number: str, words: str) -> int:
    return messages.add_staff_text(connection, StaffText(number, words, "specialist:1", AT))


def confirmed(text: int, criticality: Criticality = Criticality.CRITICAL) -> TicketEvent:
    return events.CriticalityConfirmed(at=AT, criticality=criticality, text=text)


def taken(specialist: str) -> TicketEvent:
    return events.Taken(at=AT, specialist=specialist)


def closed(at: datetime = AT) -> Journal:
    began = events.ClosingBegan(at=at, ground=Ground.SOLVED, text=1)
    return (began, occurrences.Closed(at=at))


def numbers(connection: Connection, list_: Worklist, **told: object) -> list[str]:
    asked = Asked(list=list_, **told)  # type: ignore[arg-type]  # the test names them
    return [line.number for line in worklists.page(connection, asked).lines]


def walk(connection: Connection, asked: Asked, limit: int) -> Iterator[str]:
    after = None
    while True:
        page = worklists.page(connection, asked, limit, after)
        assert len(page.lines) <= limit
        yield from (line.number for line in page.lines)
        after = page.after
        if after is None:
            return


def test_what_waits_for_us_stands_as_the_queue_does(
    database: Database, client: int
) -> None:  # R49 R50 U1
    with database.transaction() as connection:
        later = enter(connection, place=2, client=client)
        first = enter(connection, place=1, client=client)
        urgent = enter(connection, place=3, client=client)
        happen(connection, urgent, confirmed(say(connection, urgent, "Стоит вся работа")))

        assert numbers(connection, Worklist.FOR_US) == [urgent, first, later]
        assert numbers(connection, Worklist.QUEUE) == [urgent, first, later]
        assert numbers(connection, Worklist.FOR_US) == [
            row["number"] for row in tickets.queue(connection)
        ]


def test_a_line_tells_all_that_staff_see_before_they_open_it(
    database: Database, client: int, specialist: str
) -> None:  # R5 R47 R50 U1
    with database.transaction() as connection:
        number = enter(connection, client=client, declared=Criticality.CRITICAL, subject="Пеня")
        happen(connection, number, confirmed(say(connection, number, "Прежние слова")))
        happen(connection, number, confirmed(say(connection, number, "Стоит вся работа")))
        happen(connection, number, taken(specialist))

        (line,) = worklists.page(connection, Asked(list=Worklist.FOR_US)).lines

    assert (line.number, line.subject, line.client_name) == (number, "Пеня", "ООО «Ромашка»")
    assert (line.specialist, line.specialist_name) == (specialist, "Ольга")
    assert (line.status, line.turn) == (Status.IN_DIAGNOSIS, Turn.SUPPORT)
    assert line.jump_reason == "Стоит вся работа"
    assert not line.is_routine
    assert (line.received_at, line.ticket.accepted_at) == (AT, AT)
    assert line.ticket.declared is line.ticket.confirmed is Criticality.CRITICAL


def test_a_routine_line_gives_no_reason_for_a_jump(database: Database, client: int) -> None:  # R50
    with database.transaction() as connection:
        number = enter(connection, client=client)
        happen(
            connection, number, confirmed(say(connection, number, "Стоит"), Criticality.CRITICAL)
        )
        happen(connection, number, confirmed(say(connection, number, "Терпит"), Criticality.LOW))

        (line,) = worklists.page(connection, Asked(list=Worklist.FOR_US)).lines

    assert line.jump_reason == ""


def test_a_ticket_stands_in_the_list_of_whose_move_it_waits_for(
    database: Database, client: int, specialist: str
) -> None:  # R54-R59 Q12 U1
    with database.transaction() as connection:
        unknown = enter(connection, name="Пётр")
        asked = enter(
            connection, taken(specialist), events.ClientAsked(at=AT, text=1), client=client
        )
        given = enter(connection, taken("2"), events.HandedOff(at=AT, evidence=1), client=client)
        waits = enter(
            connection,
            events.Deferred(at=AT, reason=DeferralReason.ILL_POSED, text=1),
            place=1,
            client=client,
        )
        ours = enter(
            connection,
            events.Deferred(at=AT, reason=DeferralReason.DEVELOPMENT_NEEDED, text=1),
            place=2,
            client=client,
        )
        ended = enter(connection, *closed(), client=client)

        assert numbers(connection, Worklist.UNIDENTIFIED) == [unknown]
        assert numbers(connection, Worklist.FOR_US) == [unknown, ours]
        assert numbers(connection, Worklist.AWAITING_CLIENT) == [asked]
        assert numbers(connection, Worklist.IN_DEVELOPMENT) == [given]
        assert numbers(connection, Worklist.DEFERRED) == [waits, ours]
        assert numbers(connection, Worklist.DEFERRED, reason=DeferralReason.ILL_POSED) == [waits]
        assert numbers(connection, Worklist.MINE, specialist=specialist) == [asked]
        assert numbers(connection, Worklist.CLOSED) == [ended]
        assert ended not in numbers(connection, Worklist.OPEN)


def test_a_merged_ticket_stands_in_no_list_until_the_merge_is_undone(
    database: Database, client: int
) -> None:  # R49 U11
    with database.transaction() as connection:
        into = enter(connection, client=client)
        number = enter(connection, events.Merged(at=AT, into=into, text=1), client=client)

        merged = numbers(connection, Worklist.OPEN)
        happen(connection, number, events.Unmerged(at=AT, text=1))

        assert merged == [into]
        assert numbers(connection, Worklist.OPEN) == [into, number]


def test_what_was_closed_last_stands_first(database: Database, client: int) -> None:  # R63
    with database.transaction() as connection:
        early = enter(connection, *closed(AT), client=client)
        late = enter(connection, *closed(AT + 2 * MINUTE), client=client)
        middle = enter(connection, *closed(AT + MINUTE), client=client)

        assert numbers(connection, Worklist.CLOSED) == [late, middle, early]
        assert numbers(connection, Worklist.CLOSED, since=AT + MINUTE) == [late, middle]


def test_a_list_is_narrowed_by_all_that_is_asked(database: Database, client: int) -> None:  # U1
    with database.transaction() as connection:
        paper = enter(connection, client=client, channel=Channel.PAPER, place=1)
        critical = enter(connection, client=client, declared=Criticality.CRITICAL, place=2)
        calmed = enter(connection, client=client, declared=Criticality.CRITICAL, place=3)
        happen(connection, calmed, confirmed(1, Criticality.LOW))
        told = enter(connection, client=client, text="Не печатается «квитанция».", place=4)
        happen(
            connection,
            told,
            events.Reclassified(at=AT, ticket_kind=fold(told, ()).kind, category="functions"),
        )
        unknown = enter(connection, place=5)

        assert numbers(connection, Worklist.OPEN, channel=Channel.PAPER) == [paper]
        assert numbers(connection, Worklist.OPEN, criticality=Criticality.CRITICAL) == [critical]
        assert numbers(connection, Worklist.OPEN, category="functions") == [told]
        assert numbers(connection, Worklist.OPEN, words="квитанции") == [told]
        assert unknown not in numbers(connection, Worklist.OPEN, client_id=client)


def test_a_list_is_narrowed_by_a_part_of_the_clients_name_or_of_who_wrote(
    database: Database, client: int
) -> None:  # R2 U1
    with database.transaction() as connection:
        of_client = enter(connection, client=client)
        by_name = enter(connection, name="Пётр Ильин", address="petr@Gamma.example", place=1)

        assert numbers(connection, Worklist.OPEN, who="ромаш") == [of_client]
        assert numbers(connection, Worklist.OPEN, who=" ИЛЬИН ") == [by_name]
        assert numbers(connection, Worklist.OPEN, who="gamma") == [by_name]
        assert numbers(connection, Worklist.OPEN, who="100%") == []
        assert numbers(connection, Worklist.OPEN, channel=Channel.PAPER, words="квитанция") == []


@pytest.mark.parametrize(
    ("then", "wrote"),
    [
        ((events.ClientAnswered(at=AT + MINUTE, message=1),), True),
        ((events.ClientAnswered(at=AT + MINUTE, message=1), events.Noted(at=AT, text=1)), True),
        ((events.ClientAnswered(at=AT + MINUTE, message=1), events.Answered(at=AT, text=1)), False),
        ((events.Answered(at=AT, text=1),), False),
        (
            (
                events.ClientAnswered(at=AT + MINUTE, message=1),
                events.ReturnedFromDevelopment(at=AT, outcome=Outcome.WORKAROUND, text=1),
            ),
            True,
        ),
    ],
)
def test_a_line_tells_when_a_client_wrote_after_our_last_word(
    database: Database, client: int, then: Journal, *, wrote: bool
) -> None:  # R53 U1
    with database.transaction() as connection:
        enter(connection, *then, client=client)

        (line,) = worklists.page(connection, Asked(list=Worklist.OPEN)).lines

    assert line.client_wrote_at == (AT + MINUTE if wrote else None)


@pytest.mark.parametrize(
    "asked", [Asked(list=Worklist.OPEN), Asked(list=Worklist.OPEN, words="отчёты")]
)
def test_pages_have_no_gap_and_no_repetition_while_tickets_arrive(
    database: Database, client: int, asked: Asked
) -> None:  # R49 U1
    with database.transaction() as connection:
        before = [enter(connection, client=client, place=place // 2) for place in range(10)]

        seen = []
        for number in walk(connection, asked, 3):
            seen.append(number)
            enter(connection, client=client, place=100)

            if len(seen) == len(before):
                break

        assert seen == before


def test_pages_of_what_is_closed_go_back_to_the_first(
    database: Database, client: int
) -> None:  # R63
    with database.transaction() as connection:
        ended = [
            enter(connection, *closed(AT + place // 2 * MINUTE), client=client)
            for place in range(7)
        ]

        seen = list(walk(connection, Asked(list=Worklist.CLOSED), 2))

    assert seen == ended[::-1]


def test_a_narrowed_page_ends_with_its_window_and_the_next_goes_on(
    database: Database, client: int, monkeypatch: pytest.MonkeyPatch
) -> None:  # U1
    monkeypatch.setattr(worklists, "WINDOW", 4)
    asked = Asked(list=Worklist.OPEN, channel=Channel.PHONE)
    with database.transaction() as connection:
        for place in range(9):
            enter(connection, client=client, place=place)
        last = enter(connection, client=client, place=9, channel=Channel.PHONE)

        page = worklists.page(connection, asked)
        seen = list(walk(connection, asked, 2))

    assert page.lines == ()
    assert page.after is not None
    assert seen == [last]


def test_every_list_is_counted_in_one_statement_and_never_beyond_its_cap(
    database: Database, client: int, specialist: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # U1
    monkeypatch.setattr(worklists, "CAP", 2)
    with database.transaction() as connection:
        for _ in range(4):
            enter(connection, client=client)
        enter(connection, taken(specialist), client=client)
        enter(connection, *closed(AT), client=client)
        statements: list[str] = []
        event.listen(connection, "before_cursor_execute", lambda *told: statements.append(told[2]))

        counted = worklists.count(connection, specialist, since=AT + MINUTE)

    assert len(statements) == 1
    assert counted[Worklist.FOR_US] == counted[Worklist.QUEUE] == 3
    assert counted[Worklist.MINE] == 1
    assert counted[Worklist.CLOSED] == counted[Worklist.AWAITING_CLIENT] == 0


def test_deferred_tickets_are_counted_by_reason(database: Database, client: int) -> None:  # R54
    with database.transaction() as connection:
        for reason in (
            DeferralReason.ILL_POSED,
            DeferralReason.ILL_POSED,
            DeferralReason.OUT_OF_SCOPE,
        ):
            enter(connection, events.Deferred(at=AT, reason=reason, text=1), client=client)

        counted = worklists.count_deferred(connection)

    assert counted == {
        **dict.fromkeys(DeferralReason, 0),
        DeferralReason.ILL_POSED: 2,
        DeferralReason.OUT_OF_SCOPE: 1,
    }


def test_a_page_is_one_statement_however_many_lines_it_has(
    database: Database, client: int
) -> None:  # U1
    with database.transaction() as connection:
        for _ in range(20):
            enter(connection, confirmed(1), client=client)
        statements: list[str] = []
        event.listen(connection, "before_cursor_execute", lambda *told: statements.append(told[2]))

        worklists.page(connection, Asked(list=Worklist.FOR_US))

    assert len(statements) == 1


def test_lines_are_read_by_number_whatever_became_of_their_tickets(
    database: Database, client: int
) -> None:  # U1
    with database.transaction() as connection:
        ended = enter(connection, *closed(), place=1, client=client)
        stands = enter(connection, client=client)
        enter(connection, client=client)

        lines = worklists.list_lines(connection, [ended, stands, "PS-999999"])

    assert [line.number for line in lines] == [stands, ended]


def test_the_register_knows_whose_turn_it_is_as_the_domain_does(database: Database) -> None:  # R56
    asked = text("SELECT whose_turn(:status, cast(:deferral AS text))")
    cases = list(product(Status, [None, *DeferralReason]))

    with database.transaction() as connection:
        turns = [
            connection.execute(asked, {"status": status, "deferral": deferral}).scalar_one()
            for status, deferral in cases
        ]

    assert turns == [
        Ticket("", status=status, deferral=deferral).turn for status, deferral in cases
    ]
