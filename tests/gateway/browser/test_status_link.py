"""The signed link of a letter in a real browser: one ticket, no password, nothing beside it."""

import re

import pytest
from playwright.async_api import FilePayload

from tests.gateway.browser.conftest import Site
from tests.gateway.browser.scenes import PNG, Week

ROLES: FilePayload = {"name": "roli.png", "mimeType": "image/png", "buffer": PNG}


async def asked_ticket(site: Site) -> tuple[str, str]:
    """Let a ticket wait for its client; return its number and the link of the newest letter."""
    week = Week(site)
    number = await week.file("alla", "Пустой отчёт", "Таблица пустая.")
    await week.give("sveta", number, "take")
    await week.give("sveta", number, "ask_client", text="Какая версия?")
    await week.until("mon", "12:00")
    letter = site.story.mailbox("alla@alpha.example")[-1]
    found = re.search(r"https?://[^/\s]+(/s/\S+)", letter.text)
    assert found is not None
    return number, found[1]


@pytest.mark.parametrize("script", [True, False])
async def test_the_client_answers_with_a_file_from_the_link_and_the_work_goes_on(
    site: Site, *, script: bool
) -> None:  # R41 R53 K4 K6
    number, link = await asked_ticket(site)
    page = await site.open(phone=True, script=script)
    await page.goto(link)
    assert await page.get_by_role("heading", name="Ждём вас").is_visible()
    assert await page.locator("#asked").inner_text() == "Какая версия?"

    await page.get_by_label("Ваш ответ").fill("Версия 5.14.")
    await page.get_by_label("Снимки экрана и файлы").set_input_files(ROLES)
    await page.get_by_role("button", name="Отправить ответ").click()

    await page.get_by_text("Ваше сообщение в заявке.").wait_for()
    await site.story.until(site.story.at("mon", "12:10"))
    await page.goto(link)
    assert await page.get_by_role("heading", name="Работаем").is_visible()
    async with page.expect_download() as download:
        await page.locator("a.file", has_text="roli.png").click()
    assert (await download.value).suggested_filename == "roli.png"
    shown = (await site.api.get("sveta", f"/api/tickets/{number}")).json()
    assert shown["status"] == "in_diagnosis"


async def test_who_cannot_give_what_is_asked_says_so_by_one_button(
    site: Site,
) -> None:  # R53 R55 K6
    number, link = await asked_ticket(site)
    page = await site.open()
    await page.goto(link)

    await page.get_by_role("button", name="Не могу дать эти сведения").click()

    await page.get_by_text("Ваше сообщение в заявке.").wait_for()
    messages = (await site.api.get("sveta", f"/api/tickets/{number}")).json()["messages"]
    assert "Не могу дать эти сведения." in [message["text"] for message in messages]


async def test_the_link_opens_no_other_ticket_of_the_same_client(site: Site) -> None:  # R2 K4
    number, link = await asked_ticket(site)
    other = await Week(site, keys=10).file("alla", "Другое", "Другие слова.")
    page = await site.open()

    answer = await page.goto(link.replace(number, other))

    assert answer is not None
    assert answer.status == 404
    assert "Другие слова." not in await page.locator("body").inner_text()


async def test_a_link_that_is_over_says_so_and_names_the_ways_on(site: Site) -> None:  # K4
    _, link = await asked_ticket(site)
    page = await site.open()
    clock = site.story.world.clock
    clock.set(
        site.story.at("mon", "12:00")
        + (site.story.at("tue", "12:00") - site.story.at("mon", "12:00")) * 100
    )

    answer = await page.goto(link)

    assert answer is not None
    assert answer.status == 410
    assert await page.get_by_role("heading", name="Срок ссылки истёк").is_visible()
    assert await page.get_by_role("link", name="Войдите в кабинет").is_visible()


async def test_a_page_behind_a_link_is_for_no_index_and_sends_its_address_to_nobody(
    site: Site,
) -> None:  # K4 law 9
    _, link = await asked_ticket(site)
    page = await site.open()

    answer = await page.goto(link)

    assert answer is not None
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "private, no-store"
