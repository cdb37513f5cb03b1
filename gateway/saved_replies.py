"""Replies that come with the product: one for each occasion of the regulation, in each language.

Carries out U7: R23-R26, R40, R55-R60, R63. A reply is filled in once and never evaluated; whatever
is not known stays visible in its braces until the specialist has written it.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from domain.letters import Language
from gateway.rulebook import TEXTS

VARIABLES = ("name", "number", "subject", "version", "specialist")
OPEN = re.compile(r"\{([^{}\n]+)\}")


@dataclass(frozen=True)
class SavedReply:
    """A reply for one rule; `command` is what it is written for, `category` its entry of scope."""

    rule: str
    title: str
    text: str
    command: str
    category: str = ""


@cache
def replies(language: Language) -> tuple[SavedReply, ...]:
    """Return the replies of the product in this language."""
    told = tomllib.loads((TEXTS / f"replies.{language}.toml").read_text(encoding="utf-8"))
    return tuple(SavedReply(rule, **one) for rule, one in told.items())


def fill(text: str, known: Mapping[str, str]) -> str:
    """Put what is known into the reply; an unknown or empty variable stays as it stands.

    What is put in is not looked at again, so no client's words can name a variable.
    """
    return OPEN.sub(lambda found: known.get(found[1], "").strip() or found[0], text)


def left_open(text: str) -> tuple[str, ...]:
    """Return what a person still has to write before the reply may leave, in order."""
    return tuple(dict.fromkeys(OPEN.findall(text)))
