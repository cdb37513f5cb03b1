"""What the tests of the ticket's page share: a ticket at work, and a specialist before it."""

from dataclasses import dataclass
from datetime import timedelta

from playwright.async_api import Locator, Page

from tests.gateway.browser.conftest import Site

A_MOMENT = timedelta(seconds=2)
HELD = timedelta(seconds=31)


@dataclass(frozen=True)
class Desk:
    """A specialist's page of one ticket."""

    site: Site
    page: Page
    number: str

    async def write(self, words: str, kind: str = "answer") -> None:
        """Type a letter and send it off."""
        await self.page.get_by_label("Вид").select_option(kind)
        await self.page.get_by_label("Текст письма").fill(words)
        await self.page.locator("#write button.main").click()

    def stands(self, state: str) -> Locator:
        """Return the tag of the head that names this state."""
        return self.page.locator("#state").get_by_text(state, exact=True)

    def letter(self, words: str) -> Locator:
        """Return the letter or note of the conversation that says so."""
        return self.page.locator("#talk article", has_text=words)

    async def client_writes(self, words: str) -> None:
        """Let the client's message come."""
        await self.site.story.client_writes(self.number, words)

    async def until(self, day: str, clock: str) -> None:
        """Let the time pass; whoever sits here signs in anew, for a night ends a session."""
        await self.site.story.until(self.site.story.at(day, clock))
        await self.site.sign_in(self.page.context, "sveta")
        await self.open()

    async def open(self) -> None:
        """Open the page anew."""
        await self.page.goto(f"/tickets/{self.number}")


async def a_ticket_at_work(site: Site, who: str = "sveta", **form: str) -> Desk:
    """File a ticket, take it, and open its page."""
    number = await site.api.file("alla", **form)
    await pass_time(site, A_MOMENT)
    taken = await site.api.post(who, f"/api/tickets/{number}/commands/take", json={})
    assert taken.status_code == 200, taken.text
    await pass_time(site, A_MOMENT)
    page = await site.open(who)
    await page.goto(f"/tickets/{number}")
    return Desk(site, page, number)


async def pass_time(site: Site, long: timedelta) -> None:
    """Let some time pass for the service; its processes then stand at the story's moment."""
    await site.story.until(site.story.world.clock() + long)
