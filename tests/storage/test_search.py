"""What was said is found by any form of its words, newest first; a client finds only its own.

R2, U3; law 11: what is typed is words, never an operator.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, event, text

from domain.terms import Channel, LetterState
from storage import messages, people, requests, search
from storage.database import Database
from storage.messages import ClientMessage, StaffText
from storage.requests import Registration

AT = datetime(2026, 9, 7, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LETTER = text("""
INSERT INTO letters (key, number, sequence, kind, recipient, subject, text, message_id, mime,
                     state, prepared_at, accepted_at)
VALUES (:number || :kind, :number, 1, :kind, 'anna@client.example', '', :text, :number || :kind,
        '', :state, :at, :at)
""")
HOSTILE = (
    *("", " ", "'", '"', "\\", "'':*", "a & | ! <-> b", "((((", "-слово", "\0", "а\0б", "\ud800"),
    *("%", "_", "*:A", "x" * 10_000, "слово " * 2_000, "🙂", "<script>alert(1)</script>", "\u202e"),
    *("PS-", "PS-0", "PS-" + "9" * 30, "٣٤٥٦٧", "'; DROP TABLE tickets; --", "\r\n", "²" * 40),
)
Enter = Callable[..., str]


@pytest.fixture
def clients(database: Database) -> tuple[int, int]:
    rows = [
        {"client_code": code, "client_name": code, "login": code, "user_name": code}
        for code in ("A", "B")
    ]
    with database.transaction() as connection:
        people.import_clients(connection, rows)
        one, other = people.list_clients(connection)
    return one.id, other.id


@pytest.fixture
def enter(connection: Connection) -> Enter:
    def enter(subject: str, said: str = "", client: int | None = None, **told: object) -> str:
        place = connection.execute(text("SELECT count(*) FROM requests")).scalar_one()
        at = AT + place * MINUTE
        registration = Registration(
            key=str(place),
            channel=Channel.WEB,
            received_at=at,
            accepted_at=at,
            subject=subject,
            text=said,
            client_id=client,
            **told,  # type: ignore[arg-type]  # the test names them
        )
        return requests.register(connection, registration).number

    return enter


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with database.transaction() as connection:
        yield connection


def note(connection: Connection, number: str, words: str) -> None:
    messages.add_staff_text(connection, StaffText(number, words, "specialist:1", AT))


def post(
    connection: Connection,
    number: str,
    words: str,
    kind: str = "answer",
    state: LetterState = LetterState.ACCEPTED,
) -> None:
    told = {"number": number, "kind": kind, "text": words, "state": state, "at": AT}
    connection.execute(LETTER, told)


def numbers(found: search.Found) -> list[str]:
    return [hit.line.number for hit in found.hits]


@pytest.mark.parametrize(
    "typed",
    ["отчёт", "отчеты", "ОТЧЁТОВ", "«отчётом»", "отчёт, аренде!", "5.2.1", "0x80070005", "№15"],
)
def test_words_are_found_in_any_form_and_whatever_stands_around_them(
    connection: Connection, enter: Enter, typed: str
) -> None:  # U3
    number = enter(
        "Не открываются «отчёты»", "по аренде — версия 5.2.1, код 0x80070005, пункт №15…"
    )
    enter("Не печатается квитанция")

    found = search.find_words(connection, typed)

    assert numbers(found) == [number]


def test_what_was_said_last_stands_first_and_a_ticket_stands_once(
    connection: Connection, enter: Enter
) -> None:  # U3
    first, second = enter("Отчёт"), enter("Отчёт")
    note(connection, first, "Отчёт проверен")

    found = search.find_words(connection, "отчёт")

    assert numbers(found) == [first, second]


def test_staff_find_words_of_clients_answers_and_notes(
    connection: Connection, enter: Enter
) -> None:  # U3
    number = enter("Отчёт")
    note(connection, number, "Похоже на сбой индекса")

    assert numbers(search.find_words(connection, "сбоя индексов")) == [number]


def test_a_snippet_marks_what_was_looked_for_and_loses_nothing_of_the_words(
    connection: Connection, enter: Enter
) -> None:  # U3
    enter("Вопрос", "Закрывается «отчёт» <b>сразу</b>\x02")

    (hit,) = search.find_words(connection, "отчеты").hits

    assert [piece.text for piece in hit.snippet if piece.is_hit] == ["отчёт"]
    assert "«отчёт»" in "".join(piece.text for piece in hit.snippet)


def test_pages_have_no_gap_and_no_repetition(connection: Connection, enter: Enter) -> None:  # U3
    entered = [enter("Отчёт") for _ in range(7)]
    for number in entered[:3]:
        note(connection, number, "Отчёт проверен")

    seen, after = [], None
    while True:
        page = search.find_words(connection, "отчёт", 2, after)
        seen += numbers(page)
        after = page.after
        if after is None:
            break

    assert seen == [*entered[2::-1], *entered[:2:-1]]


def test_a_page_that_looked_enough_is_short_and_the_next_goes_on(
    connection: Connection, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:  # U3
    monkeypatch.setattr(search, "MOST_LOOKED", 3)
    old, talkative = enter("Отчёт"), enter("Отчёт")
    for place in range(6):
        note(connection, talkative, f"Отчёт {place}")

    seen, after = [], None
    for _ in range(10):
        page = search.find_words(connection, "отчёт", 2, after)
        seen += numbers(page)
        after = page.after
        if after is None:
            break

    assert seen == [talkative, old]


@pytest.mark.parametrize("before", [1, 2, 512, 513, 5000, 262_145, 3_000_000, 20_000_000])
def test_the_blocks_of_a_search_touch_one_another_and_reach_the_first_message(
    before: int,
) -> None:  # U3
    bits = {level: 9 + 3 * level for level in range(3)}
    rest: int | None = before
    edge = before - 1 >> 9 << 9

    while rest is not None:
        parts, rest = search.blocks_before(rest)
        for part in parts:
            names = [name.strip("'# ").split(".") for name in part.blocks.split("|")]
            stretches = sorted(
                (int(place) << bits[int(level)], 1 << bits[int(level)]) for level, place in names
            )
            ends = {begin + length for begin, length in stretches}
            assert {begin for begin, _ in stretches} - ends == {stretches[0][0]}
            assert max(ends) == part.before
            assert part.before in {edge, edge + (1 << 9)}
            edge = stretches[0][0]

    assert edge == 0


@pytest.mark.parametrize("typed", ["PS-000002", "ps-2", "2", "0002", " PS 2 "])
def test_a_number_is_found_as_people_write_it(
    connection: Connection, enter: Enter, typed: str
) -> None:  # U3
    enter("Первая")
    second = enter("Вторая")

    line = search.find_number(connection, typed)

    assert line is not None
    assert line.number == second


@pytest.mark.parametrize("typed", HOSTILE)
def test_nothing_that_is_typed_breaks_a_search(
    connection: Connection, enter: Enter, typed: str
) -> None:  # U3
    enter("Отчёт")

    found = (
        search.find_words(connection, typed).hits,
        search.find_own_words(connection, typed, 1).hits,
        search.find_number(connection, typed),
    )

    assert found == ((), (), None)


@pytest.mark.parametrize("said", [one for one in HOSTILE if one.isprintable() or one == "\r\n"])
def test_nothing_that_is_said_is_refused_for_its_words(
    connection: Connection, enter: Enter, said: str
) -> None:  # R33
    number = enter(said, said * 20)

    assert numbers(search.find_words(connection, "отчёт")) == []
    assert number


def test_a_client_finds_what_it_wrote_and_what_letters_told(
    connection: Connection, enter: Enter, clients: tuple[int, int]
) -> None:  # R2
    ours, _ = clients
    asked, answered = enter("Отчёт", client=ours), enter("Вопрос", client=ours)
    post(connection, answered, "Обновите отчёт до версии 5.2")

    assert numbers(search.find_own_words(connection, "отчёты", ours)) == [answered, asked]


def test_a_client_never_finds_notes_letters_that_wait_or_what_is_another_s(
    connection: Connection, enter: Enter, clients: tuple[int, int]
) -> None:  # R2
    ours, theirs = clients
    number = enter("Вопрос", client=ours)
    note(connection, number, "Отчёт сломан нами")
    post(connection, number, "Отчёт исправлен", state=LetterState.WAITING)
    post(connection, number, "Критичная заявка: отчёт", kind="critical_alert")
    stranger = {"key": "s", "channel": Channel.EMAIL, "at": AT, "standing": "third_person"}
    messages.add_client_message(
        connection,
        ClientMessage(number=number, text="Отчёт прохожего", **stranger),  # type: ignore[arg-type]  # as named
    )
    to_head = StaffText(number, "Отчёт: прошу ускорить", "client:1", AT)
    messages.add_staff_text(connection, to_head)
    enter("Отчёт", client=theirs)
    enter("Отчёт")

    assert numbers(search.find_own_words(connection, "отчёт", ours)) == []


def test_a_user_who_sees_but_their_own_tickets_finds_in_them_alone(
    connection: Connection, enter: Enter, clients: tuple[int, int]
) -> None:  # R2
    ours, _ = clients
    mine = enter("Отчёт", client=ours, user_id=1)
    enter("Отчёт", client=ours, user_id=2)

    assert numbers(search.find_own_words(connection, "отчёт", ours, 1)) == [mine]


def test_a_client_s_pages_have_no_gap_and_end_with_their_window(
    connection: Connection, enter: Enter, clients: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:  # R2
    monkeypatch.setattr(search, "OWN_WINDOW", 3)
    ours, _ = clients
    entered = [enter("Отчёт" if place % 4 else "Вопрос", client=ours) for place in range(9)]

    seen, after = [], None
    while True:
        page = search.find_own_words(connection, "отчёт", ours, limit=2, after=after)
        seen += numbers(page)
        after = page.after
        if after is None:
            break

    assert seen == [number for place, number in enumerate(entered) if place % 4][::-1]


def test_a_search_asks_a_bounded_number_of_questions(
    connection: Connection, enter: Enter
) -> None:  # U3
    for _ in range(30):
        enter("Отчёт")
    asked: list[str] = []
    event.listen(connection, "before_cursor_execute", lambda *told: asked.append(told[2]))

    search.find_words(connection, "отчёт")

    assert len(asked) == 3


def test_a_rare_word_is_looked_for_in_the_index(connection: Connection) -> None:  # U3
    connection.execute(
        text("""INSERT INTO messages (number, direction, channel, at, visible_text)
                SELECT 'PS-' || n, 'in', 'web', now(), 'слово' || n % 500 || ' отчёт'
                FROM generate_series(1, 20000) AS n""")
    )
    connection.execute(text("ANALYZE messages"))
    plan = "EXPLAIN " + str(search.BY_WORDS.text).replace(":parts", "ARRAY['''#0.1''']")
    told = {
        "certain": 3,
        "patience": search.PATIENCE,
        "typed": "слово7",
        "before": 10**6,
        "most": 64,
        "limit": 21,
        "seam": "",
        "marks": "",
        "snippets": "",
    }

    lines = "\n".join(connection.execute(text(plan), told).scalars())

    assert "Bitmap Index Scan on ix_messages_words" in lines
    assert "Seq Scan on messages" not in lines


def test_a_client_s_own_message_is_found_when_it_came_later(
    connection: Connection, enter: Enter, clients: tuple[int, int]
) -> None:  # R2 R53
    ours, _ = clients
    number = enter("Вопрос", client=ours)
    added = ClientMessage(
        number=number, key="k", channel=Channel.EMAIL, at=AT, text="Вот квитанция"
    )
    messages.add_client_message(connection, added)

    assert numbers(search.find_own_words(connection, "квитанции", ours)) == [number]
