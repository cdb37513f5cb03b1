"""Where a letter stands is told as it is: prepared, put off, unclear, waiting, gone.

R33, R46.
"""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from domain.terms import LetterState
from storage.mail_tables import letters
from tests.gateway.conftest import MONDAY, Api

A_MINUTE = timedelta(minutes=1)
REFUSED = {"attempts": 3, "first_refused_at": MONDAY, "next_try_at": MONDAY + A_MINUTE}
NEXT_TRY = "2026-09-07T11:31:00+03:00"


@pytest.mark.parametrize(
    ("state", "tried", "state_name", "next_try_at"),
    [
        (LetterState.PREPARED, {}, "подготовлено", None),
        (LetterState.SENDING, {"attempts": 1}, "отправляется", None),
        (
            LetterState.PREPARED,
            REFUSED,
            "отложено: почтовый сервер пока не принял",
            NEXT_TRY,
        ),
        (
            LetterState.SENDING,
            REFUSED,
            "неизвестно, ушло ли: проверяется по журналу отправленных",
            NEXT_TRY,
        ),
        (LetterState.WAITING, REFUSED, "ждёт отправки", NEXT_TRY),
    ],
)
async def test_a_letter_tells_where_it_stands_and_when_it_is_tried_again(
    api: Api,
    state: LetterState,
    tried: dict[str, object],
    state_name: str,
    next_try_at: str | None,
) -> None:  # R33 R46
    number = await api.file()
    row = {
        "key": f"{number}/1/confirmation",
        "number": number,
        "sequence": 1,
        "kind": "confirmation",
        "recipient": "alla@alpha.example",
        "subject": number,
        "text": "Заявка зарегистрирована.",
        "message_id": "<1@profman.ru>",
        "mime": b"",
        "state": state,
        "reason": "451 4.7.1 Later",
        "prepared_at": MONDAY,
        **tried,
    }
    with api.parts.database.transaction() as connection:
        connection.execute(insert(letters).values(row))

    [shown] = (await api.get("sveta", f"/api/tickets/{number}")).json()["letters"]

    assert (shown["state_name"], shown["next_try_at"]) == (state_name, next_try_at)
    assert (shown["attempts"], shown["reason"]) == (tried.get("attempts", 0), "451 4.7.1 Later")
