"""Whatever strangers send, a reader's browser runs none of it and asks nobody else for anything.

Carries out R41, R42, Q14. Every page that can show what came is opened, and everything on it that
can be unfolded, before a watch. A new page: one line in the list of whoever sees it.
"""

import re
from datetime import datetime
from http import HTTPStatus

import pytest
from playwright.async_api import Error, Page
from sqlalchemy import text

from gateway.sorting import Sorter
from storage import raw_letters
from storage.raw_letters import Arrival
from tests.gateway.browser.conftest import Site
from tests.gateway.browser.hostile import BREAK, EVIL, SCRIPT, Watch, files, letter
from tests.gateway.browser.scenes import to_post

STAFF = (
    *("/tickets/{mail}", "/tickets/{web}", "/tickets/{call}", "/tickets/{stranger}"),
    *("/queue", "/queue?list=mine", "/search?q=evil", "/search?q={mail}", "/review"),
    *("/intake/registered/{mail}", "/intake/registered/{call}", "/review/tickets/{stranger}"),
    *("/tickets/{mail}/do/defer", "/tickets/{mail}/do/identify", "/tickets/{mail}/similar"),
    *("/intake/phone?who=%3Cscript%3E", "/tickets/{mail}/messages/{message}/html"),
    *("/intake/callers?who=evil", "/search/suggestions?q=evil", "/tickets/{mail}/do/close"),
    *("/queue/bulk?act=defer&number={mail}&number={web}", "/queue?list=in_development"),
    *("/queue/bulk?act=merge&number={mail}&number={web}", "/review/{post}/letter"),
)
HEAD = (
    *("/head", "/head/reaction?by=client", "/head/order", "/head/tickets?figure=taken"),
    *("/head/tickets?figure=arrived", "/tickets/{mail}", "/queue?list=open"),
)
DEVELOPMENT = ("/development", "/tickets/{web}")
CLIENT = (
    *("/cabinet", "/cabinet/{mail}", "/cabinet/{web}", "/cabinet/{call}"),
    *("/cabinet/data", "/cabinet/{web}/accepted", "/cabinet?q=evil", "/cabinet/{web}/head"),
    *("/cabinet/{web}/withdraw", "/cabinet/{mail}/head"),
)
LINK = ("{link}", "{link}/head", "{link}/withdraw")
BY = (("sveta", STAFF), ("head", HEAD), ("dev", DEVELOPMENT), ("alla", CLIENT), ("", LINK))
UNFOLD = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
REACH = "window.scrollTo(0, document.body.scrollHeight)"


@pytest.fixture
def cached_tickets() -> int:
    """Let the worker remember the tickets: they go side by side."""
    return 100


@pytest.fixture
async def hostile(site: Site) -> dict[str, str]:
    """Let hostile matters come by every door; return what the addresses need."""
    await by_mail(site, "alla@alpha.example", "someone@evil.example")
    web = await by_form(site)
    await by_phone(site)
    await by_a_stranger_on_the_phone(site)
    await site.settle()
    await out_of_turn_to_development(site, web)
    rows = (await site.api.get("alla", "/api/tickets")).json()
    mail, call = (
        next(row["number"] for row in rows if row["channel"] == channel)
        for channel in ("email", "phone")
    )
    shown = (await site.api.get("sveta", f"/api/tickets/{mail}")).json()
    stranger = next(row for row in await queue(site) if row not in {mail, web, call})
    post = to_post(site)
    letters = site.story.mailbox("alla@alpha.example")
    link = next(
        re.findall(rf"/s/{mail}/[^\s>]+", one.text)[0] for one in letters if mail in one.text
    )
    known = {"mail": mail, "web": web, "call": call, "stranger": stranger, "link": link}
    return {**known, "post": post, "message": str(shown["messages"][0]["id"])}


async def by_mail(site: Site, *senders: str) -> None:
    """Let letters come as a door keeps them, and be filed."""
    parts = site.api.parts
    with parts.database.transaction() as connection:
        for sender in senders:
            raw_letters.keep(connection, arrived(sender, parts.clock()))
    await Sorter(parts.database, parts.desk).sort()


def arrived(sender: str, at: datetime) -> Arrival:
    """Return a hostile letter as a door keeps it."""
    return Arrival(content=letter(sender), door="lmtp", received_at=at, envelope_from=sender)


async def by_form(site: Site) -> str:
    """File a request by the cabinet's form, every word of it hostile."""
    page = await site.open("alla")
    await page.goto("/cabinet/new")
    await page.get_by_label("О чём вопрос?").fill(BREAK[:180])
    await page.get_by_label("Что произошло или что нужно узнать").fill(BREAK)
    given = [{"name": name, "mimeType": kind, "buffer": raw} for name, raw, kind in files()]
    await page.locator("input[type=file]").set_input_files(given)  # type: ignore[arg-type]  # dicts of its shape
    await page.get_by_role("button", name="Отправить заявку").click()
    await page.wait_for_url("**/accepted")
    return page.url.split("/")[-2]


async def by_phone(site: Site) -> None:
    """Register a call, every word of it hostile."""
    page = await site.open("sveta")
    await page.goto("/intake/phone?who=alla")
    await page.get_by_label("Тема, одной фразой").fill(BREAK[:180])
    await page.get_by_label("Что случилось или что нужно узнать").fill(BREAK)
    await page.get_by_role("button", name="Зарегистрировать звонок").click()
    await page.wait_for_url("**/intake/registered/**")


async def by_a_stranger_on_the_phone(site: Site) -> None:
    """Register the call of somebody who has no address: our letter to them is to be printed."""
    called_at = site.api.parts.clock().isoformat()
    called = {"subject": BREAK, "description": BREAK, "name": BREAK[:200], "called_at": called_at}
    headers = {"Idempotency-Key": "stranger"}
    answer = await site.api.post("sveta", "/api/requests/phone", json=called, headers=headers)
    assert answer.status_code == 201, answer.text


async def out_of_turn_to_development(site: Site, number: str) -> None:
    """Take a ticket that is not the first and hand it off, in words as hostile as its own."""
    for kind, body in (("take", {"reason": BREAK}), ("hand_off", {"evidence": BREAK})):
        path = f"/api/tickets/{number}/commands/{kind}"
        answer = await site.api.post("sveta", path, json=body)
        assert answer.status_code == 200, answer.text
        await site.settle()


async def queue(site: Site) -> list[str]:
    """Return the numbers of the tickets that there are."""
    with site.api.parts.database.transaction() as connection:
        return list(
            connection.execute(text("SELECT number FROM tickets ORDER BY number")).scalars()
        )


async def look(page: Page, watch: Watch, path: str) -> list[str]:
    """Open a page and all that is folded in it; return what ran."""
    answer = await page.goto(path)
    assert answer is not None
    assert answer.status == HTTPStatus.OK, path
    await page.evaluate(UNFOLD)
    await page.evaluate(REACH)
    await page.wait_for_load_state("load")
    return [f"{path}: {mark}" for mark in await watch.marks(page)]


async def test_nothing_that_strangers_send_runs_or_asks_for_anything(
    site: Site, hostile: dict[str, str]
) -> None:  # R41 R42 Q14
    found: list[str] = []

    for who, paths in BY:
        page, watch = await site.open(who), Watch(site.url)
        watch.over(page.context)
        for path in paths:
            found += await look(page, watch, path.format(**hostile))
            found += [f"{path}: {one}" for one in watch.seen]
            watch.seen.clear()

    assert found == []


async def test_what_strangers_attach_is_only_ever_downloaded(
    site: Site, hostile: dict[str, str]
) -> None:  # R42 Q14
    found: list[str] = []

    for who, path in (("sveta", "/tickets/{mail}"), ("alla", "/cabinet/{web}"), ("", "{link}")):
        page, watch = await site.open(who), Watch(site.url)
        watch.over(page.context)
        await page.goto(path.format(**hostile))
        for address in await addresses(page, "a[download]"):
            found += await flaws_of_a_download(page, address)
        for address in await addresses(page, ".pictures img", "src"):
            found += await flaws_of_a_picture(page, watch, address)
        # A picture alone is shown by a page of the browser's own, whose style our policy stops.
        found += [one for one in watch.seen if "style-src" not in one]

    assert found == []


async def test_the_watch_sees_what_runs_and_what_is_asked_for(site: Site) -> None:  # Q14
    page, watch = await site.open(), Watch(site.url)
    watch.over(page.context)

    await page.set_content(f"<img src='{EVIL}/pixel.png'>{SCRIPT}")

    assert await watch.marks(page) != []
    assert {one.partition(" ")[0] for one in watch.seen} >= {"asked", "said", "opened"}


async def addresses(page: Page, of: str, attribute: str = "href") -> list[str]:
    """Return the different addresses that a page names; there are some."""
    named = await page.locator(of).evaluate_all(
        "(all, name) => all.map((one) => one[name])", attribute
    )
    assert named, page.url
    return list(dict.fromkeys(named))


async def flaws_of_a_download(page: Page, address: str) -> list[str]:
    """Return what is wrong with a file's address: it is taken down, never shown."""
    answer = await page.context.request.get(address)
    said = answer.headers
    wrong = [
        name
        for name, holds in (
            ("status", answer.status == HTTPStatus.OK),
            ("attachment", said["content-disposition"].startswith("attachment;")),
            ("nosniff", said["x-content-type-options"] == "nosniff"),
            ("sandbox", "sandbox" in said["content-security-policy"]),
            ("type", "html" not in said["content-type"] and "svg" not in said["content-type"]),
        )
        if not holds
    ]
    with pytest.raises(Error, match="Download is starting"):
        await page.goto(address)
    return [f"{address}: {name}" for name in wrong]


async def flaws_of_a_picture(page: Page, watch: Watch, address: str) -> list[str]:
    """Return what is wrong with a picture's address: drawn anew, or told in words."""
    answer = await page.goto(address)
    assert answer is not None
    body = await answer.body() if answer.status == HTTPStatus.OK else b""
    kinds = {"image/png", "image/jpeg", "image/gif", "text/html; charset=utf-8"}
    has_page = b"<script" in body or b"<svg" in body
    is_wrong = answer.headers["content-type"] not in kinds or has_page
    return [*await watch.marks(page), *([f"{address}: {answer.headers}"] if is_wrong else [])]
