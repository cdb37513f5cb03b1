"""What people fill in and what they get back: the fields of R35-R43 with words for each.

Carries out R32, R35-R43; every limit here is named in the answer that turns a request away.
"""

from datetime import UTC, datetime
from typing import Annotated, Self

from fastapi import UploadFile
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints
from pydantic import Field as Described

from domain.intake import Field, Requisite
from domain.letters import Language
from domain.terms import Criticality, TicketKind
from gateway.pages.translation import _, marked

NAMES = {
    Field.PLATFORM_VERSION: marked("версия платформы"),
    Field.PRODUCT_VERSION: marked("версия продукта"),
    Field.DESCRIPTION: marked("описание"),
    Field.STEPS: marked("шаги, которые приводят к проблеме"),
    Field.FREQUENCY: marked("как часто это происходит"),
    Field.CRITICALITY: marked("критичность"),
    Field.SCREENSHOTS: marked("снимки экрана (JPG, GIF или PNG)"),
    Field.PHONE: marked("телефон"),
    Field.EMAIL: marked("адрес электронной почты"),
    Field.LOGIN: marked("логин"),
}


def _storable(value: str) -> str:
    return value.replace("\x00", "")


FIRST_CALL = datetime(2000, 1, 1, tzinfo=UTC)  # what is of no year of ours cannot be read back
Storable = AfterValidator(_storable)  # PostgreSQL keeps any text but this one character
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), Storable]
Words = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=30_000), Storable
]
Prose = Annotated[str, StringConstraints(strip_whitespace=True, max_length=30_000), Storable]


class Strict(BaseModel):
    """A form without fields of its own invention."""

    model_config = ConfigDict(extra="forbid")


class Matter(Strict):
    """О чём обращение: всё, о чём просит регламент (пункт 3 порядка обработки)."""

    subject: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=500),
        Storable,
        Described(description="Тема", examples=["Не открывается отчёт по аренде"]),
    ]
    description: Annotated[
        Words,
        Described(
            description="Описание (R36)", examples=["Отчёт закрывается сразу после запуска."]
        ),
    ]
    steps: Annotated[Prose, Described(description="Шаги воспроизведения (R37)")] = ""
    platform_version: Annotated[Line, Described(examples=["8.3.24"])] = ""
    product_version: Annotated[Line, Described(examples=["4.2.1"])] = ""
    frequency: Annotated[
        Line, Described(description="Периодичность (R38)", examples=["каждый раз"])
    ] = ""
    criticality: Annotated[
        Criticality | None, Described(description="Критичность по мнению клиента (R39)")
    ] = None
    phone: Annotated[Line, Described(examples=["+7 495 000-00-00"])] = ""
    kind: TicketKind = TicketKind.PROBLEM
    language: Annotated[Language, Described(description="Язык писем")] = Language.RU

    @property
    def known_login(self) -> str:
        """Return the login that was told, where one was."""
        return str(getattr(self, "login", ""))


class WebForm(Matter):
    """Форма обращения с файлами: до 10 файлов, каждый до 25 МБ."""

    files: list[UploadFile] = []


class PhoneCall(Matter):
    """Звонок: кто звонил, если известно, и когда."""

    called_at: Annotated[AwareDatetime, Described(ge=FIRST_CALL)]
    login: Annotated[Line, Described(description="Логин; пусто, если звонивший не опознан")] = ""
    name: Line = ""
    email: Annotated[Line, Described(description="Можно не указывать: письма уйдут почтой")] = ""


class PaperLetter(Matter):
    """Письмо на бумаге или факс и то, что в нём указано (пункт 1 порядка обработки)."""

    requisites: Annotated[
        list[Requisite], Described(description="Какие реквизиты указаны в письме (R32)")
    ]
    login: Line = ""
    name: Line = ""
    email: Line = ""


class MessageForm(Strict):
    """Сообщение клиента с файлами: до 10 файлов, каждый до 25 МБ."""

    text: Annotated[Words, Described(examples=["Версия платформы 8.3.24, снимок приложен."])]
    files: list[UploadFile] = []


class Again(Strict):
    """Что нужно уточнить или сделать ещё (пункт 8 порядка обработки)."""

    text: Annotated[Words, Described(examples=["Отчёт снова закрывается сразу после запуска."])]


class Asked(BaseModel):
    """О чём ещё просим."""

    field: Field
    name: str

    @classmethod
    def of(cls, field: Field) -> Self:
        """Name the field in words."""
        return cls(field=field, name=_(NAMES[field]))


class Receipt(BaseModel):
    """Номер обращения и два его момента: получено и принято в рабочее время."""

    number: Annotated[str, Described(examples=["PS-000042"])]
    is_repetition: Annotated[bool, Described(description="Такое обращение уже было")]
    received_at: AwareDatetime
    accepted_at: Annotated[
        AwareDatetime, Described(description="С этого момента идут все сроки (R44)")
    ]
    awaits_identification: Annotated[bool, Described(description="Клиент ещё не опознан")]
    missing: Annotated[list[Asked], Described(description="О чём стоит написать ещё")]
    missing_requisites: list[Requisite]
