"""A form as a client fills it in, made into an appeal: «не знаю» is an answer like any other.

Carries out R22, R26, R29, R35-R43; Q12, Q14; K1. What was typed comes back
with the errors beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, TypeVar

from fastapi import Response
from pydantic import AfterValidator, StringConstraints

from domain.calendar import MOSCOW
from domain.intake import Field
from domain.terms import Channel
from gateway.auth import Visitor
from gateway.cases import paced
from gateway.forms import Line, Matter, Receipt
from gateway.intake import Sender, draft, enter
from gateway.pages.filled import Filled
from gateway.pages.rendering import Page
from gateway.pages.translation import _, marked
from gateway.parts import Parts
from gateway.uploads import keep
from storage import people
from storage.people import ADDRESS, Person
from storage.requests import Registration

M = TypeVar("M", bound=Matter)
UNKNOWN = "unknown"
FREQUENCIES: Mapping[str, str] = {
    "always": marked("каждый раз"),
    "sometimes": marked("время от времени"),
    "once": marked("было один раз"),
    UNKNOWN: marked("не знаю"),
}
CRITICALITIES: Mapping[str, str] = {
    "critical": marked("работа остановлена"),
    "normal": marked("мешает, но работать можно"),
    "low": marked("почти не мешает"),
    UNKNOWN: marked("не знаю"),
}
KINDS: Mapping[str, tuple[str, str]] = {
    "problem": (marked("проблема"), ""),
    "question": (marked("вопрос"), ""),
    "wish": (marked("пожелание"), ""),
    "module_wish": (
        marked("новый модуль"),
        marked("приложите техническое задание файлом"),
    ),
}
VERSIONS = ("platform_version", "product_version")


def _is_address(value: str) -> str:
    if not ADDRESS.fullmatch(value) or "." not in value.rpartition("@")[2].strip("."):
        raise ValueError(value)
    return value


class PublicMatter(Matter):
    """Обращение без входа: логин и почта, по которым мы узнаём клиента (R2, R43)."""

    login: Annotated[Line, StringConstraints(min_length=1)]
    email: Annotated[Line, StringConstraints(min_length=1), AfterValidator(_is_address)]


@dataclass(frozen=True)
class Sending:
    """A form that is ready to be registered: its matter, and what its sender does not know."""

    matter: Matter
    form: Filled

    @property
    def unknown(self) -> frozenset[Field]:
        """Return what need not be asked for again."""
        is_unknown = self.form.value("criticality") == UNKNOWN
        return frozenset({Field.CRITICALITY} if is_unknown else ())


def matter_of(page: Page, form: Filled, model: type[M]) -> M | Filled:
    """Return what the form says, or the form as it was typed with its errors."""
    told = form
    if form.value("criticality") == UNKNOWN:
        told = told.with_value("criticality", "")
    frequency = FREQUENCIES.get(form.value("frequency"), "")
    told = told.with_value("frequency", _(frequency))
    for version in VERSIONS:
        if form.value(f"{version}_unknown") and not form.value(version).strip():
            told = told.with_value(version, _("не знаю"))
    read = told.read(model, language=page.language)
    return replace(form, errors=_said(read.errors)) if isinstance(read, Filled) else read


def register_own(page: Page, visitor: Visitor, sending: Sending) -> Receipt:
    """Register the appeal of a client who has signed in.

    Raises:
        Problem: when a file cannot be taken.

    """
    parts = page.parts
    carried = keep(parts.files, sending.form.files)
    sender = Sender(channel=Channel.WEB, person=visitor.person)
    drafted = draft(parts, visitor, sending.matter, sender, sending.form.key)
    return enter(parts, _known(drafted, sending), carried, Response())


def register_public(
    page: Page, visitor: Visitor, person: Person | None, sending: Sending, address: str
) -> Receipt:
    """Register the appeal of somebody who has not signed in; one whom we do not know waits (Q12).

    Raises:
        Problem: when a file cannot be taken.

    """
    parts = page.parts
    carried = keep(parts.files, sending.form.files)
    sender = Sender(channel=Channel.WEB, person=person, email=address)
    drafted = _known(draft(parts, visitor, sending.matter, sender, sending.form.key), sending)
    with parts.database.transaction() as connection:
        drafted = paced(connection, drafted, parts.rules(), parts.clock())
    return enter(parts, drafted, carried, Response())


def find_person(parts: Parts, login: str, address: str) -> Person | None:
    """Return the user whose login and whose registered address these are, both of them."""
    on = parts.clock().astimezone(MOSCOW).date()
    with parts.database.transaction() as connection:
        person = people.find_user_by_login(connection, login, on)
    is_theirs = person is not None and person.email == address.lower()
    return person if is_theirs else None


def _known(drafted: Registration, sending: Sending) -> Registration:
    missing = tuple(name for name in drafted.missing if name not in sending.unknown)
    return replace(drafted, missing=missing)


def _said(errors: Mapping[str, str]) -> Mapping[str, str]:
    known = {
        "email": _("Нужен адрес целиком, например anna@company.ru."),
        "subject": _("Назовите тему одной фразой."),
        "description": _("Опишите, что произошло или что нужно узнать."),
        "login": _("Укажите логин в PROFMAN ISS."),
    }
    return {
        name: known[name] if name in known and _is_plain(name, said) else said
        for name, said in errors.items()
    }


def _is_plain(name: str, said: str) -> bool:
    """Tell whether an error says no more than that a field is not filled in."""
    return name == "email" or said == _("{reason}.").format(reason=_("не заполнено").capitalize())
