"""Colleagues called by name in a note: `@login`, wherever it stands in the words (U8)."""

import re

CALLED = re.compile(r"(?<![\w@.])@(\w[\w.-]*\w|\w)")  # no address of mail, no full stop behind


def mentioned(words: str) -> frozenset[str]:
    """Return the logins that the words call, in small letters."""
    return frozenset(found.lower() for found in CALLED.findall(words))
