"""What a machine cannot decide, before people in a browser: each with its ticket and a way out."""

from playwright.async_api import Page

from domain.terms import Status
from storage import letters, raw_letters, review_items
from storage.raw_letters import Arrival
from storage.review_items import Kind
from tests.gateway.browser.conftest import Site


def put(site: Site, kind: Kind, reason: str, number: str | None = None) -> int:
    """Put a matter before people."""
    with site.api.parts.database.transaction() as connection:
        return review_items.add(connection, kind, reason=reason, number=number)


async def call_of_a_stranger(site: Site, **told: str) -> str:
    """Register the call of somebody whom nobody knows; return its number."""
    called = {
        "subject": "Не открывается отчёт",
        "description": "Звонит впервые, договора не помнит.",
        "called_at": site.api.parts.clock().isoformat(),
        **told,
    }
    headers = {"Idempotency-Key": "call"}
    answer = await site.api.post("sveta", "/api/requests/phone", json=called, headers=headers)
    assert answer.status_code == 201, answer.text
    await site.settle()
    return str(answer.json()["number"])


async def names_of(page: Page, role: str = "button") -> list[str]:
    """Return what the buttons or links of the list say."""
    return await page.locator("#review article").get_by_role(role).all_inner_texts()  # type: ignore[arg-type]  # one of the roles that it knows


async def test_a_stranger_is_joined_to_a_client_found_by_what_they_told(
    site: Site,
) -> None:  # Q12 R32 F14
    number = await call_of_a_stranger(site, name="Алла")
    page = await site.open("sveta")
    await page.goto("/review")

    await page.get_by_role("link", name="Определить отправителя").click()
    await page.get_by_role("radio", name="Алла").check()
    await page.get_by_role("button", name="Связать с клиентом").click()

    await page.get_by_text("Клиент указан: заявка встаёт в очередь.").wait_for()
    await site.settle()
    assert site.story.ticket(number).status is Status.IN_QUEUE
    await page.goto("/review")
    assert await page.locator(f"#who-{number}").count() == 0


async def test_a_search_for_a_stranger_keeps_to_its_page_and_a_wrong_login_is_told(
    site: Site,
) -> None:  # Q12 U14
    number = await call_of_a_stranger(site, name="Неизвестный")
    page = await site.open("sveta")
    await page.goto(f"/review/tickets/{number}")
    assert await page.get_by_role("button", name="Связать с клиентом").count() == 0

    await page.get_by_label("Логин, фамилия, телефон или организация").fill("бета")
    await page.get_by_role("radio", name="Богдан").check()
    await page.get_by_role("radio", name="Богдан").evaluate("radio => radio.value = 'nobody'")
    await page.get_by_role("button", name="Связать с клиентом").click()

    search = page.get_by_label("Логин, фамилия, телефон или организация")
    assert await search.input_value() == "бета"
    assert await page.locator("#login-error").is_visible()
    assert site.story.ticket(number).status is Status.IDENTIFICATION


async def test_a_stranger_who_cannot_be_served_is_told_why(site: Site) -> None:  # R32 Q12
    number = await call_of_a_stranger(site, name="Игорь", email="igor@nowhere.example")
    page = await site.open("sveta")
    await page.goto(f"/review/tickets/{number}")

    await page.get_by_role("heading", name="Обслужить нельзя").click()
    await page.get_by_label("Почему обслужить нельзя").fill("Договора о поддержке у вас нет.")
    await page.get_by_role("button", name="Ответить и закрыть").click()

    await page.get_by_text("отправитель получит письмо, почему её нельзя обслужить").wait_for()
    await site.settle()
    told = site.story.mailbox("igor@nowhere.example")
    assert any("Договора о поддержке у вас нет." in letter.text for letter in told)


async def test_a_letter_to_post_is_printed_alone_and_then_marked_as_sent(
    site: Site,
) -> None:  # Q9 R33
    number = await call_of_a_stranger(site, name="Игорь")
    page = await site.open("sveta")
    await page.goto("/review?kind=to_post")

    await page.get_by_role("link", name="Распечатать письмо").click()
    await page.get_by_role("button", name="Распечатать").wait_for()
    await page.emulate_media(media="print")
    assert await page.locator(".sheet").get_by_text(number).first.is_visible()
    assert not await page.locator(".band").is_visible()
    assert not await page.get_by_role("button", name="Отправлено обычной почтой").is_visible()
    await page.emulate_media(media="screen")
    await page.get_by_role("button", name="Отправлено обычной почтой").click()

    await page.get_by_text("Отмечено: письмо отправлено обычной почтой.").wait_for()
    with site.api.parts.database.transaction() as connection:
        (letter,) = letters.list_for(connection, number)
    assert letter["state"] == "accepted"


async def test_of_two_people_who_settle_the_second_reads_that_it_is_settled(
    site: Site,
) -> None:  # Q8 law 2
    id_ = put(site, "undeliverable", "5.1.1")
    first, second = await site.open("sveta", script=False), await site.open("ops", script=False)
    for page in (first, second):
        await page.goto("/review")

    await first.get_by_role("button", name="Клиент предупреждён").click()
    await second.get_by_role("button", name="Клиент предупреждён").click()

    assert await first.get_by_text("Снято.").is_visible()
    assert await second.get_by_text("Этот пункт уже снят").is_visible()
    with site.api.parts.database.transaction() as connection:
        assert id_ not in {item.id for item in review_items.list_open(connection)}


async def test_a_new_matter_comes_by_itself_and_one_settled_elsewhere_goes(
    site: Site,
) -> None:  # Q9 law 1
    page = await site.open("sveta")
    await page.goto("/review")
    assert await page.get_by_text("Разбирать нечего.").is_visible()

    id_ = put(site, "undeliverable", "5.1.1")
    await page.get_by_role("button", name="Клиент предупреждён").wait_for()
    await site.api.post("ops", f"/api/review/{id_}/settle")

    await page.get_by_text("Разбирать нечего.").wait_for()


async def test_operations_see_what_waits_without_the_words_of_clients(
    site: Site,
) -> None:  # R2 R28
    stranger = await call_of_a_stranger(site, name="Игорь Секретный")
    put(site, "unreadable", "нет заголовков")
    put(site, "possible_link", "PS-000009", stranger)
    page = await site.open("ops")

    await page.goto("/review")

    assert "Секретный" not in await page.locator("#review").inner_text()
    assert "Не открывается отчёт" not in await page.locator("#review").inner_text()
    assert sorted(await names_of(page)) == [
        "Отправлено обычной почтой",
        "Снять без заявки",
        "Это разные заявки",
    ]
    answer = await page.goto(f"/review/tickets/{stranger}")
    assert answer is not None
    assert answer.status == 403


async def test_an_unreadable_letter_becomes_a_ticket_at_one_press(site: Site) -> None:  # R28 F8
    raw = b"From: Anna <alla@alpha.example>\r\nSubject: deep\r\n\r\nbody"
    with site.api.parts.database.transaction() as connection:
        arrival = Arrival(content=raw, door="lmtp", received_at=site.api.parts.clock())
        raw_id = raw_letters.keep(connection, arrival)
        review_items.add(connection, "unreadable", reason="не письмо", raw_id=raw_id)
    page = await site.open("sveta")
    await page.goto("/review")

    async with page.expect_download() as download:
        await page.get_by_role("link", name="Скачать письмо").click()
    await page.get_by_role("button", name="Завести заявку").click()

    await page.wait_for_url("**/tickets/PS-*")
    taken = await (await download.value).path()
    assert taken.read_bytes() == raw
