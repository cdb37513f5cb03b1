"""Calls and paper letters as staff register them in a browser: one screen, a number at once."""

from pathlib import Path

from tests.gateway.browser.conftest import Site
from tests.gateway.browser.scenes import PNG


async def test_a_call_is_registered_in_one_screen_and_the_caller_hears_the_number(
    site: Site,
) -> None:  # R30 R33 U14 Q10
    page = await site.open("sveta")
    await page.goto("/intake/phone")

    await page.get_by_label("Логин, фамилия, телефон или организация").fill("алл")
    await page.get_by_label("Алла").check()
    await page.get_by_label("Что случилось или что нужно узнать").fill("Не печатается акт.")
    await page.keyboard.press("Control+Enter")

    await page.wait_for_url("**/intake/registered/*")
    number = page.url.rpartition("/")[2]
    assert await page.get_by_role("heading", name=f"Номер {number}").is_visible()
    await site.settle()
    await page.get_by_text("Подтверждение: alla@alpha.example").wait_for()
    assert [letter.subject for letter in site.story.mailbox("alla@alpha.example")] == [
        f"[{number}] Принята: Не печатается акт."
    ]


async def test_a_call_without_words_is_not_registered_and_nothing_typed_is_lost(
    site: Site,
) -> None:  # R30 U14
    page = await site.open("sveta", script=False)
    await page.goto("/intake/phone")
    await page.get_by_label("Телефон для связи").fill("8 800 000")
    await page.get_by_label("Тема, одной фразой").fill("Печать")
    await page.locator("form[action='/intake/phone']").evaluate("form => form.noValidate = true")

    await page.get_by_role("button", name="Зарегистрировать звонок").click()

    assert await page.get_by_text("Звонок ещё не зарегистрирован.").is_visible()
    assert await page.get_by_label("Телефон для связи").input_value() == "8 800 000"
    assert await page.get_by_label("Тема, одной фразой").input_value() == "Печать"


async def test_a_double_click_registers_one_call(site: Site) -> None:  # R30 law 2
    page = await site.open("sveta")
    await page.goto("/intake/phone")
    await page.get_by_label("Что случилось или что нужно узнать").fill("Не печатается акт.")

    await page.get_by_role("button", name="Зарегистрировать звонок").dblclick()

    await page.wait_for_url("**/intake/registered/*")
    answer = await site.api.get("sveta", "/api/tickets")
    assert len(answer.json()) == 1


async def test_a_paper_letter_that_lacks_a_requisite_waits_for_identification_with_its_scan(
    site: Site, tmp_path: Path
) -> None:  # R31 R32 U14 Q9
    scan = tmp_path / "письмо.png"
    scan.write_bytes(PNG)
    page = await site.open("sveta")
    await page.goto("/intake/paper")

    await page.get_by_label("Скан письма").set_input_files(scan)
    await page.get_by_label("Тема, одной фразой").fill("Просят восстановить доступ")
    await page.get_by_label("О чём письмо").fill("Директор просит восстановить доступ.")
    await page.get_by_label("Название организации").check()
    await page.get_by_label("Суть обращения").check()
    await page.get_by_role("button", name="Зарегистрировать письмо").click()

    await page.wait_for_url("**/intake/registered/*")
    await page.get_by_text("Клиента нужно определить").wait_for()
    assert await page.get_by_text("Договор, Кто подписал, Обратный адрес").is_visible()
    await site.settle()
    await page.get_by_text("Подтверждение нужно отправить обычной почтой").wait_for()
    number = page.url.rpartition("/")[2]
    ticket = (await site.api.get("sveta", f"/api/tickets/{number}")).json()
    assert ticket["status"] == "identification"
    assert [file["name"] for file in ticket["messages"][0]["files"]] == ["письмо.png"]
