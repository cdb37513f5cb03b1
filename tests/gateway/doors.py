"""The doors for mail, opened for a test over a register of its own."""

import asyncio
import smtplib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import select

from deploy.local.processes import LOOPBACK
from gateway.dialogue import Limits
from gateway.filing import FilingDesk
from gateway.incoming import House
from gateway.mailroom import LIMITS, Mailroom
from gateway.sorting import Sorter
from mail.identity import Keyring
from storage.database import Database
from storage.files import FileStore
from storage.raw_letters import RawLetter, list_kept
from storage.rules import CurrentRules
from storage.ticket_tables import requests
from workflows.installation import Installation

AT = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
CLIENT = "o.belova@sever.example"
OWN = ("lanskov@profman.ru", "office@profman.ru")
LETTER = b"From: o.belova@sever.example\r\nSubject: s\r\n\r\n.\r\nText\r\n"
NOTHING: Mapping[str, Any] = MappingProxyType({})
Dialogue = Callable[[smtplib.SMTP], object]
TOO_LARGE = b"Subject: s\r\n\r\n" + (b"x" * 76 + b"\r\n") * (26 * 2**20 // 78)


@dataclass(frozen=True)
class Doors:
    """Open doors and the register behind them."""

    mailroom: Mailroom
    database: Database

    async def say(self, dialogue: Dialogue) -> object:
        """Hold a dialogue at the SMTP door and return its outcome."""
        return await asyncio.to_thread(self._say, dialogue, smtplib.SMTP, self.mailroom.smtp_port)

    async def say_lmtp(self, dialogue: Dialogue) -> object:
        """Hold a dialogue at the LMTP door and return its outcome."""
        return await asyncio.to_thread(self._say, dialogue, smtplib.LMTP, self.mailroom.lmtp_port)

    def kept(self) -> tuple[RawLetter, ...]:
        """Return the letters kept."""
        with self.database.transaction() as connection:
            return list_kept(connection, 10)

    def numbers(self) -> list[str]:
        """Return the numbers of all tickets."""
        with self.database.transaction() as connection:
            return list(connection.execute(select(requests.c.number)).scalars())

    @staticmethod
    def _say(dialogue: Dialogue, kind: type[smtplib.SMTP], port: int) -> object:
        with kind(LOOPBACK, port) as smtp:
            smtp.ehlo()
            return dialogue(smtp)


@asynccontextmanager
async def opened(
    database: Database, sorter: Sorter, limits: Limits = LIMITS, told: Mapping[str, Any] = NOTHING
) -> AsyncIterator[Doors]:
    """Open the doors, as the settings tell."""
    settings = Installation(door_host=LOOPBACK, door_port=0, lmtp_port=0, own_addresses=OWN, **told)
    mailroom = Mailroom(database, sorter, settings, lambda: AT, limits)
    task = asyncio.create_task(mailroom.run())
    await mailroom.opened()
    try:
        yield Doors(mailroom, database)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


HOUSE = House(Keyring("k1", {"k1": bytes(range(32))}), frozenset(OWN), "support")


def sorter_of(database: Database, folder: Path) -> Sorter:
    """Give who files what the doors keep."""
    rules = CurrentRules(database, lambda: AT)
    return Sorter(database, FilingDesk(FileStore(folder), rules, HOUSE))


def giving(*recipients: str, content: bytes = LETTER, sender: str = CLIENT) -> Dialogue:
    """Say how a letter is given."""
    return lambda smtp: smtp.sendmail(sender, recipients, content)


def lmtp_replies(lmtp: smtplib.SMTP, content: bytes = LETTER) -> list[int]:
    """Give a letter to both of our addresses and return the replies to it."""
    lmtp.mail(CLIENT)
    for recipient in OWN:
        lmtp.rcpt(recipient)
    first = lmtp.data(content)[0]
    return [first, *(lmtp.getreply()[0] for _ in OWN[1:])]
