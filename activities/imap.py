"""A hosted mailbox as its server shows it: letters fetched in pieces, moved aside, never deleted.

Carries out R28; every wait is bounded, and what ails a mailbox has a name (RFC 3501, 2177, 6851).
"""

import re
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from mail.mime import LARGEST_LETTER
from storage.mailboxes import Fault

PIECE_BYTES: Final = 2**20
# One byte more than is ever read: the letter then says by itself that it is too large, and a
# person sees its header; the whole of it stays in the mailbox.
MOST_BYTES: Final = LARGEST_LETTER + 1
AT_ONCE: Final = 500
ARRIVED: Final = b"INTERNALDATE"
TOLD: Final = re.compile(rb"\* (\d+) EXISTS", re.IGNORECASE)
AWAY = (IMAPClientError, OSError)

Alive = Callable[[], bool]


class NoFolderError(IMAPClientError):  # type: ignore[misc] # the library has no types
    """The folder cannot be opened."""


@dataclass(frozen=True)
class Account:
    """A mailbox and the way into it; with a token file, which somebody keeps fresh, by XOAUTH2."""

    name: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    tls: bool = True
    folder: str = "INBOX"
    processed: str = "Processed"
    token_file: Path | None = None
    ca_file: Path | None = None

    @property
    def place(self) -> str:
        """Name the folder so that another of the same numbers is never taken for it."""
        return f"{self.name}/{self.folder}@{self.host}"


@dataclass(frozen=True)
class Bounds:
    """How long to wait: for an answer, for news, and for the next sweep whatever IDLE says."""

    answer_seconds: float = 30.0
    glance_seconds: float = 1.0
    sweep_seconds: float = 120.0
    sweep_seconds_without_idle: float = 30.0


class Line:
    """A connection to one folder."""

    def __init__(self, imap: IMAPClient, account: Account, bounds: Bounds, alive: Alive) -> None:
        """Speak over this connection; `alive` is asked between any two waits."""
        self._imap, self._account, self._bounds, self._alive = imap, account, bounds, alive
        self._left = 0

    def select(self) -> int:
        """Open the folder afresh and return its UIDVALIDITY.

        Raises:
            NoFolderError: there is no such folder.

        """
        try:
            validity: int = self._imap.select_folder(self._account.folder)[b"UIDVALIDITY"]
        except IMAPClient.AbortError:
            raise
        except (IMAPClientError, KeyError) as refused:
            raise NoFolderError(str(refused)) from None
        self.was_told_of_news()
        return validity

    def uids(self) -> list[int]:
        """Return the numbers of all letters there."""
        there = sorted(self._imap.search("ALL"))
        self._left = len(there)
        return there

    def was_told_of_news(self) -> bool:
        """Tell whether letters were announced beside other answers since this was asked last.

        IDLE does not announce them again.
        """
        told = self._imap._imap.response("EXISTS")[1]  # noqa: SLF001 - the library drops it elsewhere
        return bool(told != [None])

    def arrivals(self, uids: Sequence[int]) -> dict[int, datetime]:
        """Return when each of these letters arrived, as far as the server tells."""
        found: dict[int, datetime] = {}
        for some in _portions(uids):
            self._alive()
            with suppress(ValueError):  # a moment that is none
                answers = self._imap.fetch(some, [ARRIVED])
                found |= {uid: one[ARRIVED] for uid, one in answers.items() if one.get(ARRIVED)}
        return found

    def fetch(self, uid: int) -> bytes | None:
        """Fetch a letter without marking it as seen; None when it is there no more.

        Raises:
            IMAPClientError: the server refuses it, or gives something else.

        """
        content = bytearray()
        while len(content) < MOST_BYTES:
            self._alive()
            wanted = min(PIECE_BYTES, MOST_BYTES - len(content))
            piece = f"BODY.PEEK[]<{len(content)}.{wanted}>"
            found = self._imap.fetch([uid], [piece])
            if uid not in found:
                return None
            got = found[uid].get(b"BODY[]<%d>" % len(content))
            if got is None:
                raise IMAPClientError("no such piece")
            content += got
            if len(got) < wanted:
                break
        return bytes(content)

    def move_aside(self, uids: Sequence[int]) -> bool:
        """Move letters out of the way; false when the server refuses, then they stay."""
        if not self._imap.has_capability("MOVE"):
            return True
        try:
            for some in _portions(uids):
                self._alive()
                self._move(some)
        except IMAPClient.AbortError:
            raise
        except IMAPClientError:
            return False
        return True

    def wait(self, until: float) -> None:
        """Wait for a new letter or the next sweep, which alone finds a half-open line."""
        if not self._imap.has_capability("IDLE"):
            self._rest(min(until, time.monotonic() + self._bounds.sweep_seconds_without_idle))
            return
        until = min(until, time.monotonic() + self._bounds.sweep_seconds)
        self._imap.idle()
        if self._was_told_at_once():
            until = 0.0
        while self._alive() and time.monotonic() < until and not self._has_news():
            pass
        self._imap.idle_done()

    def _rest(self, until: float) -> None:
        while self._alive() and time.monotonic() < until:
            time.sleep(self._bounds.glance_seconds)

    def _was_told_at_once(self) -> bool:
        """Look at what came together with the leave to idle: the socket will not show it again.

        Some servers repeat a count there that is no news.
        """
        plain, socket = self._imap._imap, self._imap.socket()  # noqa: SLF001 - the library overlooks it
        read_ahead = getattr(plain, "_file", None) or plain.file
        socket.setblocking(False)  # noqa: FBT003 - positional only
        try:
            told = TOLD.search(read_ahead.peek())
            return told is not None and int(told[1]) != self._left
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            socket.settimeout(self._bounds.answer_seconds)

    def _has_news(self) -> bool:
        """Listen for a moment; an early empty answer is how a closed line shows: look then, too."""
        began = time.monotonic()
        responses = self._imap.idle_check(timeout=self._bounds.glance_seconds)
        is_early = time.monotonic() - began < self._bounds.glance_seconds / 2
        return any(b"EXISTS" in response for response in responses) or (is_early and not responses)

    def _move(self, uids: Sequence[int]) -> None:
        folder = self._account.processed
        if not self._imap.folder_exists(folder):
            self._imap.create_folder(folder)
        self._imap.move(uids, folder)
        self._left -= len(uids)


@contextmanager
def opened(account: Account, bounds: Bounds, alive: Alive) -> Iterator[Line]:
    """Give a connection on which moments keep their time zone; its end is never a failure."""
    imap = IMAPClient(
        account.host,
        account.port,
        ssl=account.tls,
        ssl_context=ssl.create_default_context(cafile=account.ca_file) if account.tls else None,
        timeout=bounds.answer_seconds,
    )
    imap.normalise_times = False
    try:
        _log_in(imap, account)
        yield Line(imap, account, bounds, alive)
    except BaseException:
        with suppress(*AWAY):
            imap.shutdown()  # without a goodbye: a silent server would be waited for once more
        raise
    _hang_up(imap)


def _hang_up(imap: IMAPClient) -> None:
    try:
        imap.logout()
    except AWAY:
        with suppress(*AWAY):
            imap.shutdown()


def is_broken(error: BaseException) -> bool:
    """Tell whether the line is broken; after a mere refusal it serves on."""
    return isinstance(error, (IMAPClient.AbortError, OSError))


def fault_of(error: BaseException) -> Fault:
    """Name what ails a mailbox."""
    for kind, fault in FAULTS:
        if isinstance(error, kind):
            return fault
    return Fault.REFUSAL


FAULTS: Final[tuple[tuple[type[BaseException], Fault], ...]] = (
    (LoginError, Fault.LOGIN),
    (NoFolderError, Fault.FOLDER),
    (ssl.SSLCertVerificationError, Fault.CERTIFICATE),
    (TimeoutError, Fault.SILENCE),
    (OSError, Fault.CONNECTION),
    (IMAPClient.AbortError, Fault.CONNECTION),
)


def _log_in(imap: IMAPClient, account: Account) -> None:
    """Log in; a line that breaks meanwhile, which the library calls a refusal, is not one."""
    try:
        if account.token_file is None:
            imap.login(account.user, account.password)
        else:
            imap.oauth2_login(account.user, _token(account.token_file))
    except LoginError as refused:
        if isinstance(refused.__context__, IMAPClient.AbortError):
            raise refused.__context__ from None
        raise


def _token(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        raise LoginError("no token") from None


def _portions(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Part a list that servers would find too long for one command."""
    return (uids[start : start + AT_ONCE] for start in range(0, len(uids), AT_ONCE))
