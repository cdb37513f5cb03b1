"""Colleagues called in a note, marked where they stand in its words (U8)."""

import re
from collections.abc import Iterable

from markupsafe import Markup

from domain.mentions import CALLED
from gateway.pages.rendering import paragraphs
from storage.people import Staff

CHIP = Markup('<span class="tag mention" title="{}">@{}</span>')


def with_called(words: str, staff: Iterable[Staff]) -> Markup:
    """Return the words as paragraphs, with the logins of ours that they call as chips."""
    names = {member.login.lower(): member.name for member in staff}

    def chip(found: re.Match[str]) -> str:
        name = names.get(found[1].lower())
        return found[0] if name is None else CHIP.format(name, found[1])

    # What is escaped has no other letters, and nothing of a login is ever escaped.
    return Markup(CALLED.sub(chip, str(paragraphs(words))))  # noqa: S704 - escaped by `paragraphs`
