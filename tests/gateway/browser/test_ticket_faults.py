"""What goes wrong at a ticket's page: nothing typed is lost, nothing is done twice."""

from dataclasses import replace

from playwright.async_api import expect
from temporalio.client import Client

from tests.gateway.browser.conftest import Serve, Site
from tests.gateway.browser.desk import HELD, Desk, a_ticket_at_work, pass_time
from tests.gateway.conftest import Api

WORDS = "Откройте «Отчёты», нажмите «Отбор» и выберите «Все»."


def said(site: Site, number: str, words: str) -> int:
    """Count the letters of the ticket that say so."""
    return sum(words in letter["text"] for letter in site.story.letters(number).values())


async def test_a_letter_that_came_while_another_was_typed_stops_it_and_is_shown(
    site: Site,
) -> None:  # R53 U5 C9
    desk = await a_ticket_at_work(site)
    await desk.page.get_by_label("Текст письма").fill(WORDS)
    await desk.client_writes("После перезапуска построилось, но без корпуса Б.")

    await desk.page.locator("#write button.main").click()

    await expect(desk.page.get_by_text("Отправка остановлена")).to_be_visible()
    await expect(desk.page.locator("#newer")).to_contain_text("без корпуса Б")
    await expect(desk.page.get_by_label("Текст письма")).to_have_value(WORDS)
    assert said(site, desk.number, WORDS[:20]) == 0
    await desk.page.get_by_role("button", name="Отправить без изменений").click()
    await expect(desk.letter(WORDS)).to_be_visible()


async def test_what_is_typed_is_there_again_after_a_reload_and_gone_once_it_is_sent(
    site: Site,
) -> None:  # U6
    desk = await a_ticket_at_work(site)
    field = desk.page.get_by_label("Текст письма")
    await field.press_sequentially(WORDS)
    await expect(desk.page.get_by_text("Черновик сохранён.")).to_be_visible()

    await desk.page.reload()
    await expect(field).to_have_value(WORDS)
    await desk.page.locator("#write button.main").click()
    await expect(desk.letter(WORDS)).to_be_visible()
    await desk.page.reload()

    await expect(field).to_have_value("")


async def test_news_on_the_page_touch_neither_the_typed_words_nor_the_focus(site: Site) -> None:
    # U5 U6
    desk = await a_ticket_at_work(site)
    field = desk.page.get_by_label("Текст письма")
    await field.press_sequentially("Пишу ответ")

    await desk.client_writes("Ещё одно наблюдение.")
    await expect(desk.letter("Ещё одно наблюдение.")).to_be_visible()
    await desk.page.keyboard.type(" дальше")

    await expect(field).to_have_value("Пишу ответ дальше")


async def test_two_presses_of_a_button_and_the_way_back_send_one_letter(site: Site) -> None:
    # U6 law 2
    desk = await a_ticket_at_work(site)
    await desk.page.get_by_label("Текст письма").fill(WORDS)

    await desk.page.locator("#write button.main").dblclick()
    await expect(desk.letter(WORDS)).to_be_visible()
    await desk.page.go_back()
    await expect(desk.page.get_by_label("Текст письма")).to_have_value("")
    await desk.page.reload()

    assert said(site, desk.number, "нажмите «Отбор»") == 1


async def test_a_refused_command_says_why_and_keeps_what_was_typed(site: Site) -> None:
    # R54 law 10
    desk = await a_ticket_at_work(site)
    await desk.page.get_by_role("link", name="Отложить").click()
    dialog = desk.page.get_by_role("dialog")
    await dialog.get_by_label("вопрос нужно уточнить").check()
    await dialog.get_by_label("Что именно нужно").fill("уточните корпус")
    await site.api.post(
        "stepan", f"/api/tickets/{desk.number}/commands/hand_off", json={"evidence": "Шаги."}
    )

    await dialog.get_by_role("button", name="Отложить и поставить письмо").click()

    await expect(desk.page.get_by_text("Команда не выполнена.")).to_be_visible()
    await expect(desk.page.get_by_label("Что именно нужно")).to_have_value("уточните корпус")
    await expect(desk.page.get_by_role("dialog").get_by_text("R54").first).to_be_visible()


async def test_a_letter_written_while_the_engine_is_away_is_kept_and_leaves_once(
    live: Api, serve: Serve, site: Site, away: Client
) -> None:  # U16 law 10
    desk = await a_ticket_at_work(site)
    cut = await serve(replace(live, parts=replace(live.parts, client=away)))
    page = await cut.open("sveta")
    await page.goto(f"/tickets/{desk.number}")
    await page.get_by_label("Текст письма").fill(WORDS)

    await page.locator("#write button.main").click()

    await expect(page.locator("#talk article", has_text=WORDS)).to_be_visible()
    await pass_time(site, HELD)
    assert said(site, desk.number, "нажмите «Отбор»") == 1


async def test_a_session_that_ended_in_mid_letter_costs_no_word(site: Site) -> None:  # U6
    desk = await a_ticket_at_work(site)
    await desk.page.get_by_label("Текст письма").fill(WORDS)
    await desk.page.context.clear_cookies()

    await desk.page.locator("#write button.main").click()

    await expect(desk.page.locator("[name=text]")).to_have_value(WORDS)


async def test_two_people_close_and_answer_one_ticket_and_each_learns_what_happened(
    site: Site,
) -> None:  # C9 R63
    desk = await a_ticket_at_work(site)
    other = Desk(site, await site.open("stepan"), desk.number)
    await other.open()
    await other.page.get_by_label("Текст письма").fill(WORDS)
    await desk.page.get_by_role("link", name="В разработку").click()
    await desk.page.get_by_label("Что передать разработке").fill("Воспроизвёл.")
    await desk.page.get_by_role("button", name="Передать в разработку").click()

    await expect(other.stands("в отделе разработки")).to_be_visible()
    await other.page.locator("#write button.main").click()
    await expect(other.letter(WORDS)).to_be_visible()
    await pass_time(site, HELD)

    assert site.story.kinds(desk.number).count("handed_off") == 1
    assert said(site, desk.number, "нажмите «Отбор»") == 1
