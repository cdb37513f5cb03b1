"""A week of support as the pages show it, and the list of all pages: for gallery and axe."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gateway import status_links
from storage import accounts, review_items
from tests.gateway.browser.conftest import Site

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f"
    b"\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff?\x00\x05\xfe\x02\xfe\xa75\x81\x84\x00\x00"
    b"\x00\x00IEND\xaeB`\x82"
)
Numbers = dict[str, str]


@dataclass(frozen=True)
class Scene:
    """One page: its name in the gallery, who looks at it, and where it is."""

    name: str
    who: str
    path: Callable[[Numbers], str]


@dataclass
class Week:
    """The week under way: what people do goes through the doors of the API."""

    site: Site
    keys: int = 0

    async def file(self, who: str, subject: str, description: str, **form: str) -> str:
        """Let a client file a request by the form."""
        self.keys += 1
        given = {"subject": subject, "description": description, **form}
        number = await self.site.api.file(who, f"week-{self.keys}", **given)
        await self.site.settle()
        return number

    async def give(self, who: str, number: str, kind: str, **body: Any) -> None:  # noqa: ANN401 - the command's own fields
        """Give a command on a ticket."""
        path = f"/api/tickets/{number}/commands/{kind}"
        answer = await self.site.api.post(who, path, json=body)
        assert answer.status_code in {200, 202}, answer.text
        await self.site.settle()

    async def write(self, who: str, number: str, text: str) -> None:
        """Let a client add something to a ticket."""
        self.keys += 1
        answer = await self.site.api.post(
            who,
            f"/api/tickets/{number}/messages",
            data={"text": text},
            files={"files": ("otbor.png", PNG, "image/png")},
            headers={"Idempotency-Key": f"week-{self.keys}"},
        )
        assert answer.status_code == 201, answer.text
        await self.site.settle()

    async def call(self, subject: str, description: str) -> str:
        """Let somebody whom nobody knows call; return the number that they hear."""
        called_at = self.site.api.parts.clock().isoformat()
        told = {"subject": subject, "description": description, "called_at": called_at}
        headers = {"Idempotency-Key": "week-call"}
        answer = await self.site.api.post(
            "sveta", "/api/requests/phone", json={**told, "name": "Игорь"}, headers=headers
        )
        assert answer.status_code == 201, answer.text
        await self.site.settle()
        return str(answer.json()["number"])

    async def until(self, day: str, clock: str) -> None:
        """Let the time pass."""
        await self.site.story.until(self.site.story.at(day, clock))


async def a_week(site: Site) -> Numbers:
    """Let a week of support happen; return the tickets by what they show."""
    week = Week(site)
    waiting = await week.file(
        "alla",
        "После обновления пропали права у диспетчеров",
        "После обновления до 5.14 диспетчеры не видят заявок своих домов. Роли не меняли.",
        product_version="5.14",
        criticality="normal",
    )
    deferred = await week.file(
        "bogdan", "Не строится график обхода для трёх корпусов", "График пуст для корпусов 2–4."
    )
    handed = await week.file(
        "alla",
        "Отчёт по заявкам за октябрь открывается пустым",
        "Открываю «Отчёты → Заявки за период», выбираю октябрь: таблица пустая.",
        platform_version="8.2",
        product_version="5.14",
        frequency="каждый раз",
    )
    closed = await week.file("bogdan", "Как настроить маршрут согласования", "Нужен третий шаг.")
    for number in (waiting, deferred, handed, closed):
        await week.give("sveta", number, "take", reason="Разбираю по порядку")
    await week.give(
        "sveta", waiting, "ask_client", text="Пришлите, пожалуйста, снимок окна «Роли»."
    )
    await week.give(
        "sveta", deferred, "defer", reason="R55", text="Нужна выгрузка графика за прошлую неделю."
    )
    await week.give(
        "sveta", handed, "hand_off", evidence="Пустой отбор значит «ни одного».", text="Передали."
    )
    await week.give("sveta", closed, "close", text="Третий шаг добавляется в «Маршрутах».")
    await week.until("tue", "10:40")
    working = await week.file(
        "alla", "Дублируются показания счётчиков при загрузке", "Каждая строка загружается дважды."
    )
    await week.give("stepan", working, "take", reason="Вёл прошлую такую же")
    await week.give("stepan", working, "note", text="У Беты то же самое? @sveta")
    await week.write("alla", working, "Снимок приложила: в поле «Объекты» пусто.")
    await week.give("stepan", working, "answer", text="Выберите «Все» в поле «Объекты».")
    await week.until("tue", "16:05")
    critical = await week.file(
        "bogdan",
        "Никто из сотрудников не может войти в программу",
        "При входе ошибка, работа стоит у всех.",
        criticality="critical",
    )
    await week.give(
        "sveta",
        critical,
        "confirm_criticality",
        criticality="critical",
        text="Работа остановлена у всех 14 пользователей",
    )
    declared = await week.file(
        "alla", "Не уходит рассылка жителям дома", "С утра ничего.", criticality="critical"
    )
    wish = await week.file("oleg", "Пожелание: печать QR-кода на наряде", "Хотим QR.", kind="wish")
    await week.until("tue", "18:30")
    night = await week.file("alla", "Ошибка при печати акта осмотра", "Печать прерывается.")
    await week.give("stepan", working, "answer", text="Проверьте, пожалуйста, ещё раз утром.")
    return {
        "stranger": await week.call("Не открывается отчёт", "Звонит впервые, договора не помнит."),
        "post": to_post(site),
        "waiting": waiting,
        "deferred": deferred,
        "handed": handed,
        "closed": closed,
        "working": working,
        "critical": critical,
        "declared": declared,
        "wish": wish,
        "night": night,
        "invitation": an_invitation(site),
        "link": a_link(site, waiting),
        "link_closed": a_link(site, closed),
    }


def to_post(site: Site) -> str:
    """Return the id of the letter that waits for ordinary mail."""
    with site.api.parts.database.transaction() as connection:
        waiting = review_items.list_open(connection)
    return next(str(item.id) for item in waiting if item.kind == "to_post")


def an_invitation(site: Site) -> str:
    """Invite somebody and return the secret of the link."""
    now = site.api.parts.clock()
    with site.api.parts.database.transaction() as connection:
        owner = accounts.find_owner(connection, "oleg", now)
        assert owner is not None
        return accounts.invite(connection, owner, now).plain


def a_link(site: Site, number: str) -> str:
    """Return the path behind the link of a ticket's letters."""
    parts = site.api.parts
    with parts.database.transaction() as connection:
        address = status_links.link(parts, connection, number, parts.clock())
    return address.removeprefix(parts.settings.site)


def at(path: str) -> Callable[[Numbers], str]:
    """Return a path that names no ticket, or names one as {night}."""
    return lambda numbers: path.format(**numbers)


SCENES = (
    Scene("front", "", at("/")),
    Scene("sign-in", "", at("/signin")),
    Scene("forgot", "", at("/signin/forgot")),
    Scene("forgot-asked", "", at("/signin/forgot?asked=1")),
    Scene("invitation", "", at("/invitation/{invitation}")),
    Scene("regulation", "", at("/regulation")),
    Scene("not-found", "", at("/nowhere")),
    Scene("call", "sveta", at("/intake/phone?who=%D0%90%D0%BB%D0%BB%D0%B0")),
    Scene("paper", "sveta", at("/intake/paper")),
    Scene("registered", "sveta", at("/intake/registered/{night}")),
    Scene("account", "sveta", at("/account")),
    Scene("queue", "sveta", at("/queue")),
    Scene("queue-mine", "stepan", at("/queue?list=mine")),
    Scene("search", "sveta", at("/search?q=%D0%BE%D1%82%D1%87%D1%91%D1%82")),
    Scene("review", "sveta", at("/review")),
    Scene("review-stranger", "sveta", at("/review/tickets/{stranger}")),
    Scene("review-letter", "sveta", at("/review/{post}/letter")),
    Scene(
        "bulk",
        "sveta",
        at("/queue/bulk?act=defer&number={working}&number={waiting}&number={night}"),
    ),
    Scene("replies", "sveta", at("/replies")),
    Scene("ticket", "stepan", at("/tickets/{working}")),
    Scene("ticket-waiting", "sveta", at("/tickets/{waiting}")),
    Scene("ticket-defer", "stepan", at("/tickets/{working}/do/defer")),
    Scene("ticket-close", "stepan", at("/tickets/{working}/do/close")),
    Scene("ticket-closed", "sveta", at("/tickets/{closed}")),
    Scene("development", "dev", at("/development")),
    Scene("head", "head", at("/head")),
    Scene("head-reaction", "head", at("/head/reaction")),
    Scene("head-order", "head", at("/head/order")),
    Scene("head-tickets", "head", at("/head/tickets?figure=arrived&period=week")),
    Scene("status", "", at("{link}")),
    Scene("status-closed", "", at("{link_closed}")),
    Scene("status-again", "", at("{link_closed}/again")),
    Scene("status-over", "", at("/s/{waiting}/forged")),
    Scene("cabinet", "alla", at("/cabinet")),
    Scene("cabinet-accepted", "alla", at("/cabinet/{night}/accepted")),
    Scene("cabinet-data", "alla", at("/cabinet/data")),
    Scene("cabinet-account", "alla", at("/account")),
    Scene("cabinet-new", "alla", at("/cabinet/new")),
    Scene("cabinet-waiting", "alla", at("/cabinet/{waiting}")),
    Scene("cabinet-deferred", "bogdan", at("/cabinet/{deferred}")),
    Scene("cabinet-closed", "bogdan", at("/cabinet/{closed}")),
    Scene("public-form", "", at("/request")),
)
