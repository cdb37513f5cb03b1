"""What the clock, the mail and the register do to a ticket: events nobody commanded.

An event names words by the id of their message; it never carries them (law 9).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.terms import SYSTEM, Channel, Criticality, TicketKind


@dataclass(frozen=True, kw_only=True)
class Happened:
    """Something that happened to a ticket, at an aware moment, by somebody (`role:id`).

    `key` names its cause: the same cause again is the same event, whatever the moment.
    """

    at: datetime
    by: str = str(SYSTEM)
    key: str = ""

    @property
    def identity(self) -> tuple[str, str]:
        """Return what tells this event from every other one of its ticket."""
        return type(self).__name__, self.key or self.at.isoformat()


@dataclass(frozen=True, kw_only=True)
class Registered(Happened):
    """An appeal was registered and numbered (R16, R27, Q2)."""

    channel: Channel
    received_at: datetime
    accepted_at: datetime
    ticket_kind: TicketKind = TicketKind.PROBLEM
    client: str = ""
    entitled: bool = True
    declared: Criticality = Criticality.NORMAL
    follow_up_of: str = ""
    kind: Literal["registered"] = "registered"


@dataclass(frozen=True, kw_only=True)
class Accepted(Happened):
    """The accepted moment came: every clock starts here (R44, Q2)."""

    kind: Literal["accepted"] = "accepted"


@dataclass(frozen=True, kw_only=True)
class ClientReminded(Happened):
    """The client was reminded of what we wait for (Q6)."""

    kind: Literal["client_reminded"] = "client_reminded"


@dataclass(frozen=True, kw_only=True)
class ReviewFellDue(Happened):
    """A deferred ticket asks its specialist for a look (R54)."""

    kind: Literal["review_fell_due"] = "review_fell_due"


@dataclass(frozen=True, kw_only=True)
class ReleasePublished(Happened):
    """The awaited release came out (R21, R56)."""

    release: str
    kind: Literal["release_published"] = "release_published"


@dataclass(frozen=True, kw_only=True)
class Closed(Happened):
    """The ticket was closed with its result (R63)."""

    kind: Literal["closed"] = "closed"


@dataclass(frozen=True, kw_only=True)
class LetterBounced(Happened):
    """A letter of ours came back (R33, R63)."""

    letter: str
    is_hard: bool
    kind: Literal["letter_bounced"] = "letter_bounced"


@dataclass(frozen=True, kw_only=True)
class LetterFailed(Happened):
    """The mail server refused a letter for good (R33, R46)."""

    letter: str
    kind: Literal["letter_failed"] = "letter_failed"


@dataclass(frozen=True, kw_only=True)
class Rescheduled(Happened):
    """A new calendar moved what comes next (R44, R47)."""

    calendar_version: int
    due_before: datetime
    due_after: datetime
    kind: Literal["rescheduled"] = "rescheduled"


@dataclass(frozen=True, kw_only=True)
class CommandRefused(Happened):
    """A command that came as a signal could not be carried out; here is why."""

    command: str
    reason: str
    refused_by: str
    kind: Literal["command_refused"] = "command_refused"
