"""The public page of the regulation says what the edition in force says, to everybody."""

import re
from dataclasses import replace
from datetime import date, timedelta

from docs import regulation_map
from domain.editions import Settings
from domain.letters import ConfirmationTiming
from storage import calendars, editions
from tests.gateway.conftest import MONDAY, Api

CHANGED = replace(
    Settings(),
    confirmation=ConfirmationTiming.IN_WORKING_TIME,
    reminder_days=(1, 3),
    service_address="help@s.test",
    documentation_url="https://docs.test/book?a=1&b=2",
)
CYRILLIC = re.compile("[А-Яа-яЁё]")


async def shown(api: Api, language: str = "ru") -> str:
    response = await api.http.get("/regulation", headers={"Accept-Language": language})
    assert response.status_code == 200, response.text
    return response.text


async def test_every_rule_and_decision_has_its_anchor(api: Api) -> None:  # R1-R65 Q1-Q14
    page = await shown(api)

    anchors = re.findall(r'class="[^"]*told" id="([RQ]\d+)"', page)
    assert anchors == list(regulation_map.rules())


async def test_clauses_are_named_as_clients_know_them(api: Api) -> None:
    page = await shown(api)

    assert "Пункт 4 порядка обработки обращений" in page
    assert "Термины и определения" in page


async def test_the_page_says_what_the_edition_in_force_decides(api: Api) -> None:  # Q3 Q6 R12 R28
    with api.parts.database.transaction() as connection:
        editions.put(connection, CHANGED, MONDAY, "Напоминаем раньше", "head:1")

    page = await shown(api)

    assert "через 1 и 3 рабочих дня" in page
    assert "В рабочее время, как и остальные письма" in page
    assert '<a href="mailto:help@s.test">help@s.test</a>' in page
    assert '<a href="https://docs.test/book?a=1&amp;b=2">docs.test</a>' in page
    assert "Действует редакция 2" in page
    assert "Напоминаем раньше" in page


async def test_an_edition_to_come_is_announced_and_not_yet_in_force(api: Api) -> None:  # R13
    with api.parts.database.transaction() as connection:
        later = MONDAY + timedelta(days=30)
        editions.put(connection, CHANGED, later, "Напоминаем раньше", "head:1")

    page = await shown(api)

    assert "Действует редакция 1" in page
    assert "вступит в силу" in page
    assert "через 2 и 5 рабочих дней" in page


async def test_the_hours_of_today_and_of_the_days_ahead_are_the_calendars(api: Api) -> None:
    # R44 Q4
    with api.parts.database.transaction() as connection:
        wednesday = date(2026, 9, 9)
        calendars.add_exception(connection, {wednesday: None}, "Переезд <службы>", "head:1")

    page = await shown(api)

    assert "Сегодня, пн 7 сентября: 9:00–18:00" in " ".join(page.split())
    assert "Переезд &lt;службы&gt;" in page


async def test_the_english_page_is_english_but_for_what_people_of_ours_wrote(api: Api) -> None:
    page = await shown(api, "en")

    assert '<html lang="en">' in page
    ours = re.sub(r'<(\w+)[^>]* lang="ru".*?</\1>', "", page)
    assert CYRILLIC.findall(ours) == []


async def test_no_text_and_no_address_from_elsewhere_is_on_the_page(api: Api) -> None:
    page = await shown(api)

    assert "{" not in page.partition("<body")[2]
    assert "style=" not in page
    assert "Cache-Control" in (await api.http.get("/regulation")).headers
