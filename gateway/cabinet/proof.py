"""Work that a browser does before it sends the public form, so that sending is dear to machines.

Carries out K10: no puzzle for people. A challenge is ours, ends, and serves one form; its answer is
a number with which SHA-256 begins with so many zero bits. Without a script the form goes, too, at a
stricter rate for each network.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from gateway.cabinet.seals import is_sealed, seal
from gateway.parts import Parts
from storage import attempts, public_forms

PURPOSE = "form-proof"
BITS = 15
LASTS = timedelta(days=1)
MOST_PROVEN, MOST_PLAIN = 30, 5
LONGEST = 200


@dataclass(frozen=True)
class Challenge:
    """What a browser is to work on: `text` and how many zero bits are wanted."""

    text: str
    bits: int = BITS


def challenge(parts: Parts) -> Challenge:
    """Return a new challenge."""
    nonce = secrets.token_hex(16)
    return Challenge(f"{nonce}.{seal(parts, PURPOSE, nonce, parts.clock() + LASTS)}")


def zero_bits(text: str) -> int:
    """Return with how many zero bits the SHA-256 of a text begins."""
    digest = sha256(text.encode()).digest()
    return len(digest) * 8 - int.from_bytes(digest, "big").bit_length()


def is_solved(parts: Parts, answer: str) -> bool:
    """Tell whether the answer solves a challenge of ours that is not over; never raises."""
    text, __, number = answer.rpartition("~")
    nonce, __, given = text.partition(".")
    is_short = len(answer) <= LONGEST and number.isascii() and number.isdecimal()
    return is_short and zero_bits(answer) >= BITS and is_sealed(parts, PURPOSE, nonce, given)


def may_send(parts: Parts, answer: str, key: str, network: str) -> bool:
    """Tell whether a form may be taken now: its proof is spent on it, its network not too busy.

    `key` names the form: sent again it may use its proof again.
    """
    at, nonce = parts.clock(), answer.partition(".")[0]
    is_solving = is_solved(parts, answer)
    with parts.database.transaction() as connection:
        is_proven = is_solving and public_forms.spend(connection, nonce, key, at + LASTS, at)
        kind, most = ("proven", MOST_PROVEN) if is_proven else ("plain", MOST_PLAIN)
        tried, __ = attempts.count(connection, f"form {kind} {network}", at)
    return tried <= most
