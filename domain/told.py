"""What a client's letter tells in lines like «Версия продукта: 5.2», and in which language.

Carries out R35-R39, R43 for mail, where nobody fills in a form. A declared criticality alerts
staff but never jumps the queue by itself (Q5).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from domain.intake import Field
from domain.terms import Criticality, TicketKind

LONGEST_TOLD = 100_000  # what stands further down is no form that a person filled in
LONGEST_VALUE = 500
MOST_BELOW = LONGEST_VALUE  # lines, none of which is empty

Choice = TypeVar("Choice", Criticality, TicketKind)

_LABELS: Mapping[Field, str] = {
    Field.PRODUCT_VERSION: r"версия (?:продукта|программы|profman(?: iss)?)|product version",
    Field.PLATFORM_VERSION: r"(?:версия )?платформ[аы]|platform(?: version)?",
    Field.DESCRIPTION: r"описание(?: проблемы)?|description",
    Field.STEPS: r"как воспроизвести|шаги(?: воспроизведения)?|(?:how|steps) to reproduce|steps",
    Field.FREQUENCY: r"периодичность|частота|как часто|frequency|how often",
    Field.CRITICALITY: r"критичность|criticality|severity",
    Field.PHONE: r"(?:контактный )?телефон|тел\.?|phone",
    Field.LOGIN: r"логин|login",
}
_KIND = r"(?:вид|тип) (?:обращения|заявки)|request type"
_ALL_LABELS = {"kind": _KIND} | {name.value: label for name, label in _LABELS.items()}
_LINE = {
    name: re.compile(rf"[ \t>*•-]{{0,8}}(?:{label})[ \t]*[:：—–=][ \t]*(.*)", re.IGNORECASE)
    for name, label in _ALL_LABELS.items()
}
_CRITICALITIES = {
    Criticality.CRITICAL: re.compile(r"критич|высок|срочн|авари|critical|high|urgent|blocker"),
    Criticality.LOW: re.compile(r"низк|low|minor"),
}
_KINDS = {
    TicketKind.QUESTION: re.compile(r"вопрос|консультац|question"),
    TicketKind.WISH: re.compile(r"пожелани|предложени|wish|suggestion"),
}
_NEGATED = re.compile(r"не\s*(?=критич|срочн|высок)|not\b|no\b")
_CYRILLIC = re.compile("[А-Яа-яЁё]")
_LATIN = re.compile("[A-Za-z]")


@dataclass(frozen=True)
class Told:
    """What the labelled lines say; `values` are the client's own words."""

    values: Mapping[Field, str] = field(default_factory=dict)
    declared: Criticality = Criticality.NORMAL
    kind: TicketKind = TicketKind.PROBLEM


def read_told(text: str) -> Told:
    """Read the labelled lines of a text, in Russian or English; the first of a label counts."""
    found: dict[str, str] = {}
    lines = text[:LONGEST_TOLD].split("\n")
    for place, line in enumerate(lines):
        name, value = _labelled(line)
        if not name or name in found:
            continue
        if said := value or _below(lines[place + 1 : place + 1 + MOST_BELOW]):
            found[name] = said[:LONGEST_VALUE]
    kind = found.pop("kind", "")
    values = {Field(name): value for name, value in found.items()}
    return Told(
        values,
        _named(_CRITICALITIES, values.get(Field.CRITICALITY, "")) or Criticality.NORMAL,
        _named(_KINDS, kind) or TicketKind.PROBLEM,
    )


def language_of(text: str) -> str:
    """Return `en` for a text in Latin letters only, else `ru`."""
    return "en" if _LATIN.search(text) and not _CYRILLIC.search(text) else "ru"


def _labelled(line: str) -> tuple[str, str]:
    if len(line) > LONGEST_VALUE * 2:
        return "", ""
    matches = ((name, pattern.match(line)) for name, pattern in _LINE.items())
    return next(((name, match[1].strip()) for name, match in matches if match), ("", ""))


def _below(lines: list[str]) -> str:
    """Return what stands under a label that has nothing beside it, up to a gap or a label."""
    said: list[str] = []
    for line in lines:
        if not line.strip() or _labelled(line)[0]:
            break
        said.append(line.strip())
    return "\n".join(said)


def _named(words: Mapping[Choice, re.Pattern[str]], said: str) -> Choice | None:
    """Return what the words mean; a negated one means nothing."""
    lower = said.lower()
    if _NEGATED.match(lower):
        return None
    return next((choice for choice, pattern in words.items() if pattern.match(lower)), None)
