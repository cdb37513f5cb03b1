"""Short notes that only this installation can have written, good until their moment (RFC 2104).

A seal is an end and an HMAC-SHA256 tag over purpose, words and end; one made for another purpose
opens nothing.
"""

import hmac
import re
from datetime import datetime
from hashlib import sha256

from gateway.parts import Parts
from mail.identity import Keyring

TAG_SIGNS = 32
_SEAL = re.compile(r"([0-9]{1,12})-([0-9a-f]{32})", re.ASCII)


def seal(parts: Parts, purpose: str, words: str, until: datetime) -> str:
    """Return the seal of these words, safe in an address and good until that moment."""
    keys = _keys(parts)
    end = str(int(until.timestamp()))
    return f"{end}-{_tag(keys.keys[keys.current], purpose, words, end)}"


def is_sealed(parts: Parts, purpose: str, words: str, given: str) -> bool:
    """Tell whether the seal is ours, for these words, and not over; never raises."""
    found = _SEAL.fullmatch(given)
    if found is None:
        return False
    end, tag = found.groups()
    ours = [_tag(key, purpose, words, end) for key in _keys(parts).keys.values()]
    is_ours = any(hmac.compare_digest(one, tag) for one in ours)
    return is_ours and int(end) > parts.clock().timestamp()


def _tag(key: bytes, purpose: str, words: str, end: str) -> str:
    claim = f"{purpose}\n{words}\n{end}".encode()
    return hmac.new(key, claim, sha256).hexdigest()[:TAG_SIGNS]


def _keys(parts: Parts) -> Keyring:
    settings = parts.settings
    return Keyring.from_hex(settings.signing_key_id, settings.plain_signing_keys())
