"""The queue as specialists work it off: in order, live, by mouse and by keys, two at a time."""

import re

import pytest
from playwright.async_api import expect

from domain.terms import Status
from tests.gateway.browser.conftest import Site
from tests.gateway.browser.scenes import Week


async def test_take_next_opens_the_ticket_whose_turn_it_is(site: Site) -> None:  # R49 U2
    first = await site.api.file("alla", "k1")
    await site.api.file("bogdan", "k2")
    await site.settle()
    page = await site.open("sveta")
    await page.goto("/queue")

    await page.get_by_role("button", name="Взять следующую").click()

    await page.wait_for_url(f"**/tickets/{first}*")
    assert site.story.ticket(first).specialist


async def test_an_empty_queue_says_so_and_stays(site: Site) -> None:  # U2 U16
    page = await site.open("sveta")
    await page.goto("/queue")

    await page.get_by_role("button", name="Взять следующую").click()

    await page.get_by_text("Очередь пуста: брать некого.").wait_for()


async def test_two_who_press_at_once_take_one_ticket_each(site: Site) -> None:  # R49 F53
    numbers = {await site.api.file("alla", "k1"), await site.api.file("bogdan", "k2")}
    await site.settle()
    pages = [await site.open("sveta"), await site.open("stepan")]
    for page in pages:
        await page.goto("/queue")

    for page in pages:
        await page.get_by_role("button", name="Взять следующую").click(no_wait_after=True)

    for page in pages:
        await page.wait_for_url("**/tickets/PS-*")
    assert {page.url.partition("/tickets/")[2][:9] for page in pages} == numbers


async def test_the_same_press_of_the_button_takes_one_ticket(site: Site) -> None:  # law 2
    first, second = await site.api.file("alla", "k1"), await site.api.file("bogdan", "k2")
    await site.settle()
    page = await site.open("sveta")
    await page.goto("/queue")
    form = page.locator("form[action='/queue/take-next']")
    key = await form.locator("[name=key]").input_value()
    csrf = await form.locator("[name=csrf]").input_value()

    for _ in range(2):
        await page.request.post("/queue/take-next", form={"key": key, "csrf": csrf})

    assert site.story.ticket(first).specialist
    assert not site.story.ticket(second).specialist


async def test_a_new_ticket_and_a_taken_one_are_on_the_list_without_reloading(
    site: Site,
) -> None:  # U1
    page = await site.open("sveta")
    await page.goto("/queue")
    await page.get_by_text("Никто не ждёт специалиста").wait_for()

    number = await site.api.file("alla", "k1")
    await site.settle()

    await page.locator("tr[data-row]", has_text=number).wait_for()
    await site.api.post("stepan", f"/api/tickets/{number}/commands/take", json={})
    await page.get_by_text("Никто не ждёт специалиста").wait_for()


async def test_the_counts_above_follow_the_list_and_the_focus_stays_on_them(
    site: Site,
) -> None:  # U1 U17
    page = await site.open("sveta")
    await page.goto("/queue")
    await page.get_by_role("link", name="Ждут нас").focus()

    await site.api.file("alla", "k1")
    await site.settle()

    await page.get_by_role("link", name="В очереди 1").wait_for()
    await expect(page.get_by_role("link", name="Ждут нас 1")).to_be_focused()
    await expect(page.locator("#standing")).to_have_text(re.compile("^1 заявка ждёт"))


async def test_what_was_chosen_can_be_acted_on_from_anywhere_in_a_long_list(
    site: Site,
) -> None:  # U10
    for key in range(9):
        await site.api.file("alla", f"k{key}")
    await site.settle()
    page = await site.open("sveta", phone=True)
    await page.goto("/queue")

    await page.get_by_role("checkbox").first.check()

    await expect(page.get_by_role("button", name="Отложить")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(("who", "path"), [("sveta", "/queue"), ("alla", "/cabinet")])
async def test_no_word_is_so_long_that_a_list_scrolls_sideways(
    site: Site, who: str, path: str
) -> None:  # U17
    await site.api.file("alla", subject="Лифт" * 40)
    await site.settle()
    for is_phone in (False, True):
        page = await site.open(who, phone=is_phone)
        await page.goto(path)

        await page.get_by_role("link", name="ЛифтЛифт").wait_for()
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await page.evaluate(wide) == 0


async def test_keys_walk_the_list_in_any_layout_and_what_was_chosen_stays(
    site: Site,
) -> None:  # U3
    await site.api.file("alla", "k1", subject="Первая")
    second = await site.api.file("bogdan", "k2", subject="Вторая")
    await site.settle()
    page = await site.open("sveta")
    await page.goto("/queue")

    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await site.api.file("alla", "k3", subject="Третья")
    await site.settle()
    await page.get_by_role("link", name="Третья").wait_for()

    assert await page.get_by_label(f"Выбрать {second}").is_checked()
    assert await page.evaluate("document.activeElement.textContent") == "Вторая"
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/tickets/{second}")


async def test_whoever_looks_at_a_ticket_is_seen_in_the_list(site: Site) -> None:  # F53 U5
    number = await site.api.file("alla", "k1")
    await site.settle()
    watcher, reader = await site.open("sveta"), await site.open("stepan")
    await watcher.goto("/queue")

    await reader.goto(f"/tickets/{number}")

    await watcher.locator("tr", has_text=number).get_by_text("Stepan").wait_for()
    await reader.close(run_before_unload=True)
    await watcher.locator("tr", has_text=number).get_by_text("Stepan").wait_for(state="detached")


async def test_a_confirmed_critical_ticket_stands_first_with_its_reason(site: Site) -> None:  # R50
    await site.api.file("alla", "k1", subject="Раньше")
    number = await site.api.file("bogdan", "k2", subject="Стоит работа", criticality="critical")
    await site.settle()
    body = {"criticality": "critical", "text": "Работа стоит у всех"}
    await site.api.post("sveta", f"/api/tickets/{number}/commands/confirm_criticality", json=body)
    page = await site.open("sveta")

    await page.goto("/queue")

    first = page.locator("tr[data-row]").first
    assert await first.get_by_text("Стоит работа").is_visible()
    assert await first.get_by_text("Работа стоит у всех").is_visible()


async def test_the_palette_finds_a_ticket_by_a_form_of_its_words(site: Site) -> None:  # U3
    await site.api.file("alla", "k1", subject="Не печатается отчёт")
    await site.settle()
    page = await site.open("sveta")
    await page.goto("/queue")

    await page.keyboard.press("Control+k")
    await page.locator("#palette-q").press_sequentially("отчёты")

    await page.locator("#palette-found").get_by_text("Не печатается").wait_for()


async def test_a_view_is_kept_under_a_name_and_forgotten(site: Site) -> None:  # U1
    page = await site.open("sveta")
    await page.goto("/queue?list=open&criticality=critical")

    await page.get_by_label("Сохранить этот вид под именем").fill("Горит")
    await page.get_by_role("button", name="Сохранить вид").click()

    await page.get_by_role("link", name="Горит").wait_for()
    await page.get_by_role("button", name="Забыть вид «Горит»").click()
    await page.get_by_role("link", name="Горит").wait_for(state="detached")


async def test_search_of_a_number_opens_its_ticket(site: Site) -> None:  # U3
    number = await site.api.file("alla", "k1")
    await site.settle()
    page = await site.open("sveta")

    await page.goto(f"/search?q={number.removeprefix('PS-').lstrip('0')}")

    assert page.url.endswith(f"/tickets/{number}")


@pytest.mark.parametrize("script", [True, False])
async def test_who_takes_a_ticket_that_is_not_the_first_is_offered_the_first(
    site: Site, *, script: bool
) -> None:  # R49 F49
    week = Week(site)
    first = await week.file("alla", "Пустой отчёт", "Таблица пустая.")
    second = await week.file("bogdan", "Не печатает", "Печать прерывается.")
    page = await site.open("sveta", script=script)
    await page.goto(f"/tickets/{second}")

    await page.get_by_role("button", name="Взять в работу").click()
    await page.get_by_text("Первая в очереди").wait_for()
    await page.get_by_text("Назовите причину, по которой эта заявка раньше.").wait_for()
    await page.get_by_role("button", name="Взять первую").click()

    await page.wait_for_url(f"**/tickets/{first}?done=take*")
    await site.settle()
    assert site.story.ticket(first).status is Status.IN_DIAGNOSIS
    assert site.story.ticket(second).status is Status.IN_QUEUE
