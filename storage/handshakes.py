"""Sign-ins that went out to the organisation's provider and have not come back: each is used once.

Carries out R2 and law 9: of the state and of the browser's own secret the digests are kept, so that
an answer counts only in the browser that asked, and once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert

from storage import bearers
from storage.sign_in_tables import provider_handshakes as handshakes

HOLDS = timedelta(minutes=10)


@dataclass(frozen=True)
class Handshake:
    """What the provider's answer is checked by, and where the person wanted to go."""

    nonce: str
    verifier: str
    onward: str


def begin(
    connection: Connection, state: str, browser: str, handshake: Handshake, now: datetime
) -> None:
    """Keep a sign-in that goes out now; those that never came back are forgotten."""
    connection.execute(delete(handshakes).where(handshakes.c.expires_at <= now))
    kept = {
        "state": bearers.digest_of(state),
        "browser": bearers.digest_of(browser),
        "nonce": handshake.nonce,
        "verifier": handshake.verifier,
        "onward": handshake.onward,
        "expires_at": now + HOLDS,
    }
    connection.execute(insert(handshakes).values(**kept))


def take(connection: Connection, state: str, browser: str, now: datetime) -> Handshake | None:
    """Return the sign-in of this state and browser and use it up; None when there is none."""
    is_this = handshakes.c.state == bearers.digest_of(state)
    is_theirs = handshakes.c.browser == bearers.digest_of(browser)
    taken = delete(handshakes).where(is_this, is_theirs, handshakes.c.expires_at > now)
    columns = (handshakes.c.nonce, handshakes.c.verifier, handshakes.c.onward)
    row = connection.execute(taken.returning(*columns)).first()
    return Handshake(*row) if row else None
