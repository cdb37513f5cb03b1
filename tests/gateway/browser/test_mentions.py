"""Calling a colleague in a note, in a real browser: offered by keys, shown live, seen once (U8)."""

from playwright.async_api import expect

from tests.gateway.browser.conftest import Site
from tests.gateway.browser.desk import A_MOMENT, a_ticket_at_work, pass_time


async def test_a_colleague_is_offered_by_keys_called_and_sees_it_without_a_reload(
    site: Site,
) -> None:  # U8 U3
    desk = await a_ticket_at_work(site)
    queue = await site.open("stepan")
    await queue.goto("/queue")
    field = desk.page.get_by_label("Текст заметки")
    people = desk.page.get_by_role("listbox", name="Коллеги")

    await field.press_sequentially("Коллега @st")
    await expect(people.get_by_role("option", selected=True)).to_contain_text("@stepan")
    await field.press("Enter")
    await expect(people).to_be_hidden()
    await expect(field).to_have_value("Коллега @stepan ")
    await field.press_sequentially("у Беты то же?")
    await desk.page.get_by_role("button", name="Сохранить заметку").click()
    await pass_time(site, A_MOMENT)

    await expect(queue.get_by_text("Упомянули вас: 1 новая заметка")).to_be_visible()
    await queue.locator("#mentions").get_by_role("link").click()
    await expect(queue.locator("#talk .mention", has_text="@stepan")).to_be_visible()
    await queue.goto("/queue")
    await expect(queue.locator("#mentions summary")).to_have_text("Упомянули вас")


async def test_arrows_choose_among_colleagues_escape_shuts_and_the_mouse_calls(
    site: Site,
) -> None:  # U3 U8
    desk = await a_ticket_at_work(site)
    field = desk.page.get_by_label("Текст заметки")
    people = desk.page.get_by_role("listbox", name="Коллеги")

    await field.press_sequentially("@")
    first = await people.get_by_role("option", selected=True).text_content()
    await field.press("ArrowDown")
    assert await people.get_by_role("option", selected=True).text_content() != first
    await field.press("Escape")
    await expect(people).to_be_hidden()
    await expect(field).to_be_focused()
    await field.fill("")
    await field.press_sequentially("@h")
    await people.get_by_text("@head").click()

    await expect(field).to_have_value("@head ")
    await expect(field).to_be_focused()


async def test_without_a_script_a_login_that_was_typed_calls_just_as_well(
    site: Site,
) -> None:  # U8
    desk = await a_ticket_at_work(site)
    page = await site.open("sveta", script=False)
    await page.goto(f"/tickets/{desk.number}")

    await page.get_by_label("Текст заметки").fill("@stepan, взгляни.")
    await page.get_by_role("button", name="Сохранить заметку").click()
    await pass_time(site, A_MOMENT)
    other = await site.open("stepan", script=False)
    await other.goto("/queue")

    await expect(other.get_by_text("Упомянули вас: 1 новая заметка")).to_be_visible()
