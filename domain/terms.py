"""The words of the regulation as types: states, channels, reasons, outcomes, roles.

Carries out the terms of R5, R6, R28-R31, R39, R54-R59, R63.
"""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """Where a ticket stands."""

    IDENTIFICATION = "identification"
    REGISTERED = "registered"
    IN_QUEUE = "in_queue"
    IN_DIAGNOSIS = "in_diagnosis"
    AWAITING_CLIENT = "awaiting_client"
    DEFERRED = "deferred"
    IN_DEVELOPMENT = "in_development"
    AWAITING_RELEASE = "awaiting_release"
    CLOSING = "closing"
    CLOSED = "closed"


class Turn(StrEnum):
    """Whose move a ticket waits for."""

    SUPPORT = "support"
    CLIENT = "client"
    DEVELOPMENT = "development"
    CALENDAR = "calendar"
    NOBODY = "nobody"


class Channel(StrEnum):
    """How an appeal came (R28-R31)."""

    EMAIL = "email"
    WEB = "web"
    PHONE = "phone"
    PAPER = "paper"


class TicketKind(StrEnum):
    """What a ticket is about (R6, R22, R26)."""

    PROBLEM = "problem"
    QUESTION = "question"
    WISH = "wish"
    MODULE_WISH = "module_wish"


class Criticality(StrEnum):
    """How badly the matter stops the client's work (R39)."""

    CRITICAL = "critical"
    NORMAL = "normal"
    LOW = "low"


class DeferralReason(StrEnum):
    """The five reasons for which the regulation lets a solution wait (R54)."""

    INSUFFICIENT_INFORMATION = "R55"
    DEVELOPMENT_NEEDED = "R56"
    REQUIREMENTS_VIOLATED = "R57"
    OUT_OF_SCOPE = "R58"
    ILL_POSED = "R59"


# Deferrals that the client can end by an answer; the others wait for us.
CLIENT_CAN_END = frozenset(
    {
        DeferralReason.INSUFFICIENT_INFORMATION,
        DeferralReason.REQUIREMENTS_VIOLATED,
        DeferralReason.ILL_POSED,
    }
)


class CauseClass(StrEnum):
    """What caused a problem (R4)."""

    SOFTWARE_CONFLICT = "software_conflict"
    HARDWARE_CONFLICT = "hardware_conflict"
    BOTH_CONFLICTS = "both_conflicts"
    PRODUCT_ERROR = "product_error"


class ByUser(StrEnum):
    """Whether the user's own actions brought a problem about (R4)."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """How development answers a ticket handed to it (R19, R48)."""

    FIXED_IN_RELEASE = "fixed_in_release"
    WORKAROUND = "workaround"
    NOT_A_DEFECT = "not_a_defect"
    DECLINED = "declined"
    NEEDS_INFORMATION = "needs_information"


class Ground(StrEnum):
    """Why a ticket is closed (R63; Q12 and Q13 for the last two)."""

    SOLVED = "solved"
    WITHDRAWN = "withdrawn"
    NO_ACTIVE_SUPPORT = "no_active_support"
    CANNOT_BE_SERVED = "cannot_be_served"


class Grade(StrEnum):
    """How much a solution helped, as its client says (R8)."""

    HELPED = "helped"
    PARTLY = "partly"
    NOT_HELPED = "not_helped"


class LetterState(StrEnum):
    """Where a letter stands on its way out."""

    PREPARED = "prepared"
    WAITING = "waiting"
    SENDING = "sending"
    ACCEPTED = "accepted"
    BOUNCED = "bounced"
    FAILED = "failed"
    WITHHELD = "withheld"
    TO_POST = "to_post"


class Role(StrEnum):
    """In what capacity somebody acts."""

    CLIENT = "client"
    SPECIALIST = "specialist"
    HEAD = "head"
    DEVELOPMENT = "development"
    OPERATIONS = "operations"
    SYSTEM = "system"


@dataclass(frozen=True)
class Actor:
    """Who did something: a role and the register's id of the person."""

    role: Role
    id: str = ""

    def __str__(self) -> str:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        """Return the form kept in the journal: `role:id`."""
        return f"{self.role}:{self.id}" if self.id else str(self.role)


SYSTEM = Actor(Role.SYSTEM)
