"""Addresses of a letter, and whether its From may be believed for identity.

`alice@ours <bob@evil>` names bob, and is not to be trusted: CVE-2023-27043 fools the standard
library. A sender is trusted only if one From field holds one address with nothing odd about it,
and its domain is no look-alike of ours.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mail.headers import bytes_of, one_line, text_of, unfolded
from mail.lookalikes import is_deceptive

_PIECE = re.compile(
    r'=\?[^?\s]{1,60}\?[bBqQ]\?[^?]*\?=|"(?:[^"\\]|\\.)*"'
    r'|\\.|[()<>,;:"]|[^()<>,;:"\\]+|\\'
)
_PLAIN = re.compile(
    r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
    r"@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$"
)
_SIGN = r"[^\s<>()\"',;:@]"
# Whole, from gap to gap: a piece of a longer one would be the address of somebody else.
_ANY_ADDRESS = re.compile(rf"(?<!{_SIGN}){_SIGN}{{1,200}}@{_SIGN}{{1,250}}(?!{_SIGN})")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")
_LONGEST_FIELD = 65_536
_LONGEST_DOMAIN = 253
_LONGEST_ADDRESS = 320
_LONGEST_NAME = 1000  # unquoting a longer one could take quadratic time


@dataclass(frozen=True)
class Address:
    """An address with the name beside it; `sound` when its form leaves no doubt who is meant."""

    address: str
    name: str = ""
    sound: bool = True


@dataclass(frozen=True)
class Sender:
    """Who a letter says it is from; identity may rest on it only when trusted."""

    address: str
    name: str
    trusted: bool


def is_one_of(address: str, own: frozenset[str]) -> bool:
    """Tell whether the address is one of these folded ones, be there a +tag in it or not."""
    address = address.lower()
    name, _, domain = address.rpartition("@")
    return address in own or f"{name.partition('+')[0]}@{domain}" in own


def sender_of(
    from_fields: Sequence[str],
    fallbacks: Sequence[str] = (),
    own_domains: frozenset[str] = frozenset(),
) -> Sender:
    """Name the sender; without a usable From the fallbacks name him, untrusted."""
    found = [address for field in from_fields for address in addresses(field)]
    first = next((address for address in found if "@" in address.address), None)
    if first is None:
        return _untrusted(found[0].name if found else "", fallbacks)
    is_sole = len(from_fields) == 1 and len(found) == 1 and first.sound
    domain = first.address.rpartition("@")[2]
    return Sender(first.address, first.name, is_sole and not is_deceptive(domain, own_domains))


def _untrusted(name: str, fallbacks: Sequence[str]) -> Sender:
    for field in fallbacks:
        for address in addresses(field):
            if "@" in address.address:
                return Sender(address.address, name or address.name, trusted=False)
    return Sender("", name, trusted=False)


def addresses(raw: str) -> tuple[Address, ...]:
    """Read an address list, groups and comments included; odd entries are kept, not sound."""
    list_ = _AddressList()
    for piece in _PIECE.findall(unfolded(raw)[:_LONGEST_FIELD]):
        list_.take(piece)
    return list_.finish()


class _AddressList:
    """Reads the pieces of RFC 5322 one by one; remembers whether the entry in hand is odd."""

    def __init__(self) -> None:
        self._found: list[Address] = []
        self._depth = 0
        self._start()

    def _start(self) -> None:
        self._words: list[str] = []
        self._comment: list[str] = []
        self._angle: list[str] | None = None
        self._closed = False
        self._odd = False

    def take(self, piece: str) -> None:
        """Use the next piece."""
        if self._depth or piece in {"(", ")"}:
            self._take_comment(piece)
        elif self._angle is not None and not self._closed:
            self._take_inside(piece)
        elif piece in {",", ";"}:
            self._end()
        else:
            self._take_outside(piece)

    def finish(self) -> tuple[Address, ...]:
        """Close the entry in hand and give all found."""
        self._odd = self._odd or bool(self._depth) or (self._angle is not None and not self._closed)
        self._end()
        return tuple(self._found)

    def _take_comment(self, piece: str) -> None:
        if piece == "(":
            self._depth += 1
            self._words.append(" ")  # what a comment parts stays parted
            self._odd = self._odd or (self._angle is not None and not self._closed)
        elif piece == ")":
            self._odd = self._odd or not self._depth
            self._depth = max(0, self._depth - 1)
        else:
            self._comment.append(piece)

    def _take_inside(self, piece: str) -> None:
        if piece == ">":
            self._closed = True
        elif self._angle is not None:
            self._odd = self._odd or piece in {"<", ",", ";", '"'}
            self._angle.append(piece)

    def _take_outside(self, piece: str) -> None:
        if piece == "<" and self._angle is None:
            self._angle = []
        elif piece == ":" and self._angle is None and "@" not in "".join(self._words):
            self._start()  # what came before is the name of a group
            self._odd = True  # no group may stand in From (RFC 5322 3.6.2)
        else:
            self._odd = self._odd or piece in {"<", ">", ":", '"', "\\"}
            self._odd = self._odd or (self._closed and bool(piece.strip()))
            self._words.append(piece)

    def _end(self) -> None:
        words = "".join(self._words).strip()
        if self._angle is not None:
            # an address outside quotes before the angle is the forgery of CVE-2023-27043
            odd = self._odd or any("@" in w and not w.startswith(('"', "=?")) for w in self._words)
            self._add("".join(self._angle), _name_of(words), odd=odd)
        elif words:
            self._add_bare(words)
        self._start()

    def _add_bare(self, words: str) -> None:
        if _PLAIN.match(words):
            self._add(words, _name_of("".join(self._comment)), odd=self._odd)
            return
        inside = _ANY_ADDRESS.search(words)
        name = words.replace(inside[0], "") if inside else words
        self._add(inside[0] if inside else "", _name_of(name), odd=True)

    def _add(self, address: str, name: str, *, odd: bool) -> None:
        clean = _normal(address)
        if len(clean) > _LONGEST_ADDRESS:
            clean, odd = "", True
        sound = not odd and bool(_PLAIN.match(clean)) and _is_as_meant(address)
        if clean or name:
            self._found.append(Address(clean, name, sound))


def _name_of(words: str) -> str:
    unquoted = _QUOTED.sub(lambda m: _ESCAPED.sub(r"\1", m[1]), words[:_LONGEST_NAME])
    return text_of(unquoted).strip("\"' ")


def _is_as_meant(address: str) -> bool:
    """Refuse an address that had to be mended: others might mend it into another."""
    written = bytes_of(address.strip()).decode("utf-8", "replace")
    return one_line(text_of(address)) == written and not {" ", ":"} & set(written)


def _normal(address: str) -> str:
    """Write an address without blanks or route, an international domain in its ASCII form."""
    clean = one_line(text_of(address)).replace(" ", "")
    local, _, domain = clean.rpartition(":")[2].rpartition("@")
    if not local:
        return clean
    return f"{local}@{_ascii_domain(domain) if local.isascii() else domain}"


def _ascii_domain(domain: str) -> str:
    if domain.isascii() or len(domain) > _LONGEST_DOMAIN:
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain
