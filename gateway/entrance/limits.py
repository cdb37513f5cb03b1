"""How often one may guess: counted where the guesses come from, never against a login alone.

Carries out R2: a stranger's guesses slow the stranger's own network. A browser in which somebody
has signed in before carries a signed mark and is counted by itself, whoever guesses elsewhere.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from ipaddress import ip_network

from fastapi import Request, Response

from gateway.pages.visitors import KEPT_SECONDS, is_secure
from gateway.parts import Parts
from storage import attempts
from storage.database import Connection

OF_LOGIN, OF_NETWORK = 10, 60
DEVICE = "device"
WIDTHS = {4: 32, 6: 64}


@dataclass(frozen=True)
class Guess:
    """One try to sign in and what it is counted by, each name with its limit."""

    counted: tuple[tuple[str, int], ...]

    def wait_until(self, connection: Connection, now: datetime) -> datetime | None:
        """Count the try; return when to try again if there were too many, else nothing."""
        for name, limit in self.counted:
            tried, forgotten_at = attempts.count(connection, name, now)
            if tried > limit:
                return forgotten_at
        return None

    def was_right(self, connection: Connection) -> None:
        """Count the try no longer: it was the owner's."""
        attempts.take_back(connection, [name for name, __ in self.counted])


def guess_of(request: Request, parts: Parts, login: str) -> Guess:
    """Return what a try of this login from this browser is counted by."""
    if mark := _good_mark(request, parts, login):
        return Guess(((f"device {login} {mark}", OF_LOGIN),))
    network = network_of(request)
    return Guess(((f"network {network}", OF_NETWORK), (f"login {login} {network}", OF_LOGIN)))


def asking_of(request: Request) -> Guess:
    """Return what a request for a link is counted by: the network alone, beside its guesses."""
    return Guess(((f"network {network_of(request)}", OF_NETWORK),))


def network_of(request: Request) -> str:
    """Return the network of whoever asks: an address, or the half of one that a home has."""
    host = request.client.host if request.client else ""
    try:
        width = WIDTHS[ip_network(host).version]
        return str(ip_network((host, width), strict=False))
    except ValueError:
        return host


def mark_device(response: Response, parts: Parts, login: str) -> None:
    """Let the browser show that this login was signed in with it before."""
    if key := _key(parts):
        nonce = secrets.token_urlsafe(12)
        response.set_cookie(
            DEVICE,
            f"{nonce}.{_signature(key, login, nonce)}",
            max_age=KEPT_SECONDS,
            httponly=True,
            secure=is_secure(parts),
            samesite="lax",
        )


def _good_mark(request: Request, parts: Parts, login: str) -> str:
    nonce, __, signature = request.cookies.get(DEVICE, "").partition(".")
    key = _key(parts)
    if not key or not nonce:
        return ""
    wanted = _signature(key, login, nonce)
    return nonce if hmac.compare_digest(wanted.encode(), signature.encode()) else ""


def _signature(key: str, login: str, nonce: str) -> str:
    return hmac.new(bytes.fromhex(key), f"device\n{nonce}\n{login}".encode(), sha256).hexdigest()


def _key(parts: Parts) -> str:
    return parts.settings.plain_signing_keys().get(parts.settings.signing_key_id, "")
