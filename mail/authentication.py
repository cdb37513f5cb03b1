"""What our own server found out about a letter's origin: Authentication-Results (RFC 8601).

Anybody may write such a field; only those that name one of our servers count, and of them the
topmost for each method, because every carrier writes above what it was given. The server at the
border must take out foreign fields with its own name (RFC 8601, 5); none of this gives any rights.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

from mail.headers import unfolded

_LONGEST_FIELD = 8192
_PIECE = re.compile(r'"((?:[^"\\]|\\.)*)"|\\.|[()]|[^"()\\]+|["\\]')
_SERVER = re.compile(r"^\s*(\S{1,255})(?:\s+(\d{1,3}))?\s*$")
_FINDING = re.compile(r"^\s*([a-z0-9-]{1,40})\s*(?:/\s*\d{1,3}\s*)?=\s*([a-z]{1,20})(?=\s|$)")
_CODES = frozenset(
    {"none", "pass", "fail", "softfail", "neutral", "policy", "temperror", "permerror"}
)


@dataclass(frozen=True)
class AuthenticationResults:
    """The code each method ended with (`pass`, `fail`, …); empty where our server says nothing."""

    spf: str = ""
    dkim: str = ""
    dmarc: str = ""


NOT_CHECKED = AuthenticationResults()
_METHODS = frozenset(field.name for field in fields(AuthenticationResults))


def authentication_of(
    raw_fields: Iterable[str], authserv_ids: frozenset[str]
) -> AuthenticationResults:
    """Read the fields of a letter, topmost first; those of other servers have no effect."""
    codes: dict[str, str] = {}
    for field in raw_fields:
        server, *findings = _plain(unfolded(field)[:_LONGEST_FIELD]).split(";")
        if _is_ours(server, authserv_ids):
            codes = _merged(findings) | codes
    return AuthenticationResults(**codes)


def _is_ours(server: str, authserv_ids: frozenset[str]) -> bool:
    found = _SERVER.match(server)
    if found is None or (found[2] or "1") != "1":
        return False
    return found[1] in {id_.lower() for id_ in authserv_ids}


def _merged(findings: Iterable[str]) -> dict[str, str]:
    """Take one code a method: of several signatures one that holds is enough."""
    codes: dict[str, str] = {}
    for method, code in _read(findings):
        if code == "pass" or method not in codes:
            codes[method] = code
    return codes


def _read(findings: Iterable[str]) -> Iterator[tuple[str, str]]:
    for finding in findings:
        found = _FINDING.match(finding)
        if found and found[1] in _METHODS and found[2] in _CODES:
            yield found[1], found[2]


def _plain(field: str) -> str:
    """Drop comments, and what in quotes would look like the field's own signs."""
    kept: list[str] = []
    depth = 0
    for piece in _PIECE.finditer(field):
        if piece[0] in {"(", ")"}:
            depth = max(0, depth + (1 if piece[0] == "(" else -1))
            kept.append(" ")
        elif not depth:
            quoted = piece[1]
            kept.append(piece[0] if quoted is None else re.sub(r"[;=\\\s]", "_", quoted))
    return "".join(kept).lower()
