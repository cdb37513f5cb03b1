"""Words of people are kept once, whole, and the process hears of each once.

R46, R53; laws 1, 2 and 9.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from threading import Barrier

import pytest
from sqlalchemy import Connection, select

from domain.terms import Channel
from storage import handovers, messages
from storage.database import Database
from storage.handovers import Handover
from storage.messages import ClientMessage, StaffText

AT = datetime(2026, 9, 7, 9, 30, tzinfo=UTC)
Enter = Callable[..., str]


def coming(number: str, key: str = "mail:1") -> ClientMessage:
    return ClientMessage(
        number=number,
        key=key,
        channel=Channel.EMAIL,
        at=AT,
        text="Версия 5.2.\n> Какая у вас версия?",
        visible_text="Версия 5.2.",
        author="client:1",
        header_id="<1@sever.example>",
    )


def told(connection: Connection) -> list[Handover]:
    """Return what processes are told beside their start."""
    return [each for each in handovers.claim(connection, AT, 50) if each.kind != "start"]


def test_a_clients_message_is_kept_whole_and_the_process_is_told_its_id(
    database: Database, enter: Enter
) -> None:  # R53
    with database.transaction() as connection:
        number = enter(connection, "web:1")

        message, is_new = messages.add_client_message(connection, coming(number))

        kept = messages.list_for(connection, number)[-1]
        [handover] = told(connection)
    assert is_new
    assert (kept["id"], kept["text"]) == (message, coming(number).text)
    assert kept["visible_text"] == "Версия 5.2."
    assert (handover.number, handover.kind) == (number, "client_message")
    assert handover.payload["message"] == message
    assert handover.payload["resumes"] is True
    assert "5.2" not in str(handover.payload)


@pytest.mark.parametrize("standing", ["third_person", "automatic", "bounce"])
def test_only_a_participants_message_ends_a_wait(
    database: Database, enter: Enter, standing: str
) -> None:  # R53
    with database.transaction() as connection:
        message = replace(coming(enter(connection, "web:1")), standing=standing)

        messages.add_client_message(connection, message)

        [handover] = told(connection)
    assert handover.payload["resumes"] is False


def test_the_same_message_again_is_kept_and_told_once(
    database: Database, enter: Enter
) -> None:  # R53
    with database.transaction() as connection:
        number = enter(connection, "web:1")
        first = messages.add_client_message(connection, coming(number))

        again = messages.add_client_message(connection, replace(coming(number), text="Иначе."))

        assert (first, again) == ((first[0], True), (first[0], False))
        assert len(messages.list_for(connection, number)) == 2
        assert len(told(connection)) == 1


def test_the_same_message_through_several_doors_at_once_is_one(
    database: Database, enter: Enter
) -> None:  # R53
    doors = 6
    together = Barrier(doors)
    with database.transaction() as connection:
        number = enter(connection, "web:1")

    def knock(_: int) -> tuple[int, bool]:
        with database.transaction() as connection:
            connection.execute(select(1))
            together.wait(10)
            return messages.add_client_message(connection, coming(number))

    with ThreadPoolExecutor(doors) as pool:
        added = list(pool.map(knock, range(doors)))

    with database.transaction() as connection:
        assert len(told(connection)) == 1
    assert len({message for message, _ in added}) == 1
    assert [is_new for _, is_new in added].count(True) == 1


def test_a_text_of_staff_is_kept_once_by_its_key_and_told_to_nobody(
    database: Database, enter: Enter
) -> None:  # R46
    with database.transaction() as connection:
        written = StaffText(enter(connection, "web:1"), "Обновите до 5.3.", "specialist:7", AT, "k")

        first = messages.add_staff_text(connection, written)
        again = messages.add_staff_text(connection, written)
        other = messages.add_staff_text(connection, replace(written, key="another"))

        kept = messages.list_for(connection, written.number)
        assert told(connection) == []
    assert first == again != other
    assert [row["direction"] for row in kept] == ["in", "internal", "internal"]


def test_texts_without_a_key_are_each_kept(database: Database, enter: Enter) -> None:
    with database.transaction() as connection:
        written = StaffText(enter(connection, "web:1"), "Позвонил.", "specialist:7", AT)

        ids = {messages.add_staff_text(connection, written) for _ in range(2)}

    assert len(ids) == 2


def test_a_message_is_found_by_its_key_and_by_its_header(database: Database, enter: Enter) -> None:
    with database.transaction() as connection:
        added, _ = messages.add_client_message(connection, coming(enter(connection, "web:1")))

        by_header = messages.find_by_header(connection, "<1@sever.example>")

        assert by_header is not None
        assert by_header["id"] == messages.find_by_key(connection, "mail:1") == added
        assert messages.find_by_key(connection, "mail:2") is None
        assert messages.find_by_header(connection, "<2@sever.example>") is None
