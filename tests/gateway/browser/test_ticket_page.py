"""The ticket's page in a real browser: the whole work on one ticket, live, by hand and by keyboard."""

from pathlib import Path

from tests.gateway.browser.conftest import Site


async def test_a_ticket_is_taken_asked_about_and_answered_on_one_page(
    site: Site, shots: Path
) -> None:  # R40 R46 R49 R53 U1 U4
    number = await site.api.file("alla", subject="Отчёт пуст")
    await site.story.world.settle()
    page = await site.open("sveta")
    await page.goto(f"/tickets/{number}")

    await page.get_by_role("button", name="Взять в работу").click()
    await page.get_by_label("Вид").select_option("ask_client")
    await page.get_by_label("Текст письма").fill("Пришлите, пожалуйста, снимок окна отбора.")
    await page.get_by_role("button", name="Отправить клиенту").click()
    await page.get_by_text("Сделано").wait_for()
    await page.screenshot(path="/tmp/team/t1.png", full_page=True)

    assert await page.locator("article.letter.out", has_text="снимок окна отбора").count() == 1
