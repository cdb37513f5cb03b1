"""What people do to a ticket: the events that commands and clients' messages cause.

An event names words by the id of their message (`text`, `message`); it never carries them
(law 9). `not_before` keeps its letter back until that moment (U6).
`TicketEvent` is the whole vocabulary of a ticket's journal.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.occurrences import (
    Accepted,
    ClientReminded,
    Closed,
    CommandRefused,
    Happened,
    LetterBounced,
    LetterFailed,
    Registered,
    ReleasePublished,
    Rescheduled,
    ReviewFellDue,
)
from domain.terms import (
    ByUser,
    CauseClass,
    Channel,
    Criticality,
    DeferralReason,
    Ground,
    Outcome,
    TicketKind,
)


@dataclass(frozen=True, kw_only=True)
class Identified(Happened):
    """A person linked an unknown sender to a client (R2, R32, Q12)."""

    client: str
    entitled: bool
    kind: Literal["identified"] = "identified"


@dataclass(frozen=True, kw_only=True)
class Taken(Happened):
    """A specialist took the ticket (R5, R17)."""

    specialist: str
    text: int | None = None
    kind: Literal["taken"] = "taken"


@dataclass(frozen=True, kw_only=True)
class Assigned(Happened):
    """The ticket got another specialist (R5)."""

    specialist: str
    kind: Literal["assigned"] = "assigned"


@dataclass(frozen=True, kw_only=True)
class CriticalityConfirmed(Happened):
    """A specialist confirmed or changed the criticality, with a reason (R39, R50, Q5)."""

    criticality: Criticality
    text: int
    kind: Literal["criticality_confirmed"] = "criticality_confirmed"


@dataclass(frozen=True, kw_only=True)
class Noted(Happened):
    """Staff wrote a note that the client does not see."""

    text: int
    kind: Literal["noted"] = "noted"


@dataclass(frozen=True, kw_only=True)
class Answered(Happened):
    """Support wrote to the client (R18, R46); the first time ends the reaction (R47)."""

    text: int
    not_before: datetime | None = None
    kind: Literal["answered"] = "answered"


@dataclass(frozen=True, kw_only=True)
class ClientAsked(Happened):
    """Support asked the client for more (R40, R53)."""

    text: int
    not_before: datetime | None = None
    kind: Literal["client_asked"] = "client_asked"


@dataclass(frozen=True, kw_only=True)
class ClientAnswered(Happened):
    """A message of the client's came by some door (R53)."""

    message: int
    channel: Channel = Channel.EMAIL
    resumes: bool = True
    kind: Literal["client_answered"] = "client_answered"


@dataclass(frozen=True, kw_only=True)
class Deferred(Happened):
    """The solution was put off for a named reason (R54-R59, Q7)."""

    reason: DeferralReason
    text: int
    category: str = ""
    not_before: datetime | None = None
    kind: Literal["deferred"] = "deferred"


@dataclass(frozen=True, kw_only=True)
class Resumed(Happened):
    """Staff took up again what waited, with a reason."""

    text: int
    kind: Literal["resumed"] = "resumed"


@dataclass(frozen=True, kw_only=True)
class HandedOff(Happened):
    """The problem went to development (R19, R48, R56): evidence for them, a text for the client."""

    evidence: int
    text: int | None = None
    kind: Literal["handed_off"] = "handed_off"


@dataclass(frozen=True, kw_only=True)
class ReturnedFromDevelopment(Happened):
    """Development gave its outcome (R19, R48)."""

    outcome: Outcome
    text: int
    release: str = ""
    is_published: bool = False
    kind: Literal["returned_from_development"] = "returned_from_development"


@dataclass(frozen=True, kw_only=True)
class ReleaseAwaited(Happened):
    """The ticket waits for a release (R56)."""

    release: str
    kind: Literal["release_awaited"] = "release_awaited"


@dataclass(frozen=True, kw_only=True)
class AccessRequested(Happened):
    """Temporary access to the client's product was asked for (R60)."""

    text: int
    kind: Literal["access_requested"] = "access_requested"


@dataclass(frozen=True, kw_only=True)
class ClosingBegan(Happened):
    """Staff decided to close; the letter waits for its window (R45, R63)."""

    ground: Ground
    text: int
    kind: Literal["closing_began"] = "closing_began"


@dataclass(frozen=True, kw_only=True)
class Escalated(Happened):
    """The client wrote to the head of support (R65)."""

    message: int
    kind: Literal["escalated"] = "escalated"


@dataclass(frozen=True, kw_only=True)
class EscalationAnswered(Happened):
    """The head answered the client's letter (R65)."""

    text: int
    kind: Literal["escalation_answered"] = "escalation_answered"


@dataclass(frozen=True, kw_only=True)
class Merged(Happened):
    """The ticket was joined to another one."""

    into: str
    text: int
    kind: Literal["merged"] = "merged"


@dataclass(frozen=True, kw_only=True)
class Unmerged(Happened):
    """A join was undone."""

    text: int
    kind: Literal["unmerged"] = "unmerged"


@dataclass(frozen=True, kw_only=True)
class Reclassified(Happened):
    """The kind or category was changed (R6, R14-R26)."""

    ticket_kind: TicketKind
    category: str = ""
    kind: Literal["reclassified"] = "reclassified"


@dataclass(frozen=True, kw_only=True)
class ServedWithoutContract(Happened):
    """A specialist decided to serve a client whose support has run out (Q13)."""

    text: int
    kind: Literal["served_without_contract"] = "served_without_contract"


@dataclass(frozen=True, kw_only=True)
class Diagnosed(Happened):
    """The cause was stated, with what was tried and found (R4, R17, R18)."""

    cause: CauseClass
    by_user: ByUser
    tried: int
    found: int
    kind: Literal["diagnosed"] = "diagnosed"


@dataclass(frozen=True, kw_only=True)
class LetterCancelled(Happened):
    """Staff kept back a letter before it left (R45)."""

    letter: str
    text: int | None = None
    kind: Literal["letter_cancelled"] = "letter_cancelled"


@dataclass(frozen=True, kw_only=True)
class LetterUrged(Happened):
    """Staff sent a waiting letter at once, for a reason (R45)."""

    letter: str
    text: int
    kind: Literal["letter_urged"] = "letter_urged"


TicketEvent = (
    Registered
    | Identified
    | Accepted
    | Taken
    | Assigned
    | CriticalityConfirmed
    | Noted
    | Answered
    | ClientAsked
    | ClientReminded
    | ClientAnswered
    | Deferred
    | ReviewFellDue
    | Resumed
    | HandedOff
    | ReturnedFromDevelopment
    | ReleaseAwaited
    | ReleasePublished
    | AccessRequested
    | ClosingBegan
    | Closed
    | Escalated
    | EscalationAnswered
    | Merged
    | Unmerged
    | Reclassified
    | ServedWithoutContract
    | Diagnosed
    | LetterCancelled
    | LetterUrged
    | LetterBounced
    | LetterFailed
    | Rescheduled
    | CommandRefused
)
