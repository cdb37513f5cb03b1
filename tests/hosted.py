"""A hosted mailbox as its owner's other programs see it: for tests of whatever watches it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from imapclient import IMAPClient

from activities.imap import Account


@dataclass(frozen=True)
class Hosted:
    """A mailbox at a provider."""

    account: Account

    @contextmanager
    def client(self) -> Iterator[IMAPClient]:
        """Open the mailbox as any other program of its owner would."""
        with IMAPClient(self.account.host, self.account.port, ssl=False) as imap:
            imap.login(self.account.user, self.account.password)
            yield imap

    def put(self, *contents: bytes) -> None:
        """Deliver letters."""
        with self.client() as imap:
            for content in contents:
                imap.append(self.account.folder, content)

    def contents(self, folder: str) -> list[bytes]:
        """Return the letters of a folder; none where there is no such folder."""
        with self.client() as imap:
            if not imap.folder_exists(folder):
                return []
            imap.select_folder(folder, readonly=True)
            return _contents(imap, sorted(imap.search("ALL")))


def _contents(imap: IMAPClient, uids: Sequence[int]) -> list[bytes]:
    fetched = imap.fetch(uids, ["BODY.PEEK[]"])
    return [fetched[uid][b"BODY[]"] for uid in uids if uid in fetched]
