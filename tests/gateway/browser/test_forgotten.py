"""Whoever forgot a password gets in again by the letter alone, in a real browser."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.gateway.browser.conftest import Site

ADDRESS = "alla@alpha.example"
SECRET = "четыре слова про лошадь"  # noqa: S105 - a test's


async def ask(page: Page, typed: str) -> None:
    """Ask for a link as people do: from the entrance."""
    await page.goto("/signin")
    await page.get_by_role("link", name="Забыли пароль или ещё не задали его?").click()
    await page.get_by_label("Логин или адрес электронной почты").fill(typed)
    await page.get_by_role("button", name="Прислать ссылку").click()
    await expect(page.get_by_role("heading", name="Проверьте почту")).to_be_visible()


def link_of_the_first_letter(site: Site) -> str:
    """Return the link of the oldest letter at the address."""
    letter, *_ = site.story.mailbox(ADDRESS)
    found = re.search(rf"{site.url}/invitation/\S+", letter.text)
    assert found is not None
    return found[0]


@pytest.mark.parametrize("script", [True, False])
async def test_who_forgot_the_password_is_in_again_by_the_link_of_the_letter(
    site: Site, *, script: bool
) -> None:  # R2
    page = await site.open(script=script, phone=not script)
    await ask(page, "alla")
    await site.settle()

    await page.goto(link_of_the_first_letter(site))
    await page.get_by_label("Новый пароль").fill(SECRET)
    await page.get_by_role("button", name="Сохранить и войти").click()

    await page.wait_for_url("**/cabinet")
    await site.settle()
    *_, told = site.story.mailbox(ADDRESS)
    assert told.subject == "Пароль для входа в поддержку PROFMAN ISS задан"
    assert len(site.story.mailbox(ADDRESS)) == 2
    again = await site.open()
    await again.goto(link_of_the_first_letter(site))
    await expect(again.get_by_text("Ссылка больше не действует.")).to_be_visible()


async def test_a_link_that_is_over_leads_to_a_new_one(site: Site) -> None:  # R2
    page = await site.open()
    await page.goto("/invitation/i_forged")

    await page.get_by_role("link", name="Получить новую ссылку").click()

    await expect(page.get_by_role("button", name="Прислать ссылку")).to_be_visible()


async def test_who_is_not_in_the_register_sees_the_same_page(site: Site) -> None:  # R2
    page, other = await site.open(), await site.open()
    await ask(page, "alla")
    await ask(other, "nobody")

    shown = [await one.locator("main").inner_text() for one in (page, other)]

    await site.settle()
    assert shown[0] == shown[1]
    assert len(site.story.mailbox(ADDRESS)) == 1
