"""Several tickets at once: shown before, answered for each, never twice (U10)."""

import pytest
from playwright.async_api import Page
from typing_extensions import override

from domain.terms import Status
from gateway.orders import KEPT, Carried, Orders
from tests.gateway.browser.conftest import Site
from workflows.messages import Order


@pytest.fixture
def cached_tickets() -> int:
    """Let the worker remember the tickets: they go side by side."""
    return 100


async def tickets(site: Site, *whose: str) -> list[str]:
    """File a ticket for each of these clients; return their numbers."""
    filed = [await site.api.file(who, f"k{place}") for place, who in enumerate(whose)]
    await site.settle()
    return filed


async def take(site: Site, *numbers: str) -> None:
    """Let Sveta take these tickets."""
    for number in numbers:
        path = f"/api/tickets/{number}/commands/take"
        taken = await site.api.post("sveta", path, json={"reason": "Разбираю вместе"})
        assert taken.status_code == 200, taken.text


def asked(act: str, numbers: list[str]) -> str:
    """Return the address at which the queue asks for this."""
    return f"/queue/bulk?act={act}&" + "&".join(f"number={number}" for number in numbers)


async def row_of(page: Page, number: str) -> str:
    """Return what the row of a ticket says."""
    return await page.get_by_role("row").filter(has_text=number).inner_text()


async def test_several_tickets_go_to_a_colleague_at_one_press(site: Site) -> None:  # U10 R5
    numbers = await tickets(site, "alla", "bogdan", "alla")
    page = await site.open("sveta")
    await page.goto(asked("assign", numbers))

    await page.get_by_label("Кому").select_option("stepan")
    await page.get_by_role("button", name="Передать заявки: 3").click()

    await page.get_by_text("Сделано: 3.").wait_for()
    specialists = {site.story.ticket(number).specialist for number in numbers}
    assert len(specialists) == 1
    assert specialists != {""}


async def test_what_cannot_be_deferred_is_told_before_and_stays_as_it_was(
    site: Site,
) -> None:  # U10 R54 R55 R45
    ready, waiting = await tickets(site, "alla", "bogdan")
    await take(site, ready)
    page = await site.open("sveta")

    await page.goto(asked("defer", [ready, waiting, "PS-000999"]))

    assert "alla@alpha.example" in await row_of(page, ready)
    assert "нельзя" in await row_of(page, waiting)
    assert "такой заявки нет" in await row_of(page, "PS-000999")
    await page.get_by_role("radio", name="R55").check()
    await page.get_by_label("Что именно нужно").fill("Нужна выгрузка.")
    await page.get_by_role("button", name="Отложить и поставить письма: 1").click()
    await page.get_by_text("Сделано: 1.").wait_for()
    assert site.story.ticket(ready).status is Status.DEFERRED
    assert site.story.ticket(waiting).status is Status.IN_QUEUE


async def test_duplicates_join_the_first_and_a_strangers_ticket_does_not(
    site: Site,
) -> None:  # U10 R6
    first, second, others = await tickets(site, "alla", "alla", "bogdan")
    page = await site.open("sveta")

    await page.goto(asked("merge", [second, first, others]))

    assert await page.get_by_label("Номер заявки").input_value() == first
    assert "к ней присоединятся остальные" in await row_of(page, first)
    assert "разных клиентов" in await row_of(page, others)
    await page.get_by_label("Почему это одно и то же").fill("Один и тот же отчёт.")
    await page.get_by_role("button", name="Присоединить заявки: 1").click()
    await page.get_by_text("Сделано: 1.").wait_for()
    assert site.story.ticket(second).merged_into == first
    assert not site.story.ticket(others).merged_into


async def test_typed_words_survive_a_flaw_and_nothing_is_done(site: Site) -> None:  # U10 law 10
    first, second = await tickets(site, "alla", "alla")
    page = await site.open("sveta", script=False)
    await page.goto(asked("merge", [first, second]))

    await page.get_by_label("Номер заявки").fill("PS-000777")
    await page.get_by_label("Почему это одно и то же").fill("Один отчёт.")
    await page.get_by_role("button", name="Присоединить заявки").click()

    assert await page.get_by_text("Ничего не сделано.").is_visible()
    assert await page.get_by_label("Почему это одно и то же").input_value() == "Один отчёт."
    assert await page.locator("#into-error").is_visible()
    assert not site.story.ticket(second).merged_into


async def test_the_same_form_sent_again_does_nothing_twice(site: Site) -> None:  # law 2
    numbers = await tickets(site, "alla", "bogdan")
    await take(site, *numbers)
    page = await site.open("sveta", script=False)
    await page.goto(asked("await_release", numbers))
    await page.get_by_label("Какого выпуска ждать").fill("5.15")
    await page.get_by_role("button", name="Поставить в ожидание: 2").click()
    assert await page.get_by_text("Сделано: 2.").is_visible()

    await page.reload()

    assert await page.get_by_text("Сделано: 2.").is_visible()
    for number in numbers:
        assert site.story.kinds(number).count("release_awaited") == 1


async def test_no_more_than_fifty_go_at_once_and_the_page_says_so(site: Site) -> None:  # U10
    page = await site.open("sveta")

    await page.goto(asked("assign", [f"PS-{number:06}" for number in range(51)]))

    assert await page.get_by_text("Выбрано заявок: 51; за один раз — не больше 50.").is_visible()
    assert await page.get_by_role("row").count() == 51


async def test_what_the_engine_does_not_answer_is_kept_and_told_as_kept(
    site: Site,
) -> None:  # law 10
    (number,) = await tickets(site, "alla")
    site.app.state.orders = Keeping(site.api.parts)
    page = await site.open("sveta")
    await page.goto(asked("assign", [number]))

    await page.get_by_label("Кому").select_option("stepan")
    await page.get_by_role("button", name="Передать заявки: 1").click()

    await page.get_by_text("Повторять не нужно.").wait_for()
    assert "ждёт процесса" in await row_of(page, number)


class Keeping(Orders):
    """The way to an engine that does not answer."""

    @override
    async def give(self, number: str, order: Order) -> Carried:
        """Keep the order."""
        assert order.key
        assert number
        return KEPT


async def test_nothing_chosen_is_told_in_words(site: Site) -> None:  # U10
    page = await site.open("sveta")

    await page.goto("/queue/bulk?act=defer")

    assert await page.get_by_text("Ни одна заявка не выбрана.").is_visible()
