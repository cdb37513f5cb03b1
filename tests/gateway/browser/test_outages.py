"""The register away, a file too large: what was typed stays, and the same button sends it once."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.async_api import FilePayload, Page, expect
from sqlalchemy.engine import make_url

from deploy.local.faults import FaultyLine
from deploy.local.processes import LOOPBACK
from gateway.uploads import LARGEST_FILE
from storage import messages
from storage.database import Database
from tests.gateway.browser.conftest import Serve, Site
from tests.gateway.browser.scenes import PNG, Week
from tests.gateway.conftest import Api

WORDS = "Список объектов пуст с самого утра, снимок пришлю позже."
ADD_LARGE = """(input, size) => {
  const data = new DataTransfer();
  for (const one of input.files) data.items.add(one);
  data.items.add(new File([new Uint8Array(size)], 'zapis.avi'));
  input.files = data.files;
  input.dispatchEvent(new Event('change', { bubbles: true }));
}"""
PICTURE: FilePayload = {"name": "otchet.png", "mimeType": "image/png", "buffer": PNG}


@dataclass(frozen=True)
class Far:
    """The service whose pages reach the register by a line that can be broken."""

    site: Site
    near: Site
    line: FaultyLine


@pytest.fixture
async def far(
    serve: Serve, live: Api, faulty_line: Callable[[str, int], FaultyLine]
) -> AsyncIterator[Far]:
    """Serve the pages by a line to the register; the processes reach it by another way."""
    url = make_url(live.parts.database.url)
    line = faulty_line(str(url.host), url.port or 5432)
    through = url.set(host=LOOPBACK, port=line.port)
    database = Database(through.render_as_string(hide_password=False))
    site = await serve(replace(live, parts=replace(live.parts, database=database)))
    yield Far(site, replace(site, api=live), line)
    database.dispose()


def said(site: Site, number: str) -> int:
    """Return how often the words stand in the ticket."""
    with site.api.parts.database.transaction() as connection:
        return sum(row["text"] == WORDS for row in messages.list_for(connection, number))


async def fill_in(page: Page) -> None:
    """Fill in what the form needs."""
    await page.goto("/cabinet/new")
    await page.get_by_label("О чём вопрос?").fill("Пустой отчёт")
    await page.get_by_label("Что произошло или что нужно узнать").fill(WORDS)
    await page.locator("input[type=file]").set_input_files(PICTURE)


async def test_a_letter_written_while_the_register_is_away_goes_once_when_it_is_back(
    far: Far,
) -> None:  # R46 U6 law 2
    week = Week(far.near)
    number = await week.file("alla", "Пустой отчёт", "Таблица пустая.")
    await week.give("sveta", number, "take")
    page = await far.site.open("sveta")
    await page.goto(f"/tickets/{number}")
    await page.get_by_label("Текст письма").fill(WORDS)

    far.line.break_all()
    await page.get_by_role("button", name="Отправить клиенту").click()
    await expect(page.get_by_text("Реестр временно не отвечает")).to_be_visible()
    await expect(page.locator("[name=text]")).to_have_value(WORDS)
    await page.get_by_role("button", name="Отправить ещё раз").click()
    await expect(page.locator("[name=text]")).to_have_value(WORDS)
    far.line.mend()
    await page.get_by_role("button", name="Отправить ещё раз").dblclick()

    await expect(page.get_by_text(WORDS).first).to_be_visible()
    assert said(far.near, number) == 1


async def test_a_form_sent_while_the_register_is_away_stays_and_goes_once_when_it_is_back(
    far: Far,
) -> None:  # R29 K1 law 2
    page = await far.site.open("alla")
    await fill_in(page)

    far.line.break_all()
    await page.get_by_role("button", name="Отправить заявку").click()
    await expect(page.get_by_text("Реестр временно не отвечает")).to_be_in_viewport()
    described = page.get_by_label("Что произошло или что нужно узнать")
    await expect(described).to_have_value(WORDS)
    await expect(page.get_by_text("otchet.png")).to_be_visible()
    far.line.mend()
    await page.get_by_role("button", name="Отправить заявку").dblclick()

    await page.wait_for_url("**/accepted")
    await expect(page.get_by_text("otchet.png")).to_be_visible()
    assert len((await far.near.api.get("alla", "/api/tickets")).json()) == 1


async def test_a_file_too_large_is_named_before_it_is_sent_and_the_rest_stays(
    site: Site,
) -> None:  # R42 K1 law 10
    page = await site.open("alla")
    await fill_in(page)
    await page.locator("input[type=file]").evaluate(ADD_LARGE, LARGEST_FILE + 1)

    await page.get_by_role("button", name="Отправить заявку").click()

    await expect(page.get_by_text("Файл «zapis.avi» больше 25 МБ.")).to_be_in_viewport()
    described = page.get_by_label("Что произошло или что нужно узнать")
    await expect(described).to_have_value(WORDS)
    await page.get_by_role("button", name="Убрать: zapis.avi").click()
    await page.get_by_role("button", name="Отправить заявку").click()
    await page.wait_for_url("**/accepted")
    await expect(page.get_by_text("otchet.png")).to_be_visible()


async def test_without_a_script_a_file_too_large_is_named_and_the_words_stay(
    site: Site, tmp_path: Path
) -> None:  # R42 law 10
    page = await site.open("alla", script=False)
    await fill_in(page)
    small, large = tmp_path / "otchet.png", tmp_path / "zapis.avi"
    small.write_bytes(PNG)
    with large.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    await page.locator("input[type=file]").set_input_files([small, large])

    await page.get_by_role("button", name="Отправить заявку").click()

    await expect(page.get_by_text("Файл «zapis.avi» больше 25 МБ.")).to_be_visible()
    described = page.get_by_label("Что произошло или что нужно узнать")
    await expect(described).to_have_value(WORDS)
    await expect(page.get_by_text("Выберите файлы ещё раз")).to_be_visible()
