"""One ticket on its whole way through two browsers: its client's and its specialist's."""

import re

from playwright.async_api import Page, expect

from tests.gateway.browser.conftest import Site
from tests.gateway.browser.desk import HELD, Desk, pass_time
from tests.gateway.browser.test_cabinet import fill_in, paste_a_screenshot

LINK = re.compile(r"https?://[^/\s]+(/s/\S+)")
WAITS_TILL_MONDAY = re.compile(r"Уйдёт в пн \d\d\.\d\d, 9:00")
ANSWER = "Выберите «Все» в поле «Объекты»."


async def test_a_ticket_goes_from_the_form_to_its_result_and_is_disagreed_with(
    site: Site,
) -> None:  # R29 R33 R42 R45 R49 R53 R63 R64 K1 K4 U2 F22
    client, page = await site.open("alla"), await site.open("sveta")
    number = await _file(client)
    await site.settle()
    desk = await _take_next(site, page, number)
    await desk.write("Какой отбор стоит в окне отчёта?", "ask_client")
    await pass_time(site, HELD)

    by_link = await site.open(phone=True)
    await by_link.goto(_link(site))
    await by_link.get_by_label("Ваш ответ").fill("В поле «Объекты» пусто.")
    await by_link.get_by_role("button", name="Отправить ответ").click()
    await expect(desk.letter("В поле «Объекты» пусто.")).to_be_visible()

    await desk.until("fri", "18:30")
    await desk.write(ANSWER)
    await expect(desk.letter(ANSWER)).to_have_text(WAITS_TILL_MONDAY)
    assert not _got(site, ANSWER)
    await desk.until("mon+1", "9:00:31")
    assert _got(site, ANSWER)
    await _close(desk, "Отбор исправлен, отчёт строится.")

    await by_link.goto(_link(site))
    await by_link.get_by_label("Что осталось нерешённым").fill("Строится, но без итогов.")
    await by_link.get_by_role("button", name="Подать повторно").click()
    told = by_link.get_by_text(f"Открыта новая заявка, связанная с {number}.")
    await expect(told).to_be_visible()
    assert _got(site, "Отбор исправлен")


async def _file(client: Page) -> str:
    await fill_in(client, "Пустой отчёт", "Таблица пустая.")
    await paste_a_screenshot(client)
    await client.get_by_text("снимок-1.png").wait_for()
    await client.get_by_role("button", name="Отправить заявку").click()
    await client.wait_for_url("**/accepted")
    return client.url.split("/")[-2]


async def _take_next(site: Site, page: Page, number: str) -> Desk:
    await page.goto("/queue")
    await page.get_by_role("button", name="Взять следующую").click()
    await page.wait_for_url(f"**/tickets/{number}*")
    return Desk(site, page, number)


async def _close(desk: Desk, result: str) -> None:
    await desk.page.get_by_role("link", name="Закрыть с результатом").click()
    await desk.page.get_by_label("решена").check()
    await desk.page.get_by_label("Результат работ").fill(result)
    await desk.page.get_by_role("button", name="Закрыть и поставить письмо").click()
    await expect(desk.letter(result)).to_be_visible()
    await pass_time(desk.site, HELD)


def _link(site: Site) -> str:
    """Return the first link of the newest letter that the client got: what is likeliest wanted."""
    found = LINK.search(site.story.mailbox("alla@alpha.example")[-1].text)
    assert found is not None
    return found[1]


def _got(site: Site, words: str) -> bool:
    """Tell whether exactly one letter with these words reached the client."""
    bodies = [letter.text for letter in site.story.mailbox("alla@alpha.example")]
    return sum(words in body for body in bodies) == 1
