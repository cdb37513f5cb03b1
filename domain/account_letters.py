"""Letters about somebody's account: the link that lets them choose a password, news of a change.

Carries out R2, R45. They belong to no ticket: a person's own address gets them, and an answer to
one is an ordinary new letter.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from domain.calendar import Calendar
from domain.correspondence import into_window
from domain.letters import Contacts, Language


class AccountLetterKind(StrEnum):
    """A letter about an account, by what it tells."""

    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of a letter
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of a letter


# What opens an account is a secret: it is kept in no register and no journal once it has left.
WITH_LINK = frozenset({AccountLetterKind.INVITATION, AccountLetterKind.PASSWORD_RESET})
PREFIX = "account/"
KEPT_OUT = {
    Language.RU: "[ссылка была в письме]",
    Language.EN: "[the link was in the letter]",
}


@dataclass(frozen=True, kw_only=True)
class AccountFacts:
    """Everything that the wording of a letter about an account may know.

    `link` and `holds_until` are those of a letter that carries a link; `forgot_page` is where a
    new one is asked for.
    """

    language: Language
    at: datetime
    name: str
    login: str
    is_client: bool
    forgot_page: str
    link: str = ""
    holds_until: datetime | None = None
    contacts: Contacts = field(default_factory=Contacts)


def account_key(id_: int, kind: AccountLetterKind) -> str:
    """Name a letter by what it is about: the link, or the password, of this id."""
    return f"{PREFIX}{id_}/{kind}"


def is_account_key(key: str) -> bool:
    """Tell whether a letter of this key is about an account and not about a ticket."""
    return key.startswith(PREFIX)


def carries_link(kind: str) -> bool:
    """Tell whether a letter of this kind carries a link that opens an account."""
    return kind in WITH_LINK


def without_link(facts: AccountFacts) -> AccountFacts:
    """Return what is kept of a letter's facts: the place of the link, and no link."""
    return replace(facts, link=KEPT_OUT[facts.language]) if facts.link else facts


def account_departure(kind: AccountLetterKind, at: datetime, calendar: Calendar) -> datetime:
    """Return the first moment, from `at` on, at which the letter may leave.

    An invitation keeps the hours of answers (R45). Who asked for a link waits at the screen, and
    a change of password must be known at once.
    """
    return into_window(at, calendar) if kind is AccountLetterKind.INVITATION else at
