"""What clients do in their cabinet, in a real browser: file, answer, withdraw, disagree."""

import base64
import re

import pytest
from playwright.async_api import FilePayload, Page, Route

from tests.gateway.browser.conftest import Site
from tests.gateway.browser.scenes import PNG, Week

PASTE = """(bytes) => {
  const data = new DataTransfer();
  const content = Uint8Array.from(atob(bytes), (sign) => sign.charCodeAt(0));
  data.items.add(new File([content], 'image.png', { type: 'image/png' }));
  document.body.dispatchEvent(
    new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
}"""
HOSTILE = "<img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script>"


async def paste_a_screenshot(page: Page) -> None:
    """Put a picture into the page as Ctrl+V does."""
    await page.evaluate(PASTE, base64.b64encode(PNG).decode())


async def fill_in(page: Page, subject: str, description: str) -> None:
    """Fill in what the form needs."""
    await page.goto("/cabinet/new")
    await page.get_by_label("О чём вопрос?").fill(subject)
    await page.get_by_label("Что произошло или что нужно узнать").fill(description)


async def test_a_pasted_screenshot_goes_with_the_form_and_number_and_link_come_by_letter(
    site: Site,
) -> None:  # R29 R33 R36 R42 K1 K2 K4
    page = await site.open("alla")
    await fill_in(page, "Пустой отчёт", "Таблица пустая.")
    await paste_a_screenshot(page)
    await page.get_by_text("снимок-1.png").wait_for()

    await page.get_by_role("button", name="Отправить заявку").dblclick()

    await page.wait_for_url("**/accepted")
    number = page.url.split("/")[-2]
    assert await page.get_by_role("heading", name=f"Заявка {number} принята").is_visible()
    assert await page.get_by_text("снимок-1.png").is_visible()
    await page.reload()
    await site.settle()
    (letter,) = site.story.mailbox("alla@alpha.example")
    assert number in letter.subject
    assert f"/s/{number}/" in letter.text
    assert len((await site.api.get("alla", "/api/tickets")).json()) == 1


async def test_the_confirmation_prints_on_one_sheet(site: Site) -> None:  # K2
    number = await site.api.file("alla", product_version="5.14", steps="1. Отчёты → Заявки.")
    page = await site.open("alla")
    await page.goto(f"/cabinet/{number}/accepted")

    printed = await page.pdf(prefer_css_page_size=True)

    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == 1


async def test_without_a_script_the_form_files_with_its_picture_and_says_what_is_not_known(
    site: Site,
) -> None:  # R29 R35 R38 R39 R42 K1
    page = await site.open("alla", script=False, phone=True)
    await fill_in(page, "Пустой отчёт", "Таблица пустая.")
    await page.get_by_label("не знаю").first.check()
    picture: FilePayload = {"name": "otchet.png", "mimeType": "image/png", "buffer": PNG}
    await page.get_by_label("Снимки экрана и файлы").set_input_files(picture)

    await page.get_by_role("button", name="Отправить заявку").click()

    assert page.url.endswith("/accepted")
    assert await page.get_by_text("otchet.png").is_visible()
    number = page.url.split("/")[-2]
    shown = (await site.api.get("alla", f"/api/tickets/{number}")).json()["request"]
    assert (shown["told"]["platform_version"], shown["told"]["frequency"]) == ("не знаю",) * 2
    assert "frequency" not in [asked["field"] for asked in shown["missing"]]


async def test_a_flaw_is_told_beside_its_field_and_words_and_files_stay(
    site: Site,
) -> None:  # R36 K1 law 10
    page = await site.open("alla")
    await fill_in(page, "Тема", " ")
    await page.get_by_label("Как это повторить, по шагам").fill("1. Открыть.")
    await paste_a_screenshot(page)

    await page.get_by_role("button", name="Отправить заявку").click()

    await page.get_by_text("Опишите, что произошло или что нужно узнать.").wait_for()
    assert await page.get_by_label("Как это повторить, по шагам").input_value() == "1. Открыть."
    assert await page.get_by_text("снимок-1.png").is_visible()
    await page.get_by_label("Что произошло или что нужно узнать").fill("Пусто.")
    await page.get_by_role("button", name="Отправить заявку").click()
    await page.wait_for_url("**/accepted")
    assert await page.get_by_text("снимок-1.png").is_visible()


async def test_what_was_typed_survives_a_reload_until_it_is_sent(site: Site) -> None:  # K1 U6
    page = await site.open("alla")
    await fill_in(page, "Тема", "Длинный рассказ.")
    await page.get_by_label("время от времени").check()
    await page.get_by_text("Черновик сохранён в").wait_for()

    await page.reload()

    description = page.get_by_label("Что произошло или что нужно узнать")
    assert await description.input_value() == "Длинный рассказ."
    assert await page.get_by_label("время от времени").is_checked()
    await page.get_by_role("button", name="Отправить заявку").click()
    await page.wait_for_url("**/accepted")
    await page.goto("/cabinet/new")
    assert await description.input_value() == ""


async def test_a_form_is_filled_in_and_sent_by_the_keyboard_alone(site: Site) -> None:  # U17 K1
    page = await site.open("alla")
    await page.goto("/cabinet/new")

    await page.get_by_label("О чём вопрос?").focus()
    await page.keyboard.type("Печать")
    for _ in range(3):
        await page.keyboard.press("Tab")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Не печатает.")
    await page.keyboard.press("Control+Enter")

    await page.wait_for_url("**/accepted")
    facts = await page.locator(".facts").inner_text()
    assert "Печать" in facts
    assert "вопрос" in facts


async def test_a_form_that_comes_back_from_the_browsers_memory_can_be_sent_again(
    site: Site,
) -> None:  # U6 R53
    number = await Week(site).file("alla", "Пустой отчёт", "Таблица пустая.")
    page = await site.open("alla")
    await page.goto(f"/cabinet/{number}")
    reply, send = page.locator("#reply"), page.locator("#reply button.main")
    # An answer without content leaves the page where it is, as the browser's memory keeps it.
    await page.route("**/*done=written*", stay)
    await reply.locator("textarea").fill("Версия 5.14.")
    async with page.expect_request(lambda one: one.is_navigation_request()):
        await send.click()

    await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    await reply.locator("textarea").fill("Версия 5.15.")
    await send.click()

    await page.get_by_text("Эта форма уже отправлена с другими словами.").first.wait_for()
    assert await reply.locator("textarea").input_value() == "Версия 5.15."


async def stay(route: Route) -> None:
    """Answer a step to another page with nothing; let everything else through."""
    if route.request.is_navigation_request():
        await route.fulfill(status=204)
    else:
        await route.continue_()


@pytest.mark.parametrize("script", [True, False])
async def test_a_client_withdraws_after_being_asked_once(
    site: Site, *, script: bool
) -> None:  # R27 K5
    number = await Week(site).file("alla", "Пустой отчёт", "Таблица пустая.")
    page = await site.open("alla", script=script)
    await page.goto(f"/cabinet/{number}")

    await page.get_by_role("link", name="Отозвать заявку").click()
    await page.get_by_label("Почему больше не нужно").fill("Разобрались сами.")
    await page.get_by_role("button", name="Отозвать заявку").click()

    await page.get_by_text("Заявка отозвана.").wait_for()
    await site.story.until(site.story.at("mon", "12:00"))
    await page.goto(f"/cabinet/{number}")
    assert await page.get_by_role("heading", name="Закрыто").is_visible()


@pytest.mark.parametrize("script", [True, False])
async def test_who_disagrees_opens_a_linked_ticket_and_the_closed_one_stays(
    site: Site, *, script: bool
) -> None:  # R63 R64 K7 Q8
    week = Week(site)
    number = await week.file("alla", "Пустой отчёт", "Таблица пустая.")
    await week.give("sveta", number, "take")
    await week.give("sveta", number, "close", text="Выберите «Все» в отборе.")
    await week.until("mon", "12:00")
    page = await site.open("alla", script=script)
    await page.goto(f"/cabinet/{number}")
    assert await page.locator("#result").inner_text() == "Выберите «Все» в отборе."

    await page.get_by_role("link", name="Подать повторно").click()
    await page.get_by_label("Что осталось нерешённым").fill("Всё равно пусто.")
    await page.get_by_role("button", name="Подать повторно").click()

    await page.get_by_text(f"связанная с {number}").wait_for()
    assert number not in page.url
    rows = (await site.api.get("alla", "/api/tickets")).json()
    assert [row["subject"] for row in rows] == ["Пустой отчёт"]
    assert (await site.api.get("alla", f"/api/tickets/{number}")).json()["status"] == "closed"


async def test_a_letter_to_the_head_reaches_the_head_and_stands_in_the_conversation(
    site: Site,
) -> None:  # R65
    number = await Week(site).file("alla", "Пустой отчёт", "Таблица пустая.")
    page = await site.open("alla")
    await page.goto(f"/cabinet/{number}/head")

    await page.get_by_label("О чём просите").fill("Помогите ускорить.")
    await page.get_by_role("button", name="Отправить руководителю").click()

    await page.get_by_text("Письмо передано руководителю поддержки.").wait_for()
    assert await page.get_by_text("Помогите ускорить.").is_visible()
    assert (await site.api.get("head", f"/api/tickets/{number}")).json()["is_escalated"]


async def test_the_page_shows_a_question_by_itself_and_nothing_before_its_letter_left(
    site: Site,
) -> None:  # R40 R45 R53 K6
    week = Week(site)
    number = await week.file("alla", "Пустой отчёт", "Таблица пустая.")
    await week.give("sveta", number, "take")
    page = await site.open("alla")
    await page.goto(f"/cabinet/{number}")
    assert await page.get_by_role("heading", name="Работаем").is_visible()

    await week.give("sveta", number, "ask_client", text="Какая версия?")
    await week.until("mon", "11:30")

    await page.get_by_role("heading", name="Ждём вас").wait_for()
    assert await page.locator("#asked").inner_text() == "Какая версия?"


async def test_notes_and_letters_that_wait_stay_out_of_the_clients_sight(
    site: Site,
) -> None:  # R45 U8 law 9
    week = Week(site)
    number = await week.file("alla", "Пустой отчёт", "Таблица пустая.")
    await week.give("sveta", number, "take")
    await week.give("sveta", number, "note", text="Клиент сам удалил отбор.")
    await week.until("mon", "18:30")
    await week.give("sveta", number, "ask_client", text="Вечерний вопрос?")
    page = await site.open("alla")

    await page.goto(f"/cabinet/{number}")

    text = await page.locator("body").inner_text()
    assert "Клиент сам удалил отбор." not in text
    assert "Вечерний вопрос?" not in text
    assert "Работаем" in text
    await page.goto("/cabinet")
    assert "Ждём вас" not in await page.locator("#lists").inner_text()


async def test_the_ticket_of_another_organisation_is_not_there(site: Site) -> None:  # R2
    number = await Week(site).file("bogdan", "Чужое", "Чужие слова.")
    page = await site.open("alla")

    for path in ("", "/withdraw", "/again", "/head", "/accepted", "/events"):
        answer = await page.goto(f"/cabinet/{number}{path}")
        assert answer is not None
        assert answer.status == 404
    await page.goto("/cabinet?whose=all")
    assert "Чужое" not in await page.locator("body").inner_text()


async def test_hostile_words_and_names_of_files_are_words_alone(site: Site) -> None:  # law 9
    page = await site.open("alla")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await fill_in(page, HOSTILE, HOSTILE)
    name = "<svg onload=alert(1)>.png"
    picture: FilePayload = {
        "name": name,
        "mimeType": "image/svg+xml",
        "buffer": b"<svg onload='alert(1)'/>",
    }
    await page.get_by_label("Снимки экрана и файлы").set_input_files(picture)
    await page.get_by_role("button", name="Отправить заявку").click()
    await page.wait_for_url("**/accepted")
    number = page.url.split("/")[-2]
    await site.settle()

    for path in (f"/cabinet/{number}", "/cabinet", f"/cabinet/{number}/withdraw"):
        await page.goto(path)
        assert HOSTILE in await page.locator("#content").inner_text()
        assert "pwned" not in (await page.title()).replace(HOSTILE, "")

    assert all(url.startswith((site.url, "blob:")) for url in asked)


async def test_what_changes_on_ones_own_ticket_is_in_the_list_without_a_reload(
    site: Site,
) -> None:  # K5
    week = Week(site)
    number = await week.file("alla", "Пустой отчёт", "Таблица пустая.")
    page = await site.open("alla")
    async with page.expect_response("**/events"):
        await page.goto("/cabinet")
    await page.get_by_role("cell", name="Работаем: заявка в очереди").wait_for()

    await week.give("sveta", number, "take")

    await page.get_by_role("cell", name="Работаем", exact=True).wait_for()


async def test_what_changes_on_anothers_ticket_makes_no_list_look_again(
    site: Site,
) -> None:  # R2 K11
    page = await site.open("bogdan")
    asked: list[str] = []
    async with page.expect_response("**/events"):
        await page.goto("/cabinet")
    await page.wait_for_timeout(1500)  # what is new between the page and its ear is looked at
    page.on("request", lambda request: asked.append(request.url))

    await Week(site).file("alla", "Пустой отчёт", "Таблица пустая.")
    await page.wait_for_timeout(1500)

    assert asked == []
