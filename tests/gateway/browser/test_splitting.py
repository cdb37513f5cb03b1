"""Splitting a message off in a real browser: looked at in a dialog, done once."""

from tests.gateway.browser.conftest import Site
from tests.gateway.browser.desk import a_ticket_at_work


async def test_a_message_is_looked_at_and_split_off_once_however_often_it_is_pressed(
    site: Site,
) -> None:  # R6 R33 R49 U11
    desk = await a_ticket_at_work(site)
    page = desk.page
    await desk.client_writes("И ещё: не печатается акт осмотра.")
    message = desk.letter("не печатается акт осмотра")

    await message.get_by_role("link", name="Выделить в отдельную заявку").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_text("уйдёт на alla@alpha.example").wait_for()
    await dialog.get_by_label("Тема новой заявки").fill("Не печатается акт")
    await dialog.get_by_role("button", name="Выделить заявку").dblclick()

    await message.get_by_text("выделено в").wait_for()
    await site.settle()
    await desk.letter("выделено в отдельную заявку").wait_for()
    listed = (await site.api.get("alla", "/api/tickets")).json()
    assert sorted(one["subject"] for one in listed) == ["Не открывается отчёт", "Не печатается акт"]
    await message.get_by_role("link", name="PS-").click()
    await page.locator("h1", has_text="Не печатается акт").wait_for()
    assert await page.get_by_text("Выделена из").is_visible()
