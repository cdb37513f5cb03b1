"""A client is told what the load foretells of the first answer, as a forecast. R51, R52; F51."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import cast, update
from sqlalchemy.dialects.postgresql import JSONB

from domain.calendar import WorkingTime
from domain.letters import Language
from domain.queue import Forecast
from gateway.foretelling import in_words
from gateway.pages.translation import present
from storage.ticket_tables import tickets
from tests.gateway.cabinet.test_pages import look
from tests.gateway.conftest import MONDAY, Api
from tests.gateway.statements import counted

LABEL = "Прогноз по нынешней загрузке"
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("soonest", "latest", "when"),
    [
        ((0, 10), (0, 40), "в течение 1 рабочего часа"),
        ((0, 40), (2, 10), "в течение 3 рабочих часов"),
        ((2, 10), (3, 30), "через 2–4 рабочих часа"),
        ((13, 30), (17, 15), "через 13–18 рабочих часов"),
        ((13, 30), (20, 15), "через 1–3 рабочих дня"),
        ((4, 0), (30, 0), "в течение 4 рабочих дней"),
    ],
)
def test_the_range_is_rounded_outwards_in_hours_and_then_in_days(
    soonest: tuple[int, int], latest: tuple[int, int], when: str
) -> None:  # R47 R51 R52
    told = Forecast(WorkingTime.of(*soonest), WorkingTime.of(*latest), 1, 1, 1, 10)

    said = in_words(told)

    assert said == f"{LABEL}: первый ответ примерно {when}. Это не обещание срока."


def test_in_english_it_is_a_forecast_too() -> None:  # R51 R52
    told = Forecast(WorkingTime.of(2), WorkingTime.of(4), 1, 1, 1, 10)
    before = present.set(Language.EN)
    try:
        said = in_words(told)
    finally:
        present.reset(before)

    assert said == (
        "A forecast from the present load: a first answer roughly in 2–4 working hours."
        " No time is promised."
    )


async def answered_on_days(api: Api, *days: int) -> None:
    """Let tickets have been answered so many days before Monday."""
    for day in days:
        answer(api, await api.file("bogdan", f"answered-{day}"), MONDAY - day * DAY)


def answer(api: Api, number: str, at: datetime) -> None:
    """Let a ticket have been answered at a moment."""
    answered = {"replied_at": at.isoformat()}
    with api.parts.database.transaction() as connection:
        connection.execute(
            update(tickets)
            .where(tickets.c.number == number)
            .values(snapshot=tickets.c.snapshot.op("||")(cast(answered, JSONB)))
        )


@pytest.mark.parametrize("who", ["", "alla"])
async def test_the_form_foretells_the_first_answer_from_days_enough(
    api: Api, who: str
) -> None:  # R51 R52 F51
    await answered_on_days(api, 3, 4, 5)

    if who:
        _, page = await look(api, who, "/cabinet/new")
    else:
        page = (await api.http.get("/request")).text

    assert LABEL in page
    assert "в течение 9 рабочих часов" in page


async def test_from_too_few_days_nothing_is_said(api: Api) -> None:  # R51 R52
    await answered_on_days(api, 3, 4)
    number = await api.file("alla", "waits")

    pages = [
        await look(api, "alla", path)
        for path in ("/cabinet/new", f"/cabinet/{number}", f"/cabinet/{number}/accepted")
    ]

    assert not any(LABEL in page for _, page in pages)


async def test_the_ticket_and_its_confirmation_foretell_by_its_own_place(
    api: Api,
) -> None:  # R49 R52 F51
    await answered_on_days(api, 3, 4, 5)
    first = await api.file("alla", "first")
    for place in range(3):
        await api.file("bogdan", f"later-{place}")

    pages = [
        await look(api, "alla", path)
        for path in (f"/cabinet/{first}", f"/cabinet/{first}/accepted", "/cabinet/new")
    ]

    assert [LABEL in page for _, page in pages] == [True] * 3
    assert "в течение 9 рабочих часов" in pages[0][1]
    assert "в течение 9 рабочих часов" in pages[1][1]
    assert "через 5 рабочих дней" in pages[2][1] or "в течение 5 рабочих дней" in pages[2][1]


async def test_an_answered_ticket_is_foretold_nothing(api: Api) -> None:  # R51 R52
    await answered_on_days(api, 3, 4, 5)
    number = await api.file("alla", "mine")
    answer(api, number, MONDAY)

    _, page = await look(api, "alla", f"/cabinet/{number}")

    assert LABEL not in page


async def test_an_old_confirmation_foretells_nothing(api: Api) -> None:  # R51 R52
    await answered_on_days(api, 3, 4, 5)
    number = await api.file("alla", "mine")
    api.clock.set(MONDAY + timedelta(minutes=16))

    _, page = await look(api, "alla", f"/cabinet/{number}/accepted")

    assert LABEL not in page


async def test_the_forecast_costs_one_statement_a_minute(api: Api) -> None:  # R52 U1
    await look(api, "alla", "/cabinet")  # reads the rules, which are kept for a while
    with counted() as first:
        await look(api, "alla", "/cabinet/new")
    with counted() as again:
        await look(api, "alla", "/cabinet/new")

    assert len(first) == len(again) + 1
