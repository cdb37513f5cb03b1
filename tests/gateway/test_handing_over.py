"""Handing to development in one form: the diagnosis and the handing over, each once (U13)."""

import pytest

from deploy.local.story import A_MOMENT, Story
from domain.events import TicketEvent
from storage import tickets
from tests.gateway.conftest import Api
from tests.gateway.test_ticket_page import Browser

TOLD = {"cause": "product_error", "by_user": "no", "tried": "Переустановили.", "found": "Отбор."}
HANDED = {"evidence": "1. Отчёты. 2. Октябрь.", "text": "", "key": "k1"}


@pytest.fixture
async def number(live: Api, story: Story) -> str:
    """Give a ticket that Света works on."""
    number = await live.file("alla")
    await story.until(story.world.clock() + A_MOMENT)
    taken = await live.post("sveta", f"/api/tickets/{number}/commands/take", json={})
    assert taken.status_code == 200, taken.text
    return number


def kinds(api: Api, number: str) -> list[str]:
    """Return what people did to a ticket since it was taken."""
    return [one.kind for one in journal(api, number) if one.kind in {"diagnosed", "handed_off"}]


def journal(api: Api, number: str) -> tuple[TicketEvent, ...]:
    """Return a ticket's journal."""
    with api.parts.database.transaction() as connection:
        return tickets.journal(connection, number)


async def test_one_form_gives_the_diagnosis_and_then_hands_over(
    live: Api, number: str
) -> None:  # R4 R17 R19 U13
    browser = Browser(live, "sveta")

    answer = await browser.post(f"/tickets/{number}/do/hand_off", **HANDED, **TOLD)

    assert answer.status_code == 303
    assert kinds(live, number) == ["diagnosed", "handed_off"]


async def test_the_form_sent_again_does_nothing_twice(live: Api, number: str) -> None:  # R19 law 2
    browser = Browser(live, "sveta")

    for _ in range(2):
        await browser.post(f"/tickets/{number}/do/hand_off", **HANDED, **TOLD)

    assert kinds(live, number) == ["diagnosed", "handed_off"]


async def test_after_a_stop_between_the_two_the_same_form_only_hands_over(
    live: Api, number: str
) -> None:  # R4 R19 law 2
    browser = Browser(live, "sveta")
    await live.post("sveta", f"/api/tickets/{number}/commands/diagnose", json=TOLD)

    answer = await browser.post(f"/tickets/{number}/do/hand_off", **HANDED, **TOLD)

    assert answer.status_code == 303
    assert kinds(live, number) == ["diagnosed", "handed_off"]


async def test_what_was_found_out_before_stands_in_the_form_and_is_not_kept_twice(
    live: Api, number: str
) -> None:  # R4 R17 U13
    browser = Browser(live, "sveta")
    await live.post("sveta", f"/api/tickets/{number}/commands/diagnose", json=TOLD)

    page = await browser.get(f"/tickets/{number}/do/hand_off")

    assert 'value="product_error" selected' in page.text
    assert 'value="no" selected' in page.text
    assert "Переустановили.</textarea>" in page.text
    assert "Отбор.</textarea>" in page.text


async def test_a_diagnosis_that_changed_since_is_kept_anew(
    live: Api, number: str
) -> None:  # R4 R17
    browser = Browser(live, "sveta")
    await live.post("sveta", f"/api/tickets/{number}/commands/diagnose", json=TOLD)

    await browser.post(
        f"/tickets/{number}/do/hand_off", **HANDED, **{**TOLD, "found": "Иной отбор."}
    )

    assert kinds(live, number) == ["diagnosed", "diagnosed", "handed_off"]


async def test_without_a_known_cause_the_ticket_is_handed_over_all_the_same(
    live: Api, number: str
) -> None:  # R19
    browser = Browser(live, "sveta")

    none = dict.fromkeys(TOLD, "")
    answer = await browser.post(f"/tickets/{number}/do/hand_off", **HANDED, **none)

    assert answer.status_code == 303
    assert kinds(live, number) == ["handed_off"]


@pytest.mark.parametrize(
    ("missing", "said"),
    [("cause", "Выберите класс причины"), ("tried", "do-tried-error"), ("found", "do-found-error")],
)
async def test_half_a_diagnosis_is_told_beside_its_field_and_nothing_is_done(
    live: Api, number: str, missing: str, said: str
) -> None:  # R4 law 10
    browser = Browser(live, "sveta")

    answer = await browser.post(f"/tickets/{number}/do/hand_off", **HANDED, **{**TOLD, missing: ""})

    assert answer.status_code == 422
    assert said in answer.text
    assert HANDED["evidence"] in answer.text
    assert kinds(live, number) == []


async def test_where_handing_over_is_refused_no_diagnosis_is_kept_either(
    live: Api, number: str
) -> None:  # R19 law 10
    browser = Browser(live, "sveta")
    await live.post("sveta", f"/api/tickets/{number}/commands/hand_off", json={"evidence": "Шаги."})

    answer = await browser.post(f"/tickets/{number}/do/hand_off", **{**HANDED, "key": "k2"}, **TOLD)

    assert answer.status_code == 422
    assert kinds(live, number) == ["handed_off"]


async def test_staff_see_on_the_ticket_how_it_stands_with_development(
    live: Api, number: str
) -> None:  # R19 R48 U13
    browser = Browser(live, "sveta")
    assert "ждём заключения" not in (await browser.get(f"/tickets/{number}")).text
    await browser.post(f"/tickets/{number}/do/hand_off", **HANDED, **TOLD)

    there = (await browser.get(f"/tickets/{number}")).text
    outcome = {"outcome": "fixed_in_release", "text": "Исправили.", "release": "5.15"}
    await live.post("dev", f"/api/tickets/{number}/commands/return_from_development", json=outcome)
    back = (await browser.get(f"/tickets/{number}")).text

    assert "Разработка: ждём заключения" in there
    assert "ошибка самого продукта" in there
    assert "Разработка: исправлено в выпуске" in back
    assert "5.15" in back
