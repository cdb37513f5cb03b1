"""The frame of every page in a real browser: its policy, its languages, its keyboard."""

from tests.gateway.browser.conftest import Site


async def test_a_newcomer_sees_the_ways_to_support_and_nothing_is_loaded_from_outside(
    site: Site,
) -> None:  # R28 R29 K10
    page = await site.open()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    await page.goto("/")

    assert await page.get_by_role("heading", level=1).inner_text() == (
        "Техническая поддержка PROFMAN ISS"
    )
    assert [url for url in asked if not url.startswith(site.url)] == []


async def test_the_language_is_chosen_once_and_kept(site: Site) -> None:  # F69
    page = await site.open()
    await page.goto("/")

    await page.get_by_role("button", name="English").click()

    assert await page.locator("html").get_attribute("lang") == "en"
    await page.goto("/nothing")
    assert await page.locator("html").get_attribute("lang") == "en"
