"""What the tests in a real browser share: the whole service served on loopback, and Chromium."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright
from pydantic import SecretStr

from deploy.local.processes import LOOPBACK, free_port
from deploy.local.story import A_MOMENT, Story
from deploy.local.world import KEYS
from gateway.app import create_app
from gateway.pages.visitors import LANGUAGE, cookie_name
from storage import people, sessions
from tests.gateway.conftest import Api
from workflows.installation import Installation

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DESKTOP: ViewportSize = {"width": 1280, "height": 720}
PHONE: ViewportSize = {"width": 390, "height": 844}
QUIET = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@dataclass(frozen=True)
class Site:
    """The service as people with browsers reach it."""

    url: str
    api: Api
    story: Story
    app: FastAPI
    browser: Browser

    async def open(
        self,
        who: str = "",
        *,
        phone: bool = False,
        language: str = "ru",
        dark: bool = False,
        script: bool = True,
    ) -> Page:
        """Open a page of somebody's own browser, signed in where a login is named."""
        context = await self.browser.new_context(
            base_url=self.url,
            viewport=PHONE if phone else DESKTOP,
            locale=language,
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
        )
        context.set_default_timeout(10_000)
        await context.add_cookies([{"name": LANGUAGE, "value": language, "url": self.url}])
        if who:
            await self.sign_in(context, who)
        return await context.new_page()

    async def sign_in(self, context: BrowserContext, who: str) -> None:
        """Give the browser a session of this login."""
        name, plain = cookie_name(self.api.parts), self.session(who)
        await context.add_cookies([{"name": name, "value": plain, "url": self.url}])

    async def settle(self) -> None:
        """Let the processes, whose clock is behind the doors', do what is due by now.

        A moment more than that: a process begins a little after the moment that it is told.
        """
        await self.story.until(self.story.world.clock() + A_MOMENT)

    def session(self, who: str) -> str:
        """Begin a session of this login and return its secret."""
        now = self.api.parts.clock()
        with self.api.parts.database.transaction() as connection:
            member = people.find_staff(connection, who)
            user = people.find_user_by_login(connection, who, now.date())
            owner = member or user
            assert owner is not None
            return sessions.begin(connection, owner, now, "password")


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Give a running Chromium; without one the tests are skipped and say so."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        await browser.close()


Serve = Callable[[Api], Awaitable[Site]]


@pytest.fixture
async def serve(chromium: Browser, story: Story) -> AsyncIterator[Serve]:
    """Give the way to serve an application on loopback until the test is over."""
    running: list[tuple[uvicorn.Server, list[asyncio.Task[None]]]] = []

    async def serve(api: Api) -> Site:
        port = free_port()
        url = f"http://{LOOPBACK}:{port}"
        keys = {name: SecretStr(key.hex()) for name, key in KEYS.keys.items()}
        settings = Installation(signing_keys=keys, site=url)
        parts = replace(api.parts, settings=settings)
        app = create_app(parts)
        server = uvicorn.Server(uvicorn.Config(app, LOOPBACK, port, log_level="warning"))
        tasks = [
            asyncio.create_task(server.serve(), name="server"),
            asyncio.create_task(app.state.news.run(), name="news"),
        ]
        running.append((server, tasks))
        while not server.started:  # noqa: ASYNC110 - uvicorn tells it by this flag alone
            await asyncio.sleep(0.02)
        return Site(url, replace(api, parts=parts), story, app, chromium)

    yield serve
    for context in chromium.contexts:
        await context.close()
    for server, tasks in running:
        server.config.app.state.news.close()  # type: ignore[union-attr]  # ours is a FastAPI
        server.should_exit = True
        await tasks[0]
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def site(serve: Serve, live: Api) -> Site:
    """Give the whole service in a browser, on a Monday at 11:00."""
    return await serve(live)


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Give a folder for screenshots of this test."""
    folder = tmp_path / "shots"
    folder.mkdir()
    return folder
