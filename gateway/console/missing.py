"""What a ticket still lacks of what the regulation asks for, and the question that asks for it.

Carries out R35-R39, R43; U9. What a client told later in a letter counts, too. The question is in
the language of the ticket, whatever the page's is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.intake import RULES, Field
from domain.letters import Language
from domain.terms import Criticality
from domain.told import LONGEST_TOLD, read_told
from domain.words import name
from gateway.console.conversation import is_received
from gateway.forms import NAMES
from gateway.pages.translation import _, marked, present, translations
from gateway.shown import CaseRead

QUESTIONS: Mapping[Field, str] = {
    Field.PLATFORM_VERSION: marked("Какая у вас версия платформы? Её показывает «О программе»."),
    Field.PRODUCT_VERSION: marked(
        "Какая у вас версия PROFMAN ISS? Её показывает меню «О программе»."
    ),
    Field.DESCRIPTION: marked("Что именно происходит и что вы ожидали увидеть?"),
    Field.STEPS: marked("После каких действий это появляется? Перечислите их по порядку."),
    Field.FREQUENCY: marked("Как часто это происходит: каждый раз, иногда, было один раз?"),
    Field.CRITICALITY: marked("Насколько это мешает работе: она стоит, замедлена или идёт?"),
    Field.SCREENSHOTS: marked("Можно ли снимок экрана в JPG, GIF или PNG?"),
    Field.PHONE: marked("По какому телефону с вами связаться?"),
    Field.EMAIL: marked("На какой адрес электронной почты вам отвечать?"),
    Field.LOGIN: marked("Под каким логином вы работаете в PROFMAN ISS?"),
}
INTRODUCTION = marked("Чтобы разобраться быстрее, нам не хватает нескольких сведений:")
ASKED = (
    *(Field.PLATFORM_VERSION, Field.PRODUCT_VERSION, Field.DESCRIPTION, Field.STEPS),
    *(Field.FREQUENCY, Field.CRITICALITY, Field.PHONE, Field.EMAIL, Field.LOGIN),
)
MOST_READ = 20  # messages: a form is filled in at the beginning


@dataclass(frozen=True)
class Point:
    """A field of the regulation: its name, rule, and what was told; empty where nothing was."""

    field: Field
    name: str
    rule: str
    told: str
    is_missing: bool


def points(read: CaseRead) -> tuple[Point, ...]:
    """Return each field with what is known of it; fields that were never asked are left out."""
    later = _told_later(read)
    missing = {Field(name) for name in read.request["missing"]} - set(later)
    told = {**_told(read), **later}
    shown = (field for field in (*ASKED, Field.SCREENSHOTS) if field in missing or field in told)
    return tuple(
        Point(field, _(NAMES[field]), RULES[field], _in_words(field, told), field in missing)
        for field in shown
    )


def question(lacking: Iterable[Point], language: Language) -> str:
    """Write the question to the client: a numbered list, one line for each missing field."""
    say = translations(language).gettext
    asked = [say(QUESTIONS[point.field]) for point in lacking if point.is_missing]
    lines = (f"{place}. {line}" for place, line in enumerate(asked, start=1))
    return "\n".join((say(INTRODUCTION), "", *lines)) if asked else ""


def _told(read: CaseRead) -> dict[Field, str]:
    request = read.request
    contacts = {
        Field.PHONE: request["phone"],
        Field.EMAIL: request["address"],
        Field.LOGIN: request["login"],
    }
    named = {
        Field(name): str(value) for name, value in request["told"].items() if name in set(Field)
    }
    return {field: value for field, value in {**contacts, **named}.items() if value}


def _in_words(field: Field, told: Mapping[Field, str]) -> str:
    said = told.get(field, "")
    is_code = field is Field.CRITICALITY and said in set(Criticality)
    return name(Criticality(said), present.get()) if is_code else said


def _told_later(read: CaseRead) -> dict[Field, str]:
    told: dict[Field, str] = {}
    for row, carried in read.messages[:MOST_READ]:
        if is_received(row):
            told.update(read_told(str(row["visible_text"])[: LONGEST_TOLD // 5]).values)
            if any(file.content_type.startswith("image/") for file in carried):
                told.setdefault(Field.SCREENSHOTS, _("есть"))
    return told
