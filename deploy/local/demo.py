"""A long weekend of support in under a minute: real letters in, the service at work, letters out.

The story goes over a working Saturday and the days off after it. Told by what really arrived at
the mail server and what really stands in the register.
"""

import asyncio
from datetime import datetime
from itertools import count
from typing import Any

from deploy.local import demo_letters as post
from deploy.local import demo_report
from deploy.local.demo_letters import ANNA, IRINA, OLEG, PAVEL, STRANGER_ON_SADOVAYA
from deploy.local.stage import Stage, moscow, stage
from domain.calendar import MOSCOW, ONE_DAY, Calendar
from mail.reading import read

SPECIALIST, HEAD, DEVELOPER = "sokol", "head", "devel"
SATURDAY = 5
CALENDAR_HORIZON = 500
QUESTION = (
    "1. Какая версия указана в меню «О программе»?\n2. Открывается ли отчёт за другой период?"
)


class NoWorkingSaturdayError(RuntimeError):
    """The calendar knows of no working Saturday ahead."""


def run() -> None:
    """Play the story and print it."""
    asyncio.run(_play())


async def _play() -> None:
    async with stage() as service:
        days = story_days(service.world.rules().calendar, service.world.clock())
        await Story(service, days).play()
        for line in await demo_report.report(service):
            print(line)  # noqa: T201 - the demo's whole point


def story_days(calendar: Calendar, now: datetime) -> list[datetime]:
    """Return the Thursday before the next working Saturday and the working days from then on.

    Raises:
        NoWorkingSaturdayError: when none is known.

    """
    days = [now.astimezone(MOSCOW) + ONE_DAY * ahead for ahead in range(4, CALENDAR_HORIZON)]
    working = [day for day in days if calendar.day(day.date()).hours is not None]
    for place, day in enumerate(working):
        if day.weekday() == SATURDAY and place > 1:
            return working[place - 2 : place + 8]
    raise NoWorkingSaturdayError("no working Saturday is known ahead; update the calendar")


class Story:
    """The scenes, in order; each says what it shows."""

    def __init__(self, service: Stage, days: list[datetime]) -> None:
        """Play on this stage, on these working days."""
        self.service, self.days = service, days
        self.serial = count(1)

    async def play(self) -> None:
        """Play every scene."""
        await self.thursday()
        await self.friday()
        await self.working_saturday()
        await self.first_day_after()
        await self.second_day_after()
        await self.last_days()

    async def thursday(self) -> None:
        """Take in a complete letter, a half empty one, a machine's, one without a contract."""
        at = await self.on(0, "10:12")
        complete = post.letter(ANNA, "Отчёт по заявкам за месяц пустой", post.COMPLETE, at)
        await self.mail(ANNA, post.with_picture(complete, "otchet.png"))
        await self.on(0, "10:40")
        await self.command("PS-000001", "take")
        await self.command("PS-000001", "ask_client", text=QUESTION)
        at = await self.on(0, "12:05")
        await self.mail(IRINA, post.koi8(IRINA, "Не печатаются квитанции", post.POOR, at))
        at = await self.on(0, "12:06")
        await self.out_of_office(IRINA, at)
        at = await self.on(0, "13:30")
        lapsed = post.letter(PAVEL, "Как выгрузить реестр?", "Как выгрузить реестр в Excel?", at)
        await self.mail(PAVEL, lapsed)
        await self.on(0, "15:55")
        await self.command("PS-000002", "take")
        words = "Пришлите, пожалуйста:\n1. модель принтера;\n2. снимок окна печати."
        await self.command("PS-000002", "ask_client", text=words)

    async def friday(self) -> None:
        """Solve what an answer resumed at once; let a stranger write in the evening."""
        at = await self.on(1, "11:20")
        answer = post.letter(
            ANNA, "Re: Отчёт", post.REPLY.format(on=self.days[0].strftime("%d.%m.%Y 10:40,")), at
        )
        await self.mail(ANNA, post.reply(answer, self.last_id(ANNA)))
        await self.on(1, "11:45")
        fixed = "Отчёт строился по закрытому периоду. Период открыт, отчёт за октябрь собирается."
        await self.command("PS-000001", "answer", text=fixed)
        await self.on(1, "16:30")
        result = "Открыт период «октябрь», отчёт строится; причина была в закрытом периоде."
        await self.command("PS-000001", "close", text=result)
        await self.on(1, "17:50")
        words = "Поддержка по договору закончилась; для продления обратитесь к вашему менеджеру."
        await self.command("PS-000003", "close", text=words, ground="no_active_support")
        at = await self.on(1, "19:30")
        stranger = STRANGER_ON_SADOVAYA
        await self.mail(stranger, post.letter(stranger, "Не запускается", post.STRANGER, at))

    async def working_saturday(self) -> None:
        """Work on a Saturday: identify, take a critical one out of turn, hand off, put off."""
        await self.on(2, "9:20")
        await self.command("PS-000004", "identify", login="oleg")
        at = await self.on(2, "10:02")
        urgent = post.letter(OLEG, "Касса не проводит платежи", post.CRITICAL, at)
        await self.mail(OLEG, urgent)
        await self.on(2, "10:06")
        why = "Платежи не проводятся ни у одного кассира, обхода нет."
        await self.command("PS-000005", "confirm_criticality", criticality="critical", text=why)
        await self.service.post(SPECIALIST, "/api/queue/take-next", {})
        await self.on(2, "11:30")
        evidence = "Блокировка таблицы платежей после обновления 5.14, журнал сервера приложен."
        told = "Ошибка подтвердилась: после обновления 5.14 касса блокирует сама себя."
        await self.command("PS-000005", "hand_off", evidence=evidence, text=told)
        at = await self.on(2, "15:10")
        scope = post.letter(ANNA, "Почта не доходит до телефонов", post.OUT_OF_SCOPE, at)
        await self.mail(ANNA, scope)
        await self.on(2, "18:10")
        await self.command("PS-000006", "take", reason="Коротко: вопрос вне поддержки.")
        words = (
            "Почтовый сервер обслуживает ваш хостинг, его поддержка и может это исправить. "
            "Если за этим стоит ошибка PROFMAN ISS, напишите, в чём она видна."
        )
        await self.command("PS-000006", "mark_out_of_scope", category="third_party", text=words)

    async def first_day_after(self) -> None:
        """Open the window: development has its fix, a letter of ours bounces."""
        await self.on(3, "9:30")
        await self.command("PS-000004", "take")
        words = "Проверьте, пожалуйста, запущена ли служба лицензий на сервере."
        await self.command("PS-000004", "ask_client", text=words)
        await self.on(3, "11:00")
        words = "Исправлено: таблица платежей больше не блокируется."
        fix = {"outcome": "fixed_in_release", "release": "5.14.3", "text": words}
        await self.command("PS-000005", "return_from_development", DEVELOPER, **fix)
        at = await self.on(3, "12:00")
        stranger = STRANGER_ON_SADOVAYA
        await self.mail(post.MAIL_SYSTEM, post.bounce(self.last_id(stranger), stranger.address, at))

    async def second_day_after(self) -> None:
        """Publish the release, which wakes its ticket; close the critical matter."""
        await self.on(4, "14:00")
        await self.service.post(DEVELOPER, "/api/releases", {"version": "5.14.3"})
        await self.service.world.settle()
        await self.on(4, "16:20")
        words = "Касса работает с версией 5.14.3, платежи за выходные проведены."
        await self.command("PS-000005", "close", text=words)

    async def last_days(self) -> None:
        """Remind of silence."""
        await self.on(5, "17:00")
        await self.on(6, "10:00")

    async def on(self, day: int, clock: str) -> datetime:
        """Let the time pass until the clock of that day of the story."""
        at = moscow(self.days[day], clock)
        await self.service.at(at)
        return at

    async def mail(self, writer: post.Writer, letter: Any) -> None:  # noqa: ANN401 - a message or its bytes
        """Put somebody's letter into the mail."""
        await self.service.mail(writer.address, letter)

    async def command(self, number: str, kind: str, by: str = SPECIALIST, **body: object) -> None:
        """Give a command of the staff's."""
        await self.service.command(by, number, kind, body)

    async def out_of_office(self, writer: post.Writer, at: datetime) -> None:
        """Let somebody's machine answer our last letter to them."""
        away = post.letter(writer, "Автоответ: в отпуске", post.AWAY, at)
        away["Auto-Submitted"] = "auto-replied"
        await self.mail(writer, post.reply(away, self.last_id(writer)))

    def last_id(self, writer: post.Writer) -> str:
        """Return the Message-ID of our last letter to somebody."""
        arrived = self.service.world.letters(writer.address)
        last = max(arrived, key=lambda letter: letter.accepted.arrived_at)
        return f"<{read(last.raw).message_id}>"
