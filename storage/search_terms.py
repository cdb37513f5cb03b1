"""What people type into a search field, made harmless: words, the starts of names, a number.

Nothing typed is an operator, and nothing typed is refused: what cannot be looked for finds nothing.
"""

import re
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column

RUSSIAN: ColumnElement[Any] = literal_column("'russian'::regconfig")
LONGEST = 200
MOST_WORDS = 12
SHORTEST_PHONE = 4
LOCAL_DIGITS = 10
NUMBER = re.compile(r"(?:PS\W?)?0*([1-9]\d{0,17})", re.IGNORECASE)
PHONE = re.compile(r"\+?[\d\s()./-]+")
WORD = re.compile(r"[^\W_]+")


def clean(typed: str) -> str:
    """Return what was typed as the register can take it, no longer than anybody types."""
    known = typed[:LONGEST].encode(errors="ignore").decode().replace("\0", " ")
    return " ".join(known.split()[:MOST_WORDS])


def ticket_number(typed: str) -> str | None:
    """Return the number of a ticket if one was typed: with or without PS and zeros."""
    told = NUMBER.fullmatch(typed.strip())
    return f"PS-{told[1]:0>6}" if told else None


def search_query(typed: str) -> ColumnElement[Any]:
    """Return the query for messages that have every word typed, in any of its Russian forms."""
    return func.plainto_tsquery(RUSSIAN, func.plain_words(clean(typed)))


def starts(typed: str) -> str:
    """Return the query for people of whom every word typed begins a word: or a phone's digits.

    Empty when there is nothing to look for.
    """
    digits = "".join(filter(str.isdecimal, typed))
    if PHONE.fullmatch(typed.strip()) and len(digits) >= SHORTEST_PHONE:
        return f"'{digits[-LOCAL_DIGITS:] if len(digits) > LOCAL_DIGITS else digits}':*"
    words = WORD.findall(clean(typed).translate(str.maketrans("ёЁ", "ее")))
    return " & ".join(f"'{word}':*" for word in words)
