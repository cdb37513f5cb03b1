"""The public form in a real browser: for whoever is known by login and address, with no sign-in."""

import re

from playwright.async_api import Page

from gateway.cabinet.proof import MOST_PLAIN
from tests.gateway.browser.conftest import Site


async def fill_in(page: Page, login: str, email: str) -> None:
    """Fill in what the form needs."""
    await page.goto("/request")
    await page.get_by_label("О чём вопрос?").fill("Пустой отчёт")
    await page.get_by_label("Что произошло или что нужно узнать").fill("Таблица пустая.")
    await page.get_by_label("Логин в PROFMAN ISS").fill(login)
    await page.get_by_label("Электронная почта").fill(email)


async def test_a_known_login_with_its_address_files_without_signing_in(
    site: Site,
) -> None:  # R2 R29 R33 K10
    page = await site.open()
    await fill_in(page, "alla", "alla@alpha.example")

    await page.get_by_role("button", name="Отправить заявку").click()

    await page.wait_for_url("**/request/accepted/**")
    await site.settle()
    (letter,) = site.story.mailbox("alla@alpha.example")
    assert "Пустой отчёт" in letter.text
    (row,) = (await site.api.get("alla", "/api/tickets")).json()
    assert row["subject"] == "Пустой отчёт"


async def test_a_stranger_sees_the_same_page_and_gets_a_letter_without_the_words(
    site: Site,
) -> None:  # Q12 R33
    known, unknown = await site.open(), await site.open()
    await fill_in(known, "alla", "alla@alpha.example")
    await fill_in(unknown, "alla", "else@alpha.example")
    for page in (known, unknown):
        await page.get_by_role("button", name="Отправить заявку").click()
        await page.wait_for_url("**/request/accepted/**")
    await site.settle()

    texts = [await page.locator("#content").inner_text() for page in (known, unknown)]

    parted = [re.sub(r"PS-\d+", "N", text).replace("else@", "alla@") for text in texts]
    assert parted[0] == parted[1]
    (letter,) = site.story.mailbox("else@alpha.example")
    assert "Таблица пустая" not in letter.text


async def test_nothing_of_the_registered_user_is_told_to_whoever_typed_their_address(
    site: Site,
) -> None:  # R2 law 9
    page = await site.open()
    await fill_in(page, "alla", "alla@alpha.example")
    await page.get_by_role("button", name="Отправить заявку").click()
    await page.wait_for_url("**/request/accepted/**")

    text = await page.locator("body").inner_text()

    assert "+7 495" not in text
    assert "Алла" not in text
    assert "/s/PS-" not in await page.content()


async def test_without_a_script_the_form_goes_a_few_times_and_then_keeps_the_words(
    site: Site,
) -> None:  # K10 law 10
    page = await site.open(script=False, phone=True)
    for _ in range(MOST_PLAIN):
        await fill_in(page, "alla", "alla@alpha.example")
        await page.get_by_role("button", name="Отправить заявку").click()
        assert "/request/accepted/" in page.url

    await fill_in(page, "alla", "alla@alpha.example")
    await page.get_by_role("button", name="Отправить заявку").click()

    assert await page.get_by_text("пришлите его письмом на lanskov@profman.ru").is_visible()
    described = page.get_by_label("Что произошло или что нужно узнать")
    assert await described.input_value() == "Таблица пустая."


async def test_an_address_cut_short_is_told_beside_its_field(site: Site) -> None:  # R43
    page = await site.open(script=False)
    await fill_in(page, "alla", "alla@alpha")
    await page.locator("form[action='/request']").evaluate("form => form.noValidate = true")

    await page.get_by_role("button", name="Отправить заявку").click()

    assert await page.get_by_text("Нужен адрес целиком").is_visible()


async def test_a_program_that_fills_the_hidden_field_is_asked_to_clear_it(
    site: Site,
) -> None:  # K10 Q12
    page = await site.open(script=False)
    await fill_in(page, "alla", "alla@alpha.example")
    await page.locator("#website").fill("http://spam.example")

    await page.get_by_role("button", name="Отправить заявку").click()

    assert await page.get_by_text("Оставьте это поле пустым").is_visible()
    assert await page.locator("#website").is_visible()
