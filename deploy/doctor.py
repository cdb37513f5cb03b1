"""The check-up of an installation: each part in one line, with what to do where it is not well.

Carries out what operations need of laws 1 and 2: a register that keeps what it was given, a way to
see whether a letter has left, and (R44) a calendar known long enough ahead.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final

from imapclient import IMAPClient
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from typing_extensions import override

from activities import smtp
from deploy.local import processes
from domain.calendar import MOSCOW
from storage import days
from storage.database import Database
from storage.revision import is_up_to_date
from worker import mail_server
from workflows import SEARCH_ATTRIBUTES
from workflows.connection import connect
from workflows.installation import Installation, installation

OLDEST_PYTHON: Final = (3, 11)
CALENDAR_AHEAD: Final = timedelta(days=90)
ANSWER_SECONDS: Final = 5
LONGEST_REASON: Final = 200


class Health(StrEnum):
    """How a part is."""

    GOOD = "ок"
    WARNING = "внимание"
    FAULT = "сбой"


@dataclass(frozen=True)
class Finding:
    """What was found of one part, and what to do about it."""

    part: str
    health: Health
    told: str
    advice: str = ""

    @property
    def is_fault(self) -> bool:
        """Tell whether the service cannot work so."""
        return self.health is Health.FAULT

    @override
    def __str__(self) -> str:
        """Return the line for the reader."""
        line = f"{self.health:<9} {self.part}: {self.told}"
        return f"{line}. Что делать: {self.advice}" if self.advice else line


@dataclass(frozen=True)
class Check:
    """A part, how to look at it (returns what is told, raises when it is not well), the way out."""

    part: str
    look: Callable[[], str]
    advice: str


class NotWellError(Exception):
    """A part answers, but not as it must."""


def examine() -> list[Finding]:
    """Look at every part of the installation that the settings describe."""
    settings = installation()
    today = datetime.now(UTC).astimezone(MOSCOW).date()
    database = Database(settings.database_url, pool_size=1)
    try:
        found = [_find(check) for check in _checks(settings, database)]
    finally:
        database.dispose()
    return [*found, _journal(settings), calendar(days.known_through(), today)]


def calendar(known_through: date, today: date) -> Finding:
    """Warn while there is still time to get the next year's calendar."""
    told = f"официальные дни известны по {known_through:%d.%m.%Y}"
    if known_through - today >= CALENDAR_AHEAD:
        return Finding("календарь", Health.GOOD, told)
    advice = "обновите пакет holidays; до этого сроки следующего года предварительные"
    health = Health.WARNING if known_through >= today else Health.FAULT
    return Finding("календарь", health, told, advice)


def _checks(settings: Installation, database: Database) -> Iterator[Check]:
    yield Check("Python", _python, "поставьте Python 3.11 или новее")
    yield Check(
        "реестр",
        lambda: _answers(database),
        "проверьте, работает ли PostgreSQL, и адрес в SUPPORT_DATABASE_URL",
    )
    yield Check(
        "сохранность",
        lambda: _durability(database),
        "включите названную настройку в postgresql.conf: без неё принятое может пропасть",
    )
    yield Check(
        "таблицы",
        lambda: _schema(database),
        "запустите support up или Database.upgrade() новой версии",
    )
    yield Check(
        "процессы",
        lambda: asyncio.run(_engine(settings)),
        "проверьте Temporal по адресу в SUPPORT_TEMPORAL_ADDRESS; недостающие атрибуты поиска "
        "создаёт temporal operator search-attribute create",
    )
    yield Check(
        "отправка писем",
        lambda: _smtp(settings),
        "проверьте SUPPORT_SMTP_HOST, _PORT, _SECURITY, _USER и _PASSWORD; письма подождут",
    )


def _find(check: Check) -> Finding:
    try:
        return Finding(check.part, Health.GOOD, check.look())
    except Exception as fault:  # noqa: BLE001 - whatever is wrong with a part is what we are asked
        reason = (str(fault).strip().splitlines() or [type(fault).__name__])[0]
        return Finding(check.part, Health.FAULT, reason[:LONGEST_REASON], check.advice)


def _python() -> str:
    told = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < OLDEST_PYTHON:
        raise NotWellError(told)
    return told


def _answers(database: Database) -> str:
    with database.transaction():
        return "отвечает"


def _durability(database: Database) -> str:
    database.check_durability()
    return "подтверждённое переживёт сбой питания"


def _schema(database: Database) -> str:
    if not is_up_to_date(database):
        raise NotWellError("устроены не так, как ждёт эта версия")
    return "соответствуют этой версии"


async def _engine(settings: Installation) -> str:
    client = await connect(settings)
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=settings.temporal_namespace),
        timeout=timedelta(seconds=ANSWER_SECONDS),
    )
    missing = [key.name for key in SEARCH_ATTRIBUTES if key.name not in listed.custom_attributes]
    if missing:
        raise NotWellError(f"нет атрибутов поиска: {', '.join(missing)}")
    return f"Temporal отвечает, атрибуты поиска на месте ({len(SEARCH_ATTRIBUTES)})"


def _smtp(settings: Installation) -> str:
    smtp.hang_up(smtp.connect(mail_server(settings)))
    return f"{settings.smtp_host}:{settings.smtp_port} принимает"


def _journal(settings: Installation) -> Finding:
    if settings.journal_host:
        advice = "проверьте SUPPORT_JOURNAL_…; до тех пор неясный исход отправки не выяснить"
        return _find(Check("журнал писем", lambda: _imap(settings), advice))
    return Finding(
        "журнал писем",
        Health.WARNING,
        "не настроен",
        "задайте SUPPORT_JOURNAL_HOST: по нему видно, ушло ли письмо при обрыве связи",
    )


def _imap(settings: Installation) -> str:
    where = (settings.journal_host, settings.journal_port)
    if not processes.is_answering(where[1], where[0]):
        raise NotWellError(f"{where[0]}:{where[1]} не отвечает")
    with IMAPClient(*where, ssl=settings.journal_tls, timeout=ANSWER_SECONDS) as mailbox:
        mailbox.login(settings.journal_user, settings.journal_password.get_secret_value())
        mailbox.select_folder("INBOX", readonly=True)
    return "читается"
