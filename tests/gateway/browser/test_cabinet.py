"""What clients do in their cabinet, in a real browser: file, answer, withdraw, disagree."""

import base64

from playwright.async_api import Page

from tests.gateway.browser.conftest import Site
from tests.gateway.browser.scenes import PNG, Week

PASTE = """(bytes) => {
  const data = new DataTransfer();
  const content = Uint8Array.from(atob(bytes), (sign) => sign.charCodeAt(0));
  data.items.add(new File([content], 'image.png', { type: 'image/png' }));
  document.body.dispatchEvent(
    new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
}"""


async def paste_a_screenshot(page: Page) -> None:
    """Put a picture into the page as Ctrl+V does."""
    await page.evaluate(PASTE, base64.b64encode(PNG).decode())


async def test_a_pasted_screenshot_goes_with_the_form_and_number_and_link_come_by_letter(
    site: Site,
) -> None:  # R29 R33 R36 R42 K1 K2 K4
    page = await site.open("alla")
    await page.goto("/cabinet/new")
    await page.get_by_label("О чём вопрос?").fill("Пустой отчёт")
    await page.get_by_label("Что произошло или что нужно узнать").fill("Таблица пустая.")
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
