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


async def test_what_is_not_found_leaves_each_among_their_own_sections(site: Site) -> None:  # U16
    for who, path, own in (("sveta", "/tickets", "Очередь"), ("alla", "/cabinet", "Мои заявки")):
        page = await site.open(who)

        await page.goto(f"{path}/PS-999999")

        assert await page.get_by_role("heading", name="Не найдено").is_visible()
        assert await page.get_by_role("link", name=own, exact=True).is_visible()


EARLY_TIMERS = """
const real = window.setTimeout;
window.setTimeout = (act, after, ...more) => real(act, Math.max(0, after - 20), ...more);
window.addEventListener("DOMContentLoaded", () => {
  let heard = 0;
  document.body.addEventListener("news", () => { document.body.dataset.heard = ++heard; });
});
"""


async def test_the_last_of_several_news_is_looked_at_even_if_a_timer_ends_early(
    site: Site,
) -> None:  # U1
    page = await site.open("sveta")
    await page.add_init_script(EARLY_TIMERS)
    await page.goto("/queue")
    await page.locator("body[data-heard='1']").wait_for()  # once its ear is open
    await page.wait_for_timeout(1000)

    site.app.state.news.tell("*")
    await page.locator("body[data-heard='2']").wait_for()
    site.app.state.news.tell("*")

    await page.locator("body[data-heard='3']").wait_for()
