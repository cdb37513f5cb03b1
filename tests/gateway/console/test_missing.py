"""What a request lacks is asked for in the ticket's own language; what was told later counts."""

import re

from domain.intake import Field
from domain.letters import Language
from gateway.console.missing import Point, question


def lacking(*fields: Field) -> list[Point]:
    return [Point(field, field.value, "R35", "", is_missing=True) for field in fields]


def test_the_question_is_a_numbered_list_in_the_language_of_the_ticket() -> None:  # U9 R35-R38
    fields = (Field.PRODUCT_VERSION, Field.FREQUENCY)

    russian = question(lacking(*fields), Language.RU)
    english = question(lacking(*fields), Language.EN)

    assert russian.splitlines()[2].startswith("1. Какая у вас версия PROFMAN ISS?")
    assert russian.splitlines()[3].startswith("2. Как часто это происходит")
    assert english.splitlines()[2].startswith("1. ")
    assert not re.search("[а-яё]", english, re.IGNORECASE)


def test_nothing_is_asked_where_nothing_is_lacking() -> None:  # U9
    known = Point(Field.PHONE, "телефон", "R43", "329-12-29", is_missing=False)

    assert not question([known], Language.RU)
