"""Letters that this process has just composed and may send at once, without reading them again.

Their rows already say `sending`: if the process dies, whoever comes next finds the mark and looks
into the journal first (law 2).
"""

import time
from collections import OrderedDict
from threading import Lock

from storage.letters import Claimed, PreparedLetter

ROOM = 500
# Well within the lease of a claim: what lay here longer is claimed, and looked up where unclear.
FRESH_SECONDS = 10.0


class Outbox:
    """A bounded place for letters in hand; one that was pushed out is claimed from the register."""

    def __init__(self) -> None:
        """Begin empty."""
        self._letters: OrderedDict[str, Claimed] = OrderedDict()
        self._lock = Lock()

    def put(self, letter: PreparedLetter) -> None:
        """Keep a letter whose row says that it is in hand."""
        claimed = Claimed(
            key=letter.key,
            kind=letter.kind,
            recipient=letter.recipient,
            message_id=letter.message_id,
            mime=letter.mime,
            is_unclear=False,
            attempts=1,
        )
        with self._lock:
            self._letters[letter.key] = claimed
            while len(self._letters) > ROOM:
                self._letters.popitem(last=False)

    def take(self, key: str) -> Claimed | None:
        """Give a letter out, once, while it is fresh."""
        with self._lock:
            claimed = self._letters.pop(key, None)
        is_fresh = claimed is not None and time.monotonic() - claimed.taken_at < FRESH_SECONDS
        return claimed if is_fresh else None
