"""Tokens that open one ticket's page without a password, until their day or revocation (R46).

A token is an end and an HMAC-SHA256 tag (RFC 2104, 128 bits) over number, generation and end,
always 28 signs long. Raising the ticket's generation makes every earlier token as good as none.
"""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from mail.identity import Keyring

LIFETIME = timedelta(days=90)
END_BYTES = 5
TAG_BYTES = 16
_TOKEN = re.compile(r"[A-Za-z0-9_-]{28}", re.ASCII)


class Opening(StrEnum):
    """What a token opens: the page, nothing any more, or nothing at all."""

    OPEN = "open"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Permit:
    """What a token says: this ticket's page, in this generation of its links, until that moment."""

    number: str
    generation: int
    expires_at: datetime

    @property
    def end(self) -> bytes:
        """Return the end as a token carries it: whole seconds."""
        return int(self.expires_at.timestamp()).to_bytes(END_BYTES, "big")


def token(permit: Permit, keys: Keyring) -> str:
    """Make the token of a permit, safe in an address."""
    tag = _tag(permit.number, permit.generation, permit.end, keys.keys[keys.current])
    return urlsafe_b64encode(permit.end + tag).decode()


def examine(given: str, number: str, generation: int, keys: Keyring, at: datetime) -> Opening:
    """Tell what a token opens at that moment; never raises.

    One of another ticket, of an earlier generation or of nobody's key is unknown, like any noise.
    """
    if not _TOKEN.fullmatch(given):
        return Opening.UNKNOWN
    told = urlsafe_b64decode(given)
    end, tag = told[:END_BYTES], told[END_BYTES:]
    fits = [
        hmac.compare_digest(_tag(number, generation, end, key), tag) for key in keys.keys.values()
    ]
    if not any(fits):
        return Opening.UNKNOWN
    is_over = int.from_bytes(end, "big") <= at.astimezone(UTC).timestamp()
    return Opening.EXPIRED if is_over else Opening.OPEN


def page(site: str, permit: Permit, keys: Keyring) -> str:
    """Return the address of the ticket's page that a letter offers."""
    return f"{site.rstrip('/')}/s/{permit.number}/{token(permit, keys)}"


def _tag(number: str, generation: int, end: bytes, key: bytes) -> bytes:
    claim = f"status-link\n{number}\n{generation}\n".encode() + end
    return hmac.new(key, claim, sha256).digest()[:TAG_BYTES]
