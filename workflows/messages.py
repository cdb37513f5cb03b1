"""What is said to a ticket's process: each message one frozen value of ids and codes (law 9)."""

from dataclasses import dataclass
from datetime import datetime

from domain.commands import TicketCommand
from domain.obligations import Due
from domain.occurrences import Registered
from domain.terms import Actor, Channel, Status, Turn
from domain.ticket import Ticket


@dataclass(frozen=True)
class TicketInput:
    """What a process begins with: a new ticket's first event, or all that a run carries on."""

    number: str
    registered: Registered | None = None
    ticket: Ticket | None = None
    leaving: tuple[tuple[str, datetime], ...] = ()
    held: tuple[tuple[str, datetime], ...] = ()
    seen: tuple[str, ...] = ()
    due: Due | None = None
    calendar_version: int = 0


@dataclass(frozen=True)
class LetterInput:
    """Which letter about an account is to be seen off, by its key alone."""

    key: str


@dataclass(frozen=True)
class Order:
    """A command with who gives it; the same `key` again is the same command."""

    command: TicketCommand
    actor: Actor
    key: str


@dataclass(frozen=True)
class Standing:
    """Where a ticket stands after a command."""

    number: str
    status: Status
    turn: Turn
    sequence: int


@dataclass(frozen=True)
class ClientMessageCame:
    """A client's message was kept in the register (R53)."""

    message: int
    key: str
    at: datetime
    by: str = "client"
    channel: Channel = Channel.EMAIL
    resumes: bool = True


@dataclass(frozen=True)
class BounceCame:
    """A letter of ours came back."""

    letter: str
    is_hard: bool
    key: str


@dataclass(frozen=True)
class ReleaseCameOut:
    """A release was published."""

    release: str


@dataclass(frozen=True)
class CalendarChanged:
    """The calendar has a new version."""

    version: int
