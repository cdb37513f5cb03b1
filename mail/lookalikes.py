"""Domains made to be taken for ours, or written in letters of several scripts at once.

A sender at such a domain is never believed (design law 11). People read a domain by its shapes,
so shapes are compared, as Unicode TS 39 does, over the letters that are drawn alike.
"""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_DRAWN_LIKE = {
    "a": "аαɑ",
    "b": "вьβ6",
    "c": "сϲ",
    "d": "ԁ",
    "e": "еєε",
    "f": "ғƒ",
    "g": "ɡց",
    "h": "һн",
    "i": "іıι",
    "j": "ј",
    "k": "кκ",
    "l": "1ӏ",
    "m": "м",
    "n": "пηո",
    "o": "оοσօ0",
    "p": "рρ",
    "q": "ԛ",
    "r": "гʀ",
    "s": "ѕ5",
    "t": "тτ",
    "u": "υս",
    "v": "νѵ",
    "w": "ԝωш",
    "x": "хχ",
    "y": "уγ",
}
_SHAPES = str.maketrans({drawn: shape for shape, all_ in _DRAWN_LIKE.items() for drawn in all_})
_SCRIPTS = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"})


def is_deceptive(domain: str, own_domains: Iterable[str]) -> bool:
    """Tell a domain, in its ASCII form, that mixes scripts or looks like one of ours."""
    written = _written(domain)
    if written is None or _is_mixed(written):
        return True
    return any(_imitates(written, _written(own) or own) for own in own_domains)


def _imitates(domain: str, own: str) -> bool:
    if domain == own or domain.endswith(f".{own}"):
        return False
    shape, own_shape = _shape(domain), _shape(own)
    return shape == own_shape or shape.endswith(f".{own_shape}")


def _written(domain: str) -> str | None:
    """Give a domain as people see it; None when it cannot be written so."""
    if "xn--" not in domain.lower():
        return domain.lower()
    try:
        return domain.lower().encode("ascii").decode("idna")
    except UnicodeError:
        return None


def _is_mixed(domain: str) -> bool:
    return any(len(_scripts(label)) > 1 for label in domain.split("."))


def _scripts(label: str) -> set[str]:
    if label.isascii():
        return set()
    return {unicodedata.name(sign, "").partition(" ")[0] for sign in label} & _SCRIPTS


@lru_cache(maxsize=1024)
def _shape(domain: str) -> str:
    parted = unicodedata.normalize("NFKD", domain)
    plain = "".join(sign for sign in parted if not unicodedata.combining(sign))
    return plain.translate(_SHAPES).replace("rn", "m").replace("vv", "w")
