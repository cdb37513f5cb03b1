"""What people may ask of a ticket: each command, who may give it in which state, and its event.

One table decides, for the quick refusal and once more when it is carried out. A refusal names
the rule and the way out (law 10). Carries out R4, R5, R17-R19, R27, R40, R45, R50, R53-R60,
R63-R65.
"""

from dataclasses import dataclass
from typing import Literal

from domain.terms import (
    ByUser,
    CauseClass,
    Criticality,
    DeferralReason,
    Ground,
    Outcome,
    TicketKind,
)


@dataclass(frozen=True)
class Identify:
    """Link the unknown sender to a client (Q12)."""

    client: str
    entitled: bool
    kind: Literal["identify"] = "identify"


@dataclass(frozen=True)
class Take:
    """Take the ticket; `text` gives the reason where it is not the first of the queue (R49)."""

    text: int | None = None
    kind: Literal["take"] = "take"


@dataclass(frozen=True)
class Assign:
    """Give the ticket to another specialist."""

    specialist: str
    kind: Literal["assign"] = "assign"


@dataclass(frozen=True)
class ConfirmCriticality:
    """Confirm or change the declared criticality, with a reason (Q5)."""

    criticality: Criticality
    text: int
    kind: Literal["confirm_criticality"] = "confirm_criticality"


@dataclass(frozen=True)
class Note:
    """Write a note that the client does not see."""

    text: int
    kind: Literal["note"] = "note"


@dataclass(frozen=True)
class Answer:
    """Write to the client (R46); `hold` keeps the letter back for so many seconds (U6)."""

    text: int
    hold: int = 0
    kind: Literal["answer"] = "answer"


@dataclass(frozen=True)
class AskClient:
    """Ask the client for more and wait (R40)."""

    text: int
    hold: int = 0
    kind: Literal["ask_client"] = "ask_client"


@dataclass(frozen=True)
class Remind:
    """Remind the client now, beside the rhythm (Q6)."""

    kind: Literal["remind"] = "remind"


@dataclass(frozen=True)
class Defer:
    """Put the solution off for a reason of the regulation (R54)."""

    reason: DeferralReason
    text: int
    hold: int = 0
    kind: Literal["defer"] = "defer"


@dataclass(frozen=True)
class Resume:
    """Take up again what waits, with a reason."""

    text: int
    kind: Literal["resume"] = "resume"


@dataclass(frozen=True)
class HandOff:
    """Hand the problem to development: its evidence, and what the client is told (R19)."""

    evidence: int
    text: int | None = None
    kind: Literal["hand_off"] = "hand_off"


@dataclass(frozen=True)
class ReturnFromDevelopment:
    """Give development's outcome; `text` is what the client is told (R48)."""

    outcome: Outcome
    text: int
    release: str = ""
    is_published: bool = False
    kind: Literal["return_from_development"] = "return_from_development"


@dataclass(frozen=True)
class AwaitRelease:
    """Wait for a release (R56)."""

    release: str
    kind: Literal["await_release"] = "await_release"


@dataclass(frozen=True)
class RequestAccess:
    """Ask for temporary access to the client's product (R60)."""

    text: int
    kind: Literal["request_access"] = "request_access"


@dataclass(frozen=True)
class Close:
    """Close with a result (R63)."""

    text: int
    ground: Ground = Ground.SOLVED
    kind: Literal["close"] = "close"


@dataclass(frozen=True)
class FollowUp:
    """Submit again what was closed (R64, Q8): the register opens a new, linked ticket."""

    kind: Literal["follow_up"] = "follow_up"


@dataclass(frozen=True)
class Escalate:
    """Write to the head of support (R65)."""

    message: int
    kind: Literal["escalate"] = "escalate"


@dataclass(frozen=True)
class ReplyToEscalation:
    """Answer the client's letter to the head (R65)."""

    text: int
    kind: Literal["reply_to_escalation"] = "reply_to_escalation"


@dataclass(frozen=True)
class Reopen:
    """Call a closing back before its letter has left (Q8)."""

    text: int
    kind: Literal["reopen"] = "reopen"


@dataclass(frozen=True)
class Merge:
    """Join the ticket to another one."""

    into: str
    text: int
    kind: Literal["merge"] = "merge"


@dataclass(frozen=True)
class Unmerge:
    """Undo the join."""

    text: int
    kind: Literal["unmerge"] = "unmerge"


@dataclass(frozen=True)
class Withdraw:
    """Take the request back."""

    text: int
    kind: Literal["withdraw"] = "withdraw"


@dataclass(frozen=True)
class Reclassify:
    """Change kind and category."""

    ticket_kind: TicketKind
    category: str = ""
    kind: Literal["reclassify"] = "reclassify"


@dataclass(frozen=True)
class MarkOutOfScope:
    """Put the ticket off as outside support, with the catalogue's entry (R58)."""

    category: str
    text: int
    hold: int = 0
    kind: Literal["mark_out_of_scope"] = "mark_out_of_scope"


@dataclass(frozen=True)
class Serve:
    """Serve a client whose support has run out (Q13)."""

    text: int
    kind: Literal["serve"] = "serve"


@dataclass(frozen=True)
class Diagnose:
    """State what caused the problem, what was tried and what was found (R4, R17, R18)."""

    cause: CauseClass
    by_user: ByUser
    tried: int
    found: int
    kind: Literal["diagnose"] = "diagnose"


@dataclass(frozen=True)
class CancelLetter:
    """Keep back a letter that still waits for its moment (R45); `letter` is its key."""

    letter: str
    text: int | None = None
    kind: Literal["cancel_letter"] = "cancel_letter"


@dataclass(frozen=True)
class SendUrgently:
    """Send a letter that waits at once, outside the window, for a reason (R45, law 7)."""

    letter: str
    text: int
    kind: Literal["send_urgently"] = "send_urgently"


TicketCommand = (
    Identify
    | Take
    | Assign
    | ConfirmCriticality
    | Note
    | Answer
    | AskClient
    | Remind
    | Defer
    | Resume
    | HandOff
    | ReturnFromDevelopment
    | AwaitRelease
    | RequestAccess
    | Close
    | FollowUp
    | Escalate
    | ReplyToEscalation
    | Reopen
    | Merge
    | Unmerge
    | Withdraw
    | Reclassify
    | MarkOutOfScope
    | Serve
    | Diagnose
    | CancelLetter
    | SendUrgently
)
