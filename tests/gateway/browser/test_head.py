"""The head reads the day in a browser: from a figure to its tickets, by keyboard and on a phone."""

import pytest

from tests.gateway.browser.conftest import Site
from tests.gateway.browser.scenes import a_week


@pytest.fixture
def cached_tickets() -> int:
    """Let the worker remember the tickets of the week: they go side by side."""
    return 100


async def test_the_head_reads_the_day_and_goes_from_a_figure_to_its_tickets(
    site: Site,
) -> None:  # R8 R47 U15
    await a_week(site)
    page = await site.open("head")
    await page.goto("/head?period=week")

    tile = page.locator("#figure-arrived")
    number = await tile.locator("b").inner_text()
    await tile.focus()
    await page.keyboard.press("Enter")

    await page.wait_for_url("**/head/tickets?*")
    assert (
        await page.get_by_role("heading", level=1).inner_text() == f"Поступили за период: {number}"
    )
    assert await page.locator("tbody tr").count() == int(number)


async def test_a_bar_of_the_chart_is_a_link_to_its_tickets(site: Site) -> None:  # R47 F72
    await a_week(site)
    page = await site.open("head", phone=True)
    await page.goto("/head/reaction?period=week")

    bar = page.locator(".chart a").first
    told = await bar.get_attribute("aria-label")
    await bar.focus()
    await page.keyboard.press("Enter")

    await page.wait_for_url("**/head/tickets?*")
    heading = await page.get_by_role("heading", level=1).inner_text()
    assert told is not None
    assert f": {heading.rpartition(': ')[2]} заяв" in told
