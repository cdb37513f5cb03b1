"""Every page in both languages, light and dark, large and small: accessible, whole, and looked at.

With `PROFMAN_GALLERY` set to a folder the pages are kept there as pictures (`poe gallery`).
"""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from tests.gateway.browser.conftest import DESKTOP, PHONE, Site
from tests.gateway.browser.scenes import SCENES, Numbers, Scene, a_week

GALLERY = os.environ.get("PROFMAN_GALLERY", "")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
MISSING = frozenset({"not-found", "status-over"})
# What depends on colours and sizes; all else was found when the page was opened.
OF_THE_LOOK = ["color-contrast", "target-size", "link-in-text-block"]
Rules = dict[str, object]


@dataclass(frozen=True)
class Look:
    """How a page is looked at."""

    language: str
    is_dark: bool
    is_phone: bool

    @property
    def name(self) -> str:
        """Return its part of a picture's name."""
        shade, size = "dark" if self.is_dark else "light", "phone" if self.is_phone else "desk"
        return f"{self.language}-{shade}-{size}"


# Each page is opened in the first look of a language and turned into the second as it stands.
LOOKS = (
    (Look("ru", is_dark=False, is_phone=False), Look("ru", is_dark=True, is_phone=True)),
    (Look("en", is_dark=False, is_phone=True), Look("en", is_dark=True, is_phone=False)),
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

    for first, second in LOOKS:
        for who in dict.fromkeys(scene.who for scene in SCENES):
            page = await site.open(who, phone=first.is_phone, language=first.language)
            for scene in (one for one in SCENES if one.who == who):
                await _turn(page, first)
                found += await _opened(page, scene, numbers)
                found += await _faults(page, scene, first, {"type": "tag", "values": WCAG})
                await _turn(page, second)
                found += await _faults(page, scene, second, {"type": "rule", "values": OF_THE_LOOK})
            await page.context.close()

    assert "\n".join(found) == ""


async def _turn(page: Page, look: Look) -> None:
    await page.emulate_media(color_scheme="dark" if look.is_dark else "light")
    await page.set_viewport_size(PHONE if look.is_phone else DESKTOP)


async def _opened(page: Page, scene: Scene, numbers: Numbers) -> list[str]:
    answer = await page.goto(scene.path(numbers), wait_until="load")
    assert answer is not None
    is_well = answer.status == (404 if scene.name in MISSING else 200)
    return [] if is_well else [f"{scene.name}: status {answer.status}"]


async def _faults(page: Page, scene: Scene, look: Look, rules: Rules) -> list[str]:
    if GALLERY:
        await _keep(page, Path(GALLERY) / f"{scene.name}-{look.name}.jpg")
    results = await Axe().run(page, options={"runOnly": rules, "resultTypes": ["violations"]})
    told = [
        f"{one['id']} {node['target']} {node.get('failureSummary', '')}"
        for one in results.response["violations"]
        for node in one["nodes"][:3]
    ]
    wide = await page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    sideways = ["scrolls sideways"] if wide else []
    return [f"{scene.name} {look.name}: {one}" for one in (*told, *sideways)]


async def _keep(page: Page, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=file, type="jpeg", quality=60, full_page=True)
