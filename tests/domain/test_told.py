"""What a letter tells in labelled lines need not be asked again."""

import pytest

from domain.intake import Field
from domain.terms import Criticality, TicketKind
from domain.told import LONGEST_VALUE, language_of, read_told

LETTER = """Здравствуйте!

Версия продукта: 5.2.1
Платформа — 1С 8.3.24
Периодичность: каждый раз
Критичность: критичная
Телефон: +7 495 000-00-00
Логин: belova
Как воспроизвести:
1. Открыть отчёт.
2. Нажать «Печать».

С уважением, Ольга
"""


def test_every_labelled_line_is_read() -> None:  # R35 R37 R38 R39 R43
    assert read_told(LETTER).values == {
        Field.PRODUCT_VERSION: "5.2.1",
        Field.PLATFORM_VERSION: "1С 8.3.24",
        Field.FREQUENCY: "каждый раз",
        Field.CRITICALITY: "критичная",
        Field.PHONE: "+7 495 000-00-00",
        Field.LOGIN: "belova",
        Field.STEPS: "1. Открыть отчёт.\n2. Нажать «Печать».",
    }


def test_english_labels_are_read() -> None:  # R35
    told = read_told("Product version: 5.2\nSteps to reproduce: open it\nRequest type: question")

    assert told.values == {Field.PRODUCT_VERSION: "5.2", Field.STEPS: "open it"}
    assert told.kind is TicketKind.QUESTION


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("критичная", Criticality.CRITICAL),
        ("Высокая, не работает касса", Criticality.CRITICAL),
        ("urgent", Criticality.CRITICAL),
        ("низкая", Criticality.LOW),
        ("обычная", Criticality.NORMAL),
        ("не критично", Criticality.NORMAL),
        ("некритичная", Criticality.NORMAL),
        ("not urgent", Criticality.NORMAL),
    ],
)
def test_a_declared_criticality_counts(said: str, meant: Criticality) -> None:  # R39 Q5
    assert read_told(f"Критичность: {said}").declared is meant


def test_a_sentence_with_the_word_is_no_label() -> None:
    assert read_told("Мой телефон сломался: не звоните. В логин не пускает.").values == {}


def test_an_empty_label_tells_nothing() -> None:
    assert read_told("Версия продукта:\n\nПлатформа:\nЛогин: belova").values == {
        Field.LOGIN: "belova"
    }


def test_the_first_of_two_lines_counts() -> None:
    assert read_told("Логин: belova\nЛогин: other").values == {Field.LOGIN: "belova"}


def test_an_endless_value_is_cut() -> None:
    told = read_told("Шаги:\n" + "шаг\n" * 10_000)

    assert len(told.values[Field.STEPS]) == LONGEST_VALUE


@pytest.mark.parametrize(
    ("text", "language"),
    [("The report is empty.", "en"), ("Report пустой", "ru"), ("", "ru"), ("12345", "ru")],
)
def test_only_a_text_in_latin_letters_is_english(text: str, language: str) -> None:
    assert language_of(text) == language


def test_a_letter_of_nothing_but_labels_is_read_all_the_same() -> None:
    told = read_told("steps:\n" * 1_000_000)

    assert len(told.values.get(Field.STEPS, "")) <= LONGEST_VALUE
