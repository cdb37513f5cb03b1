"""A session that ends while somebody writes: no word is lost, nothing is sent twice."""

from playwright.async_api import Page, expect

from gateway.entrance.passwords import hasher
from storage import accounts, messages
from tests.gateway.browser.conftest import Site
from tests.gateway.browser.scenes import Week

WORDS = "Список объектов пуст с самого утра, снимок пришлю позже."
SECRET = "четыре слова про лошадь"  # noqa: S105 - a test's


def give_password(site: Site, login: str) -> None:
    """Give somebody a password; a session that they have ends with the former one."""
    now = site.api.parts.clock()
    with site.api.parts.database.transaction() as connection:
        owner = accounts.find_owner(connection, login, now)
        assert owner is not None
        accounts.put_hash(connection, owner, hasher.hash(SECRET), now)


def said(site: Site, number: str) -> int:
    """Return how often the words stand in the ticket."""
    with site.api.parts.database.transaction() as connection:
        return sum(row["text"] == WORDS for row in messages.list_for(connection, number))


async def sign_in_beside(page: Page, login: str) -> None:
    """Sign in in the tab that the page offers, and close it."""
    async with page.context.expect_page() as opened:
        await page.get_by_role("link", name="Войти в новой вкладке").click()
    beside = await opened.value
    await beside.get_by_label("Логин").fill(login)
    await beside.get_by_label("Пароль").fill(SECRET)
    await beside.get_by_role("button", name="Войти").click()
    await beside.wait_for_url(lambda address: "/signin" not in address)
    await beside.close()


async def test_words_wait_for_the_new_sign_in_and_are_sent_once(site: Site) -> None:  # K1 U6
    number = await site.api.file("alla")
    await site.settle()
    page = await site.open("alla")
    await page.goto(f"/cabinet/{number}")
    await page.get_by_label("Что добавить").fill(WORDS)
    give_password(site, "alla")

    await page.get_by_role("button", name="Добавить к заявке").click()
    await expect(page.get_by_role("heading", name="Сеанс закончился")).to_be_visible()
    await expect(page.locator("[name=text]")).to_have_value(WORDS)
    await sign_in_beside(page, "alla")
    await page.get_by_role("button", name="Добавить к заявке").dblclick()

    await expect(page.get_by_text("Ваше сообщение в заявке.")).to_be_visible()
    assert said(site, number) == 1


async def test_a_letter_to_the_client_waits_for_the_new_sign_in_and_leaves_by_one_press(
    site: Site,
) -> None:  # R46 U6
    week = Week(site)
    number = await week.file("alla", "Пустой отчёт", "Таблица пустая.")
    await week.give("sveta", number, "take")
    page = await site.open("sveta")
    await page.goto(f"/tickets/{number}")
    await page.get_by_label("Текст письма").fill(WORDS)
    give_password(site, "sveta")

    await page.get_by_role("button", name="Отправить клиенту").click()
    await sign_in_beside(page, "sveta")
    await page.get_by_role("button", name="Отправить после входа").dblclick()

    await expect(page.get_by_text(WORDS).first).to_be_visible()
    assert said(site, number) == 1


async def test_before_the_new_sign_in_the_words_stay_where_they_are(site: Site) -> None:  # K1 U6
    number = await site.api.file("alla")
    await site.settle()
    page = await site.open("alla")
    await page.goto(f"/cabinet/{number}")
    await page.get_by_label("Что добавить").fill(WORDS)
    give_password(site, "alla")
    await page.get_by_role("button", name="Добавить к заявке").click()

    await expect(page.get_by_role("heading", name="Сеанс закончился")).to_be_visible()
    await page.get_by_role("button", name="Добавить к заявке").click()

    await expect(page.locator("[name=text]")).to_have_value(WORDS)
    await expect(page.get_by_role("heading", name="Сеанс закончился")).to_be_visible()
    assert said(site, number) == 0
