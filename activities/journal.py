"""The journal: a mailbox that gets a copy of every letter in the very transaction that sends it.

Looked into by Message-ID, it tells whether a try whose end is unclear left the house (law 2, R33).
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

DIALOGUE_SECONDS = 10

Lookup = Callable[[str], bool]


class JournalAwayError(Exception):
    """The journal could not be asked."""


@dataclass(frozen=True)
class Journal:
    """The journal's mailbox over IMAP; `ca_file` names an authority of the house's own."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    tls: bool = True
    ca_file: Path | None = None

    def has(self, message_id: str) -> bool:
        """Tell whether a letter with this Message-ID left the house.

        Raises:
            JournalAwayError: when nobody can tell.

        """
        try:
            with self._open() as imap:
                imap.login(self.user, self.password)
                imap.select_folder(self.folder, readonly=True)
                return bool(imap.search(["HEADER", "Message-ID", message_id]))
        except (IMAPClientError, OSError) as fault:
            raise JournalAwayError(f"журнал отправленных писем недоступен: {fault}") from None

    def _open(self) -> IMAPClient:
        context = ssl.create_default_context(cafile=self.ca_file) if self.tls else None
        return IMAPClient(
            self.host, self.port, ssl=self.tls, ssl_context=context, timeout=DIALOGUE_SECONDS
        )
