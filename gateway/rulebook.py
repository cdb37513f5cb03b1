"""The regulation in our own words: every rule and decision in each language, as its edition says.

The words are data, kept in `texts/regulation.*.toml`; what an edition of the settings decides
stands in them in braces. Carries out R12, R13 and the rules R1-R65 as clients read them; Q1-Q14.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.numbers import format_decimal

from domain.editions import Settings
from domain.letters import Language

TEXTS = Path(__file__).parent / "texts"
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Rule:
    """One rule of the regulation, in plain words."""

    number: str
    text: str


@dataclass(frozen=True)
class Clause:
    """A clause of the regulation as clients know it, with its rules."""

    words: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Chapter:
    """A chapter of the regulation."""

    key: str
    title: str
    clauses: tuple[Clause, ...]


@dataclass(frozen=True)
class Decision:
    """A question that the regulation leaves open, and what the service decided."""

    number: str
    question: str
    text: str


@dataclass(frozen=True)
class Rulebook:
    """The whole regulation in one language."""

    title: str
    lead: str
    chapters: tuple[Chapter, ...]
    decisions: tuple[Decision, ...]
    phrases: Mapping[str, Mapping[str, str]]

    @property
    def rules(self) -> Iterator[Rule]:
        """Return every rule in the order of its number."""
        clauses = (clause for chapter in self.chapters for clause in chapter.clauses)
        return (rule for clause in clauses for rule in clause.rules)


@cache
def rulebook(language: Language) -> Rulebook:
    """Return the regulation in this language."""
    told = tomllib.loads((TEXTS / f"regulation.{language}.toml").read_text(encoding="utf-8"))
    chapters = tuple(_chapter(chapter) for chapter in told["chapters"])
    decisions = tuple(
        Decision(number, one["question"], one["decision"])
        for number, one in told["decisions"].items()
    )
    return Rulebook(told["title"], told["lead"], chapters, decisions, told["phrases"])


def in_force(settings: Settings, language: Language) -> Mapping[str, str]:
    """Return what these settings put into the braces of the words."""
    phrases = rulebook(language).phrases
    return {
        "service_address": settings.service_address,
        "head_address": settings.head_address,
        "documentation": settings.documentation_url,
        "largest_file": format_decimal(
            settings.largest_file_bytes / MEGABYTE, "0.##", locale=str(language)
        ),
        "confirmation": phrases["confirmation"][settings.confirmation],
        "reminders": _reminders(settings.reminder_days, language),
    }


def _reminders(days: tuple[int, ...], language: Language) -> str:
    phrases = rulebook(language).phrases
    if not days:
        return phrases["reminders"]["none"]
    form = Locale(str(language)).plural_form(days[-1])
    joined = _joined([str(day) for day in days], phrases["joined"]["and"])
    counted = phrases["working_days"][form].format(days=joined)
    return phrases["reminders"]["some"].format(days=counted)


def _joined(words: list[str], last: str) -> str:
    *before, final = words
    return f"{', '.join(before)} {last} {final}" if before else final


def _chapter(told: Mapping[str, Any]) -> Chapter:
    clauses = (
        Clause(clause["words"], tuple(Rule(*rule) for rule in clause["rules"].items()))
        for clause in told["clauses"]
    )
    return Chapter(told["key"], told["title"], tuple(clauses))
