"""The signed link to a ticket's page: made for letters and pages, judged when somebody opens it.

Forged, revoked and of no ticket look alike; only a genuine link may learn that its time is over.
"""

from datetime import datetime

from gateway.parts import Parts
from mail.identity import Keyring
from mail.status_links import LIFETIME, Opening, Permit, examine, page
from storage import status_links
from storage.database import Connection


def link(parts: Parts, connection: Connection, number: str, at: datetime) -> str:
    """Return an address of the ticket's page that needs no password, good for 90 days from `at`."""
    generation = status_links.find_generation(connection, number) or 0
    return page(parts.settings.site, Permit(number, generation, at + LIFETIME), _keys(parts))


def opened(parts: Parts, connection: Connection, number: str, token: str) -> Opening:
    """Tell what the token of an address opens now; nothing where there is no such ticket."""
    generation = status_links.find_generation(connection, number)
    told = examine(token, number, generation or 0, _keys(parts), parts.clock())
    return Opening.UNKNOWN if generation is None else told


def _keys(parts: Parts) -> Keyring:
    settings = parts.settings
    return Keyring.from_hex(settings.signing_key_id, settings.plain_signing_keys())
