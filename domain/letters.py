"""Which letters support writes, when each may leave, and all that its wording may know.

R3, R9, R28, R30, R33, R45, R55-R59, R63-R65; Q2, Q3, Q5, Q10, Q12-Q14.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from domain.terms import Outcome


class LetterKind(StrEnum):
    """A letter that the regulation owes, by what it tells."""

    CONFIRMATION = "confirmation"
    QUESTION = "question"
    REMINDER = "reminder"
    ANSWER = "answer"
    DEFERRAL_R55 = "deferral_r55"
    DEFERRAL_R56 = "deferral_r56"
    DEFERRAL_R57 = "deferral_r57"
    DEFERRAL_R58 = "deferral_r58"
    DEFERRAL_R59 = "deferral_r59"
    HANDED_OFF = "handed_off"
    DEVELOPMENT_OUTCOME = "development_outcome"
    AWAITING_RELEASE = "awaiting_release"
    RELEASED = "released"
    CLOSING = "closing"
    NO_ACTIVE_SUPPORT = "no_active_support"
    CANNOT_BE_SERVED = "cannot_be_served"
    CRITICAL_ALERT = "critical_alert"


class Language(StrEnum):
    """A language in which every letter exists."""

    RU = "ru"
    EN = "en"


class ConfirmationTiming(StrEnum):
    """When a confirmation leaves (Q3)."""

    AT_ONCE = "at_once"
    IN_WORKING_TIME = "in_working_time"


WORDS_OF_A_FULL_NAME = 3
LONGEST_PLACE = 9  # digits
PATRONYMICS = ("вич", "ьич", "вна", "чна")
INTERNAL = frozenset({LetterKind.CRITICAL_ALERT})
AUTOMATIC = frozenset(
    {
        LetterKind.CONFIRMATION,
        LetterKind.REMINDER,
        LetterKind.RELEASED,
        LetterKind.CRITICAL_ALERT,
    }
)
HELD_BACK = frozenset({LetterKind.CONFIRMATION, LetterKind.REMINDER})


def keeps_window(kind: LetterKind, confirmation: ConfirmationTiming) -> bool:
    """Tell whether a letter waits for working time before it leaves (R45, Q3)."""
    if kind is LetterKind.CONFIRMATION:
        return confirmation is ConfirmationTiming.IN_WORKING_TIME
    return not is_internal(kind)


def is_internal(kind: LetterKind) -> bool:
    """Tell whether a letter goes to staff and never to a client."""
    return kind in INTERNAL


def is_automatic(kind: LetterKind) -> bool:
    """Tell whether a letter is written by the service itself, without a person's words."""
    return kind in AUTOMATIC


def may_be_held_back(kind: str) -> bool:
    """Tell whether a letter may be withheld or paused: no person wrote it, nothing new is in it.

    What people write is never kept from a client, nor an alert from staff.
    """
    return kind in HELD_BACK


def message_key(number: str, sequence: int, kind: LetterKind) -> str:
    """Name a letter by its cause, so that one cause makes one letter.

    `sequence` is the place of the causing event in the journal of the ticket.
    """
    return f"{number}/{sequence}/{kind}"


def cause_of(key: str) -> tuple[int, str]:
    """Return the place in the journal and the kind that a letter's key names; 0 where none."""
    _, _, named = key.partition("/")
    place, _, kind = named.partition("/")
    is_place = place.isascii() and place.isdecimal() and len(place) <= LONGEST_PLACE
    return (int(place) if is_place else 0), kind


def form_of_address(name: str) -> str:
    """Return how a letter addresses a person: by name and patronymic where a full name is given.

    «Ветрова Анна Сергеевна» is addressed as «Анна Сергеевна»; any other name stays whole.
    """
    words = name.split()
    is_full = len(words) == WORDS_OF_A_FULL_NAME and words[-1].endswith(PATRONYMICS)
    return " ".join(words[1:]) if is_full else name


@dataclass(frozen=True, kw_only=True)
class AttachedFile:
    """A file that came with a request, as the client named it."""

    name: str
    size_bytes: int
    is_picture: bool = False
    is_accepted_format: bool = True  # JPG, GIF or PNG by its bytes (R42)


@dataclass(frozen=True, kw_only=True)
class Links:
    """Addresses of pages that a letter may offer; an empty one is not offered."""

    ticket_page: str = ""
    documentation: str = ""
    regulation: str = ""
    follow_up: str = ""
    keep_open: str = ""
    access_changed: str = ""
    console: str = ""


@dataclass(frozen=True, kw_only=True)
class Contacts:
    """How to reach support and its head, as the regulation names them (R28, R30, R65)."""

    address: str = "lanskov@profman.ru"
    phone: str = "329-12-29"
    head_address: str = "office@profman.ru"


@dataclass(frozen=True, kw_only=True)
class LetterFacts:
    """Everything that the wording of a letter may know, in plain values.

    Codes (`missing`, `ticket_kind`, `frequency`, `criticality`) are put into words by the wording;
    a frequency or criticality that is no known code is shown as the client wrote it.
    """

    number: str
    language: Language
    received_at: datetime
    accepted_at: datetime
    is_verified: bool = False
    is_registered_address: bool = False  # of a user whom the register knows (R2)
    is_on_paper: bool = False
    edition: str = ""
    contacts: Contacts = field(default_factory=Contacts)
    links: Links = field(default_factory=Links)

    name: str = ""
    subject: str = ""
    description: str = ""
    ticket_kind: str = ""
    platform_version: str = ""
    product_version: str = ""
    frequency: str = ""
    criticality: str = ""
    files: tuple[AttachedFile, ...] = ()
    missing: tuple[str, ...] = ()
    call_at: datetime | None = None
    previous_number: str = ""
    split_from: str = ""

    text: str = ""  # the specialist's own words: answer, reason, result
    matter: str = ""  # what the request was about, in the specialist's words
    way_out: str = ""
    questions: tuple[str, ...] = ()
    reminder_ordinal: int = 1
    waiting_since_at: datetime | None = None
    closes_at: datetime | None = None
    closed_at: datetime | None = None
    is_access_given: bool = False
    is_withdrawn: bool = False  # by the client, whose own words `text` then holds
    outcome: Outcome | None = None
    release_version: str = ""

    def __post_init__(self) -> None:
        """Refuse a moment that does not know its time zone."""
        if None in (self.received_at.tzinfo, self.accepted_at.tzinfo):
            message = "The moments of a letter must know their time zone."
            raise ValueError(message)

    @property
    def is_received_in_working_time(self) -> bool:
        """Tell whether the clocks start at the very moment of receipt (R44, Q2)."""
        return self.accepted_at <= self.received_at

    @property
    def introduction(self) -> str:
        """Give the text before the questions, or nothing where it only repeats them."""
        repeats = self.text.split() == " ".join(self.questions).split()
        return "" if repeats else self.text

    @property
    def pictures_to_convert(self) -> tuple[AttachedFile, ...]:
        """List the pictures that came in another format than JPG, GIF or PNG (Q14)."""
        return tuple(f for f in self.files if f.is_picture and not f.is_accepted_format)


def for_recipient(kind: LetterKind, facts: LetterFacts) -> LetterFacts:
    """Withhold from an unverified address all that the sender wrote (Q12).

    Otherwise a forged sender could make support write the forger's words to a stranger. The way
    to the ticket's page stays only where the address is the register's own for a known user.
    """
    if facts.is_verified or is_internal(kind):
        return facts
    return replace(
        facts,
        name="",
        subject="",
        matter="",
        description="",
        ticket_kind="",
        platform_version="",
        product_version="",
        frequency="",
        criticality="",
        files=(),
        links=facts.links if facts.is_registered_address else _without_page(facts.links),
    )


def _without_page(links: Links) -> Links:
    return replace(links, ticket_page="", follow_up="", keep_open="", access_changed="")
