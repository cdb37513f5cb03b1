"""The ticket's page in a real browser: the whole work on one ticket, live, by hand and by keys."""

import re

from playwright.async_api import expect

from tests.gateway.browser.conftest import DESKTOP, PHONE, Site
from tests.gateway.browser.desk import A_MOMENT, HELD, Desk, a_ticket_at_work, pass_time

OPENED = """(menu) => {
  menu.open = true;  // at once with the measure: news may draw the menu anew
  const box = menu.querySelector("ul").getBoundingClientRect();
  return [box.left, box.right];
}"""
# News are drawn in several steps; a person's click comes between two of them.
DRAWN_AROUND = """(menu) => {
  const tell = (step) => document.body.dispatchEvent(
    new CustomEvent(step, { detail: { xhr: { responseURL: location.href } } }));
  tell("htmx:beforeSwap");
  document.querySelector(menu).click();
  tell("htmx:afterSettle");
}"""
WAITS_TILL_MORNING = re.compile(r"Уйдёт в вт \d\d\.\d\d, 9:00")


async def test_a_ticket_goes_from_its_queue_to_its_end_on_one_page(
    site: Site,
) -> None:  # R40 R45 R46 R49 R53 R63 U1 U4 F22
    number = await site.api.file("alla", subject="Отчёт пуст")
    await pass_time(site, A_MOMENT)
    page = await site.open("sveta")
    desk = Desk(site, page, number)
    await desk.open()

    await page.get_by_role("button", name="Взять в работу").click()
    await desk.write("Пришлите, пожалуйста, снимок окна отбора.", "ask_client")
    await expect(desk.stands("ждёт ответа клиента")).to_be_visible()
    await pass_time(site, HELD)
    await expect(desk.letter("снимок окна отбора").get_by_text("принято")).to_be_visible()
    await desk.client_writes("Снимок приложила: в поле «Объекты» пусто.")
    await expect(desk.letter("в поле «Объекты» пусто")).to_be_visible()
    await expect(desk.stands("в работе у специалиста")).to_be_visible()


async def test_an_answer_of_the_evening_waits_for_the_morning_and_the_result_ends_the_ticket(
    site: Site,
) -> None:  # R45 R46 R63 F22
    desk = await a_ticket_at_work(site)
    page = desk.page

    await desk.until("mon", "18:30")
    await expect(page.locator("#leaves")).to_have_text(WAITS_TILL_MORNING)
    await desk.write("Выберите «Все» в поле «Объекты».")
    await expect(desk.letter("Выберите «Все»")).to_have_text(WAITS_TILL_MORNING)
    await desk.until("tue", "9:00:31")
    await expect(desk.letter("Выберите «Все»").get_by_text("принято")).to_be_visible()
    await page.get_by_role("link", name="Закрыть с результатом").click()
    await page.get_by_label("решена").check()
    await page.get_by_label("Результат работ").fill("Отбор исправлен, отчёт строится.")
    await page.get_by_role("button", name="Закрыть и поставить письмо").click()
    await pass_time(site, HELD)
    await desk.open()

    await expect(desk.stands("закрыта")).to_be_visible()
    await expect(desk.letter("Отбор исправлен")).to_be_visible()
    bodies = [letter.text for letter in site.story.mailbox("alla@alpha.example")]
    assert sum("Выберите «Все»" in body for body in bodies) == 1
    assert sum("Отбор исправлен" in body for body in bodies) == 1


async def test_what_was_just_sent_can_be_taken_back_for_half_a_minute(site: Site) -> None:  # U6 R45
    desk = await a_ticket_at_work(site)

    await desk.write("Ответ, о котором пожалели.")
    await desk.page.get_by_role("button", name="Отменить отправку").click()
    await expect(desk.page.get_by_text("отменить отправку письма")).to_be_visible()
    await pass_time(site, HELD)

    bodies = [letter.text for letter in site.story.mailbox("alla@alpha.example")]
    assert not any("пожалели" in body for body in bodies)
    await expect(desk.letter("пожалели")).to_be_visible()


async def test_news_does_not_take_a_button_from_under_a_finger(site: Site) -> None:  # U6
    desk = await a_ticket_at_work(site)
    await desk.write("Ответ, о котором пожалели.")
    button = desk.page.get_by_role("button", name="Отменить отправку")
    await button.hover()
    await desk.page.mouse.down()

    site.app.state.news.tell(desk.number)
    await desk.page.wait_for_timeout(2000)
    await desk.page.mouse.up()

    await expect(desk.page.get_by_text("отменить отправку письма")).to_be_visible()


async def test_a_letter_that_waits_can_be_taken_back_into_its_field_and_written_anew(
    site: Site,
) -> None:  # U6 R45
    desk = await a_ticket_at_work(site)
    await desk.write("Выберите «Всё» в поле «Объекты».")

    await desk.page.get_by_role("button", name="Править", exact=True).click()
    await expect(desk.page.get_by_label("Текст письма")).to_have_value(
        "Выберите «Всё» в поле «Объекты»."
    )
    await desk.write("Выберите «Все» в поле «Объекты».")
    await expect(desk.letter("Выберите «Все»")).to_be_visible()
    await pass_time(site, HELD)

    bodies = [letter.text for letter in site.story.mailbox("alla@alpha.example")]
    assert [body.count("поле «Объекты»") for body in bodies if "Объекты" in body] == [1]


async def test_a_letter_leaves_before_its_window_only_with_a_reason_that_stays_on_the_ticket(
    site: Site,
) -> None:  # R45 F22
    desk = await a_ticket_at_work(site)
    await desk.until("mon", "18:30")
    await desk.write("Остановите обновление: оно удалит отчёты.")

    await desk.page.get_by_role("link", name="Отправить срочно").click()
    await desk.page.get_by_label("Причина").fill("Утром будет поздно")
    await desk.page.get_by_role("button", name="Отправить сейчас").click()
    await pass_time(site, A_MOMENT)
    await desk.open()

    await expect(desk.letter("Остановите обновление").get_by_text("принято")).to_be_visible()
    await expect(desk.page.locator("#line").get_by_text("Утром будет поздно")).to_be_visible()


async def test_a_deferral_shows_its_letter_before_it_is_written(site: Site) -> None:  # R54-R56 V9
    desk = await a_ticket_at_work(site)

    await desk.page.keyboard.press("Tab")
    await desk.page.get_by_role("link", name="Отложить").click()
    dialog = desk.page.get_by_role("dialog")
    await dialog.get_by_label("нужны подробная диагностика").check()
    await dialog.get_by_label("Что именно нужно").fill("обновление с новым отбором")
    await expect(dialog.locator(".previewed")).to_contain_text("обновление с новым отбором")
    await dialog.get_by_role("button", name="Отложить и поставить письмо").click()
    await pass_time(site, HELD)

    await expect(desk.stands("отложена")).to_be_visible()
    (letter,) = [
        one for one in site.story.mailbox("alla@alpha.example") if "новым отбором" in one.text
    ]
    assert letter.subject.startswith(f"[{desk.number}]")


async def test_what_is_impossible_is_shown_with_its_reason_and_rule(site: Site) -> None:  # R19 R49
    desk = await a_ticket_at_work(site)
    await site.api.post(
        "sveta", f"/api/tickets/{desk.number}/commands/hand_off", json={"evidence": "Воспроизвели."}
    )
    await desk.open()

    await desk.page.get_by_role("link", name="Отложить").click()

    dialog = desk.page.get_by_role("dialog")
    await expect(dialog.get_by_text("Сейчас нельзя.")).to_be_visible()
    await expect(dialog.get_by_text("в отделе разработки").first).to_be_visible()
    await expect(dialog.get_by_role("button", name="Отложить и поставить письмо")).to_be_disabled()


async def test_one_click_asks_for_what_the_request_lacks(site: Site) -> None:  # U9 R35-R39
    desk = await a_ticket_at_work(site)

    await desk.page.get_by_role("link", name="Составить вопрос").click()

    await expect(desk.page.get_by_label("Текст письма")).to_have_value(
        re.compile(r"1\. Какая у вас версия платформы\?.*\n2\. Какая у вас версия PROFMAN ISS\?")
    )
    await expect(desk.page.get_by_label("Вид")).to_have_value("ask_client")


async def test_what_the_client_told_is_read_in_words_not_in_codes(site: Site) -> None:  # U9 R39
    desk = await a_ticket_at_work(site, criticality="normal")

    told = desk.page.locator("#missing li", has_text="критичность")

    await expect(told).to_contain_text("обычная")


async def test_the_menu_of_rare_commands_is_whole_on_every_screen(site: Site) -> None:  # U17
    desk = await a_ticket_at_work(site)
    for size in (DESKTOP, PHONE):
        await desk.page.set_viewport_size(size)
        await desk.open()

        left, right = await desk.page.locator("#more").evaluate(OPENED)

        assert left >= 0
        assert right <= size["width"]


async def test_a_saved_reply_comes_filled_in_and_beside_what_was_typed(site: Site) -> None:  # U7
    desk = await a_ticket_at_work(site)
    await desk.page.get_by_label("Текст письма").fill("Здравствуйте!")

    await desk.page.get_by_text("вставить заготовку").click()
    await desk.page.get_by_role("link", name="Новый модуль: нужно техническое задание").click()

    await expect(desk.page.get_by_label("Текст письма")).to_have_value(
        re.compile(rf"Здравствуйте!\n\nПожелание «Не открывается отчёт» .*{desk.number}", re.DOTALL)
    )


async def test_a_menu_that_is_opened_while_news_are_drawn_stays_open(site: Site) -> None:  # U7
    desk = await a_ticket_at_work(site)
    menu = desk.page.locator("#replies")

    await desk.page.evaluate(DRAWN_AROUND, "#replies > summary")

    await expect(menu).to_have_attribute("open", "")


async def test_a_note_never_reaches_the_client_and_says_so(site: Site) -> None:  # R17 U8
    desk = await a_ticket_at_work(site)

    await desk.page.get_by_label("Текст заметки").fill("У Беты то же самое?")
    await desk.page.get_by_role("button", name="Сохранить заметку").click()

    note = desk.page.locator("article.note", has_text="У Беты")
    await expect(note.get_by_text("клиент её не увидит")).to_be_visible()
    bodies = [letter.text for letter in site.story.mailbox("alla@alpha.example")]
    assert not any("У Беты" in body for body in bodies)


async def test_development_answers_on_its_own_page_and_support_sees_it(
    site: Site,
) -> None:  # R19 R48 U13
    desk = await a_ticket_at_work(site)
    await desk.page.get_by_role("link", name="В разработку").click()
    await desk.page.get_by_label("Что передать разработке").fill("Пустой отбор значит «ни одного».")
    await desk.page.get_by_role("button", name="Передать в разработку").click()
    await expect(desk.stands("в отделе разработки")).to_be_visible()
    page = await site.open("dev")
    await page.goto("/development")

    await expect(page.get_by_text("Пустой отбор значит")).to_be_visible()
    await page.get_by_role("link", name="Дать заключение").click()
    await page.get_by_label("есть обходной путь").check()
    await page.get_by_label("Ответ разработки").fill("Выберите «Все» до обновления.")
    await page.get_by_role("button", name="Вернуть с заключением").click()

    await expect(desk.stands("в работе у специалиста")).to_be_visible()
    await expect(desk.letter("Выберите «Все» до обновления")).to_be_visible()


async def test_the_whole_work_is_done_without_a_script(site: Site) -> None:  # U17
    desk = await a_ticket_at_work(site)
    page = await site.open("sveta", script=False)
    plain = Desk(site, page, desk.number)
    await plain.open()

    await page.get_by_role("link", name="Составить вопрос").click()
    await expect(page.get_by_label("Текст письма")).to_have_value(re.compile("версия платформы"))
    await page.get_by_role("button", name="Отправить клиенту").click()
    await expect(plain.stands("ждёт ответа клиента")).to_be_visible()
    await page.get_by_role("link", name="Закрыть с результатом").click()
    await page.get_by_label("решена").check()
    await page.get_by_label("Результат работ").fill("Готово.")
    await page.get_by_role("button", name="Закрыть и поставить письмо").click()

    await expect(page.locator("#done")).to_contain_text("закрыть")


async def test_words_of_strangers_are_only_words(site: Site) -> None:  # R41 Q14
    hostile = "<script>window.ran = 1</script><img src=x onerror='window.ran=1'>\u202e" + "щ" * 300
    desk = await a_ticket_at_work(site, subject=hostile, description=hostile)
    asked: list[str] = []
    desk.page.on("request", lambda request: asked.append(request.url))

    await desk.open()

    assert await desk.page.evaluate("window.ran === undefined")
    assert await desk.page.locator("#talk script, #talk img").count() == 0
    assert not await desk.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert [url for url in asked if not url.startswith(site.url)] == []
