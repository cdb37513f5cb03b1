"""Message-IDs that only this installation can make, so that a reply finds its ticket and no other.

The id names ticket, event and kind and ends in a truncated HMAC-SHA256 (RFC 2104, 128 bits) over
all of it and the domain. A subject or an address never proves anything; this does. A letter about
an account names no ticket: its id proves that it is ours, and leads nowhere.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain, islice

LONGEST_ID = 400
MOST_REFERENCES = 50  # a References header may be 64 KB of somebody else's ids
SHORTEST_KEY = 32
TAG_DIGITS = 32

_CLAIM = (
    r"(?:t\.(?P<number>[A-Za-z0-9-]{1,40})|a)"
    r"\.(?P<sequence>0|[1-9][0-9]{0,9})"
    r"\.(?P<kind>[a-z0-9_]{1,40})"
)
_DOMAIN = r"(?P<domain>[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,7})"
_UNSIGNED = re.compile(f"{_CLAIM}@{_DOMAIN}", re.ASCII)
_TAG = rf"(?P<tag>[0-9a-f]{{{TAG_DIGITS}}})"
_SIGNED = re.compile(rf"<(?P<claim>{_CLAIM})\.{_TAG}@{_DOMAIN}>", re.ASCII)


@dataclass(frozen=True)
class Keyring:
    """The key that signs, and the old ones whose letters are still answered."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a ring that cannot sign, or that a guess could open."""
        if self.current not in self.keys:
            message = f"The current key {self.current!r} is not in the keyring."
            raise ValueError(message)
        if any(len(key) < SHORTEST_KEY for key in self.keys.values()):
            message = f"Every key must have at least {SHORTEST_KEY} bytes."
            raise ValueError(message)

    @classmethod
    def from_hex(cls, current: str, keys: Mapping[str, str]) -> "Keyring":
        """Make a ring of keys written in hexadecimal digits."""
        return cls(current, {name: bytes.fromhex(key) for name, key in keys.items()})


@dataclass(frozen=True)
class SignedId:
    """What a Message-ID of ours proves: the ticket, the event, the letter and the signing key.

    `number` is empty for a letter about an account; `sequence` is then what the letter is about.
    """

    number: str
    sequence: int
    kind: str
    key_id: str


def sign(number: str, sequence: int, kind: str, keys: Keyring, domain: str) -> str:
    """Make the one Message-ID of a letter, angle brackets included.

    Raises: ValueError where a part would not survive in a header.
    """
    return _signed(f"t.{number}.{sequence}.{kind}", keys, domain)


def sign_account(id_: int, kind: str, keys: Keyring, domain: str) -> str:
    """Make the one Message-ID of a letter about an account; it names no ticket.

    Raises: ValueError as `sign` does.
    """
    return _signed(f"a.{id_}.{kind}", keys, domain)


def _signed(claim: str, keys: Keyring, domain: str) -> str:
    if not _UNSIGNED.fullmatch(f"{claim}@{domain}"):
        message = f"No Message-ID can be made of {claim!r} and {domain!r}."
        raise ValueError(message)
    return f"<{claim}.{_tag(f'{claim}@{domain}', keys.keys[keys.current])}@{domain}>"


def verify(message_id: str, keys: Keyring) -> SignedId | None:
    """Read a Message-ID back if one of our keys signed it; never raises."""
    if len(message_id) > LONGEST_ID:
        return None
    match = _SIGNED.fullmatch(message_id)
    if match is None:
        return None
    key_id = _signer(match, keys)
    if key_id is None:
        return None
    return SignedId(match["number"] or "", int(match["sequence"]), match["kind"], key_id)


def ticket_of(in_reply_to: str, references: Sequence[str], keys: Keyring) -> SignedId | None:
    """Find the letter of ours that a message answers: In-Reply-To first, then the newest reference.

    `references` stand in the order of their header; of a long one only the newest are tried.
    """
    newest = islice(reversed(references), MOST_REFERENCES)
    verified = (verify(candidate, keys) for candidate in chain([in_reply_to], newest))
    return next((signed for signed in verified if signed is not None), None)


def _signer(match: re.Match[str], keys: Keyring) -> str | None:
    """Try every key, whether or not an earlier one fitted, so that time tells nothing."""
    signed = f"{match['claim']}@{match['domain']}"
    found: str | None = None
    for key_id, key in keys.keys.items():
        if hmac.compare_digest(_tag(signed, key), match["tag"]):
            found = key_id
    return found


def _tag(claim: str, key: bytes) -> str:
    return hmac.new(key, claim.encode("ascii"), sha256).hexdigest()[:TAG_DIGITS]
