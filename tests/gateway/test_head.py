"""The head's figures are those of the story that was told, and each leads to exactly its tickets.

R8, R45, R47-R54, R65; F72, U15, V10.
"""

import csv
import io
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook

from deploy.local.story import Story
from gateway.head.export import WIDE
from gateway.pages.visitors import cookie_name
from storage import people, sessions
from tests.gateway.conftest import Api

FIGURE = re.compile(r'<a class="figure[^"]*" id="figure-(\w+)" href="([^"]+)">.*?<b>([^<]+)</b>')
PART = re.compile(r'<a href="(/head/tickets[^"]+)"[^>]*>(?:[^<]*<b>)?(\d+)(?:</b>)?</a>')
TOLD = re.compile(r"<h1>.*: (\d+)</h1>")
NUMBERS = re.compile(r'<th scope="row"><a href="/tickets/(PS-\d+)">')


@dataclass
class Head:
    """The head before the pages."""

    api: Api
    story: Story
    keys: int = 0

    async def open(self, path: str, who: str = "head", language: str = "ru") -> httpx.Response:
        """Open a page as somebody who has signed in."""
        now = self.api.parts.clock()
        with self.api.parts.database.transaction() as connection:
            owner = people.find_staff(connection, who) or people.find_user_by_login(
                connection, who, now.date()
            )
            assert owner is not None
            plain = sessions.begin(connection, owner, now, "password")
        cookies = {"Cookie": f"{cookie_name(self.api.parts)}={plain}; language={language}"}
        return await self.api.http.get(path, headers=cookies)

    async def read(self, path: str) -> str:
        """Return a page's own text."""
        answer = await self.open(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def file(self, who: str, **form: str) -> str:
        """Let a client file a request."""
        self.keys += 1
        number = await self.api.file(who, f"head-{self.keys}", **form)
        await self.story.world.settle()
        return number

    async def give(self, number: str, kind: str, who: str = "sveta", **body: Any) -> None:  # noqa: ANN401 - the command's own fields
        """Give a command on a ticket."""
        answer = await self.api.post(who, f"/api/tickets/{number}/commands/{kind}", json=body)
        assert answer.status_code in {200, 202}, answer.text
        await self.story.world.settle()

    async def until(self, day: str, clock: str) -> None:
        """Let the time pass."""
        await self.story.until(self.story.at(day, clock))


@pytest.fixture
def cached_tickets() -> int:
    """Let the worker remember the tickets: they go side by side."""
    return 100


@pytest.fixture
async def head(live: Api, story: Story) -> Head:
    """Give the head on a Monday at 11:00."""
    return Head(live, story)


@pytest.fixture
async def told(head: Head) -> dict[str, str]:
    """Tell two days of support; return the tickets by what they show."""
    await head.until("mon", "12:00")
    first = await head.file("alla", subject="=HYPERLINK(1)", description="Первая.")
    await head.until("mon", "13:00")
    second = await head.file("bogdan")
    critical = await head.file("bogdan", criticality="critical")
    await head.until("mon", "13:05")
    await head.give(second, "take", reason="Вёл прошлую такую же")
    await head.until("mon", "14:30")
    await head.give(second, "answer", text="Ответ второй.")
    await head.give(critical, "confirm_criticality", criticality="critical", text="Работа стоит")
    await head.give(critical, "take")
    await head.give(first, "take")
    await head.until("mon", "16:00")
    await head.give(first, "defer", reason="R55", text="Нужна выгрузка.")
    await head.until("mon", "19:00")
    night = await head.file("alla", criticality="critical")
    await head.until("tue", "10:00")
    await head.give(critical, "ask_client", text="Пришлите снимок.")
    return {"first": first, "second": second, "critical": critical, "night": night}


def tiles(page: str) -> dict[str, tuple[str, str]]:
    """Return the number of each tile and where it leads."""
    found = FIGURE.findall(page)
    return {figure: (number, unescape(address)) for figure, address, number in found}


async def test_the_day_tells_what_came_what_was_answered_and_what_waits(
    head: Head, told: dict[str, str]
) -> None:  # R8 R47 R54
    page = await head.read("/head?period=week")

    found = {figure: number for figure, (number, _address) in tiles(page).items()}
    assert found == {
        "arrived": "4",
        "answered": "3",
        "waiting": "1",
        "oldest": "1\N{NO-BREAK SPACE}ч\N{NO-BREAK SPACE}00\N{NO-BREAK SPACE}мин",
        "deferred": "1",
        "undelivered": "0",
    }
    assert "из них в нерабочее время 1" in page
    assert told["night"] in page
    assert "Прогноз, не обещание." in page


async def test_answers_of_the_day_are_told_from_those_to_earlier_tickets(
    head: Head,
    told: dict[str, str],  # noqa: ARG001 - the story
) -> None:  # R8
    page = await head.read("/head")

    assert tiles(page)["answered"][0] == "1"
    assert "поступивших в этом периоде 0, прежних 1" in page


@pytest.mark.parametrize("path", ["/head?period=week", "/head/reaction?period=week&by=specialist"])
async def test_every_figure_leads_to_exactly_so_many_tickets(
    head: Head,
    told: dict[str, str],  # noqa: ARG001 - the story
    path: str,
) -> None:  # R8 R47 U15
    page = await head.read(path)
    ways = [(unescape(way), number) for way, number in PART.findall(page)]
    ways += [(way, number) for number, way in tiles(page).values() if number.isdecimal()]
    assert len(ways) >= 8

    for way, number in ways:
        listed = await head.read(way)

        count = TOLD.search(listed)
        assert count is not None
        assert (way, count[1]) == (way, number)
        assert (way, len(NUMBERS.findall(listed))) == (way, int(number))


@pytest.mark.parametrize("by", ["reason", "category", "specialist", "client", "kind", "channel"])
async def test_the_parts_of_the_reaction_add_up_whatever_they_are_told_apart_by(
    head: Head,
    told: dict[str, str],  # noqa: ARG001 - the story
    by: str,
) -> None:  # R47 R48
    page = await head.read(f"/head/reaction?period=week&by={by}")

    table = page.partition('id="apart-h"')[2].partition("</table>")[0]
    assert sum(int(number) for _way, number in PART.findall(table)) == 3


async def test_the_reaction_counts_working_time_from_the_acceptance_to_the_first_reply(
    head: Head, told: dict[str, str]
) -> None:  # R47
    page = await head.read("/head/tickets?figure=reaction&from=2020-01-01")

    amounts = dict(re.findall(r"(PS-\d+)</a>.*?<b>([^<]+)</b>", page, re.DOTALL))
    assert {
        number: amount.replace("\N{NO-BREAK SPACE}", " ") for number, amount in amounts.items()
    } == {
        told["first"]: "4 ч 00 мин",
        told["second"]: "1 ч 30 мин",
        told["critical"]: "6 ч 00 мин",
    }


async def test_the_reasons_of_every_departure_are_told_with_who_gave_them(
    head: Head, told: dict[str, str]
) -> None:  # R49 R50 law 7
    page = await head.read("/head?period=week")

    counts = page.partition('id="departures-h"')[2].partition("</ul>")[0]
    assert [int(number) for _way, number in PART.findall(counts)] == [1, 1, 0]
    assert "«Вёл прошлую такую же»" in page
    assert "«Работа стоит»" in page
    assert "Sveta" in page
    assert told["second"] in page


async def test_the_order_of_arrival_is_proved_from_the_journals(
    head: Head, told: dict[str, str]
) -> None:  # R49 R50 V10
    page = await head.read("/head/order?period=week")

    assert "За период взято заявок: 3." in page
    assert "Каждая по порядку или с записанной причиной." in page
    numbers = [int(number) for _way, number in PART.findall(page)]
    assert numbers == [1, 1, 1, 0, 3]
    assert told["second"] in page.partition("Раньше какой")[2].partition("</table>")[0]


async def test_what_waits_for_the_head_stands_there_and_leads_on(
    head: Head, told: dict[str, str]
) -> None:  # R50 R65 Q5
    answer = await head.api.post(
        "alla", f"/api/tickets/{told['night']}/commands/escalate", json={"text": "Ускорьте."}
    )
    assert answer.status_code in {200, 202}, answer.text
    await head.story.world.settle()

    page = await head.read("/head")

    assert "1 письмо вам от клиента" in page
    assert "1 критичность не подтверждена" in page
    assert told["night"] in await head.read("/head/tickets?figure=escalated")
    assert told["night"] in await head.read("/head/tickets?figure=declared")


async def test_before_the_first_ticket_every_page_says_so_in_words(head: Head) -> None:  # R8
    day, reaction = await head.read("/head"), await head.read("/head/reaction")
    order, listed = await head.read("/head/order"), await head.read("/head/tickets?figure=waiting")

    assert "Ничто не ждёт вашего решения." in day
    assert "Пока мало дней с ответами, чтобы судить о загрузке." in day
    assert "За эти дни первых ответов не было." in reaction
    assert "За эти дни заявок в работу не брали." in order
    assert "Таких заявок нет." in listed


async def test_on_a_day_off_the_page_says_that_nobody_works(head: Head) -> None:  # R44
    await head.until("sat", "12:00")

    assert "Сегодня нерабочий день." in await head.read("/head")


@pytest.mark.parametrize("days", ["from=2026-09-08&to=2026-09-07", "from=yesterday", "to=99"])
async def test_days_that_make_no_period_are_explained_and_the_page_stands(
    head: Head, days: str
) -> None:  # F72
    page = await head.read(f"/head?{days}")

    assert "Укажите первый и последний день" in page


@pytest.mark.parametrize(
    "path",
    [
        *("/head", "/head/reaction", "/head/order", "/head/tickets?figure=waiting"),
        *("/head/export.csv", "/head/export.xlsx"),
    ],
)
@pytest.mark.parametrize("who", ["sveta", "dev", "ops", "alla"])
async def test_only_the_head_sees_the_figures(head: Head, who: str, path: str) -> None:  # R8
    answer = await head.open(path, who)

    assert answer.status_code == 403


async def test_the_csv_opens_in_a_russian_spreadsheet_and_holds_every_figure(
    head: Head, told: dict[str, str]
) -> None:  # R47 F72
    answer = await head.open("/head/export.csv?period=week")

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith("\N{BYTE ORDER MARK}Заявка;".encode())
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    by_number = {row["Заявка"]: row for row in rows}
    assert set(by_number) == set(told.values())
    first = by_number[told["first"]]
    assert first["Время реакции, рабочее"] == "4:00:00"
    assert first["Ожидание клиента, рабочее"] == "3:00:00"
    assert first["Причина отсрочки"] == "пока недостаточно сведений от клиента"
    assert first["Клиент"] == "Альфа"


async def test_what_clients_wrote_never_becomes_a_formula(
    head: Head, told: dict[str, str]
) -> None:  # F72
    text = (await head.open("/head/export.csv?period=week")).content.decode("utf-8-sig")
    book = (await head.open("/head/export.xlsx?period=week")).content

    rows = {row["Заявка"]: row for row in csv.DictReader(io.StringIO(text), delimiter=";")}
    assert rows[told["first"]]["Тема"] == "'=HYPERLINK(1)"
    sheet = load_workbook(io.BytesIO(book)).active
    assert sheet is not None
    subjects = {cell.value: cell.data_type for cell in sheet["B"]}
    assert subjects["=HYPERLINK(1)"] == "s"


async def test_the_workbook_holds_moments_and_durations_not_text(
    head: Head, told: dict[str, str]
) -> None:  # R47 F72
    book = load_workbook(io.BytesIO((await head.open("/head/export.xlsx?period=week")).content))

    sheet = book.active
    assert sheet is not None
    assert sheet.freeze_panes == "B2"
    header, *rows = sheet.iter_rows(values_only=True)
    by_number = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    first = by_number[told["first"]]
    assert first["Время реакции, рабочее"] == timedelta(hours=4)
    assert isinstance(first["Поступила"], datetime)
    assert sheet.column_dimensions["B"].width == WIDE


async def test_the_columns_are_named_in_the_reader_s_language(head: Head) -> None:  # F69
    russian = await head.open("/head/export.csv")
    english = await head.open("/head/export.csv", language="en")

    assert russian.text.lstrip("\N{BYTE ORDER MARK}").startswith("Заявка;Тема;")
    assert english.text.lstrip("\N{BYTE ORDER MARK}").startswith("Ticket;Subject;")
