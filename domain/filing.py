"""Where an incoming letter belongs, and what it may never do: one decision table.

Carries out R28, R29 (mail files a request), R64 with Q8 (a reply to a closed ticket files a new
one; mere thanks wait for a person), Q12 (nobody is dropped), R33 (why a confirmation is withheld).
A letter can add a client's words; it can never act as staff. Only an id that we signed names a
ticket; a bare number in the subject is a suggestion, and From proves nothing.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# A program whose answers show none of the marks of RFC 3834 must not be answered for ever.
SPACING = timedelta(minutes=10)
MOST_A_DAY = 5
ONE_DAY = timedelta(days=1)


class Place(StrEnum):
    """What is done with a letter."""

    APPEND = "append"
    APPEND_AS_THIRD_PERSON = "append_as_third_person"
    NEW_TICKET = "new_ticket"
    FOLLOW_UP = "follow_up"
    HOLD_THANKS = "hold_thanks"
    ATTACH_BOUNCE = "attach_bounce"
    KEEP_BOUNCE = "keep_bounce"
    KEEP_AUTOMATIC = "keep_automatic"
    KEEP_OWN = "keep_own"
    KEEP_UNREADABLE = "keep_unreadable"


class Reason(StrEnum):
    """Why a letter went where it went; staff see it on the ticket."""

    OWN_MAIL = "own_mail"
    BOUNCE_OF_OURS = "bounce_of_ours"
    BOUNCE_OF_UNKNOWN = "bounce_of_unknown"
    UNREADABLE = "unreadable"
    AUTOMATIC = "automatic"
    SIGNED_AND_KNOWN = "signed_and_known"
    SIGNED_BUT_STRANGER = "signed_but_stranger"
    SIGNED_BUT_SENDER_UNCLEAR = "signed_but_sender_unclear"
    REPLY_TO_CLOSED = "reply_to_closed"
    ONLY_THANKS = "only_thanks"
    BARE_NUMBER_ONLY = "bare_number_only"
    NEW_MATTER = "new_matter"


@dataclass(frozen=True)
class LetterFacts:
    """What is known of a letter before it is filed.

    `signed_ticket` is the ticket of a verified id of ours; `bounce_ticket` the ticket of the letter
    that did not arrive, which may be ours and of no ticket; `suggested_ticket` a bare number found
    in the subject, unproven.
    """

    signed_ticket: str | None = None
    sender_trusted: bool = True
    sender_participates: bool = False
    ticket_closed: bool = False
    suggested_ticket: str | None = None
    is_automatic: bool = False
    is_bounce: bool = False
    bounce_ticket: str | None = None
    is_bounce_of_ours: bool = False
    is_own_mail: bool = False
    is_only_thanks: bool = False
    is_unreadable: bool = False


@dataclass(frozen=True)
class Filing:
    """The decision: the place, the ticket it goes to or is linked with, and why.

    `confirms` is whether the sender may get the automatic confirmation (R33); `possible_link` is
    shown to staff only and changes nothing by itself.
    """

    place: Place
    reason: Reason
    ticket: str | None = None
    possible_link: str | None = None
    confirms: bool = False


def file_letter(facts: LetterFacts) -> Filing:
    """Decide where a letter belongs; the first rule that speaks wins."""
    if facts.is_own_mail:
        return Filing(Place.KEEP_OWN, Reason.OWN_MAIL)
    if facts.is_bounce:
        return _file_bounce(facts)
    if facts.is_unreadable:
        return Filing(Place.KEEP_UNREADABLE, Reason.UNREADABLE, facts.signed_ticket)
    if facts.signed_ticket is None:
        return _file_unsigned(facts)
    if not (facts.sender_participates and facts.sender_trusted):
        return _file_strangers(facts, facts.signed_ticket)
    return _file_reply(facts, facts.signed_ticket)


def _file_bounce(facts: LetterFacts) -> Filing:
    """Tie a bounce to the ticket of the lost letter; it never opens one nor gets an answer."""
    ticket = facts.bounce_ticket or facts.signed_ticket
    if ticket is None:
        is_ours = facts.is_bounce_of_ours
        reason = Reason.BOUNCE_OF_OURS if is_ours else Reason.BOUNCE_OF_UNKNOWN
        return Filing(Place.KEEP_BOUNCE, reason)
    return Filing(Place.ATTACH_BOUNCE, Reason.BOUNCE_OF_OURS, ticket)


def _file_unsigned(facts: LetterFacts) -> Filing:
    """Open a new ticket; an automatic letter opens one too, for it may be a person's, forwarded."""
    reason = Reason.BARE_NUMBER_ONLY if facts.suggested_ticket else Reason.NEW_MATTER
    return Filing(
        Place.NEW_TICKET,
        Reason.AUTOMATIC if facts.is_automatic else reason,
        possible_link=facts.suggested_ticket,
        confirms=not facts.is_automatic,
    )


def _file_strangers(facts: LetterFacts, ticket: str) -> Filing:
    """Let a stranger with a signed id be heard, without a participant's rights."""
    if facts.is_automatic:
        return Filing(Place.KEEP_AUTOMATIC, Reason.AUTOMATIC, ticket)
    known = facts.sender_participates
    reason = Reason.SIGNED_BUT_SENDER_UNCLEAR if known else Reason.SIGNED_BUT_STRANGER
    return Filing(Place.APPEND_AS_THIRD_PERSON, reason, ticket)


def _file_reply(facts: LetterFacts, ticket: str) -> Filing:
    if facts.is_automatic:
        return Filing(Place.KEEP_AUTOMATIC, Reason.AUTOMATIC, ticket)
    if not facts.ticket_closed:
        return Filing(Place.APPEND, Reason.SIGNED_AND_KNOWN, ticket)
    if facts.is_only_thanks:
        return Filing(Place.HOLD_THANKS, Reason.ONLY_THANKS, ticket)
    return Filing(Place.FOLLOW_UP, Reason.REPLY_TO_CLOSED, ticket, confirms=True)


def confirm_at(at: datetime, departures: Collection[datetime]) -> datetime | None:
    """Return when one more confirmation may leave, not before `at`; None when none may (R33).

    `departures` are the moments of those to the same address, past ones and planned ones.
    """
    leaves_at = max(at, max(departures) + SPACING) if departures else at
    within_a_day = [moment for moment in departures if moment > leaves_at - ONE_DAY]
    return leaves_at if len(within_a_day) < MOST_A_DAY else None


_THANKS = re.compile(
    r"спасибо|благодар(?:ю|им|ствую|ны|ен|на)|спс|признател(?:ен|ьна|ьны)|thanks?|thank you|thx"
    r"|tnx|cheers"
)
_POLITE_WORDS = (
    "спасибо большое огромное вам вас тебе всем благодарю благодарим благодарствую благодарны "
    "благодарен благодарна спс очень за помощь помощи ответ оперативность оперативный "
    "оперативную быстрый быстрое быструю решение реакцию поддержку работу содействие информацию "
    "разъяснения разъяснение всё все это теперь уже ещё раз и да ок окей понятно понял поняла "
    "поняли ясно отлично хорошо супер прекрасно замечательно здорово работает заработало "
    "получилось помогло исправилось открывается решено вопрос закрыт закрыли снят решён решен "
    "добрый день вечер утро здравствуйте привет доброе хорошего дня признателен признательна "
    "признательны с уважением наилучшими пожеланиями коллеги принято приняли вашу ваш искренне "
    "того thanks thank you thx tnx cheers very so much many a lot for your the help quick fast "
    "prompt answer reply response support solution it its works work working now all good great "
    "perfect ok okay fine yes solved fixed again got that everything is hello hi dear team best "
    "kind regards have nice day appreciate assistance and"
)
_POLITE = frozenset(_POLITE_WORDS.split())
_DOUBT = re.compile(
    r"\?|(?<!\w)(?:не|нет|но|однако|опять|снова|not|but|however|still|again)(?!\w)|n't"
)
_SIGN_OFF = re.compile(
    r"(?:с уважением|best regards|kind regards|regards|с наилучшими пожеланиями)[\s,.!]*"
)
_LONGEST_THANKS = 300


def is_only_thanks(text: str) -> bool:
    """Tell whether a reply says thanks and nothing else, in Russian or English.

    A question, a negation or any word of substance makes it more than thanks; a name after the
    sign-off does not.
    """
    said = " ".join(text.lower().split())
    if not said or len(said) > _LONGEST_THANKS or not _THANKS.search(said):
        return False
    body = _SIGN_OFF.split(said, maxsplit=1)[0]
    if _DOUBT.search(re.sub(r"\b(thanks|thank you) again\b", r"\1", said)):
        return False
    return set(re.findall(r"\w+", body)) <= _POLITE
