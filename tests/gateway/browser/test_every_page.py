"""Every page in both languages, light and dark, large and small: accessible, whole, and looked at.

With `PROFMAN_GALLERY` set to a folder the pages are kept there as pictures (`poe gallery`).
"""

import os
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from tests.gateway.browser.conftest import Site
from tests.gateway.browser.scenes import SCENES, Numbers, Scene, a_week

GALLERY = os.environ.get("PROFMAN_GALLERY", "")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
MISSING = frozenset({"not-found", "status-over"})
LOOKS = (
    ("ru", False, False),
    ("ru", True, True),
    ("en", False, True),
    ("en", True, False),
)


@pytest.fixture
def cached_tickets() -> int:
    """Let the worker remember the tickets of the week: they go side by side."""
    return 100


@pytest.fixture
async def week(site: Site) -> tuple[Site, Numbers]:
    """Give the service after its week, with the tickets by what they show."""
    return site, await a_week(site)


async def test_no_page_has_a_barrier_that_axe_finds_and_none_scrolls_sideways(
    week: tuple[Site, Numbers],
) -> None:  # U17 F70
    site, numbers = week
    found: list[str] = []

    for language, dark, phone in LOOKS:
        for who in dict.fromkeys(scene.who for scene in SCENES):
            page = await site.open(who, phone=phone, language=language, dark=dark)
            for scene in (one for one in SCENES if one.who == who):
                look = f"{language}-{'dark' if dark else 'light'}-{'phone' if phone else 'desk'}"
                found += await _faults(page, scene, numbers, look)
            await page.context.close()

    assert "\n".join(found) == ""


async def _faults(page: Page, scene: Scene, numbers: Numbers, look: str) -> list[str]:
    answer = await page.goto(scene.path(numbers), wait_until="load")
    assert answer is not None
    if GALLERY:
        await _keep(page, Path(GALLERY) / f"{scene.name}-{look}.jpg")
    results = await Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}})
    told = [
        f"{scene.name} {look}: {one['id']} {node['target']} {node.get('failureSummary', '')}"
        for one in results.response["violations"]
        for node in one["nodes"][:3]
    ]
    status = answer.status
    wrong = [] if status == (404 if scene.name in MISSING else 200) else [f"status {status}"]
    wide = await page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    sideways = ["scrolls sideways"] if wide else []
    return [*told, *(f"{scene.name} {look}: {one}" for one in (*wrong, *sideways))]


async def _keep(page: Page, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=file, type="jpeg", quality=72, full_page=True)
