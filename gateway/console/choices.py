"""What the dialogs of commands let people choose: each with its words, rule and consequence.

Carries out R4, R19, R39, R48, R50, R54-R59, R63. What the ticket's state forbids says so.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.permissions import CLOSABLE
from domain.scope import CATALOGUE, OUTSIDE
from domain.terms import CauseClass, Criticality, DeferralReason, Ground, Role
from domain.ticket import Ticket
from domain.words import name
from gateway.pages.translation import _, marked, present
from storage.people import Staff


@dataclass(frozen=True)
class Choice:
    """One of several: its code, its words, its rule, what follows from it, whether it can be."""

    code: str
    words: str
    rule: str = ""
    help: str = ""
    is_possible: bool = True


@dataclass(frozen=True)
class Room:
    """What choices depend on: the ticket and those of us who may have it."""

    ticket: Ticket
    staff: Sequence[Staff] = ()


Choices = Callable[[Room], Sequence[Choice]]


WAYS_OUT: Mapping[DeferralReason, str] = {
    DeferralReason.INSUFFICIENT_INFORMATION: marked("выход: клиент присылает сведения"),
    DeferralReason.DEVELOPMENT_NEEDED: marked(
        "выход: диагностика закончена или обновление вышло; ход остаётся нашим"
    ),
    DeferralReason.REQUIREMENTS_VIOLATED: marked("выход: клиент приводит установку к требованиям"),
    DeferralReason.OUT_OF_SCOPE: marked("выход: к тому, кто за это отвечает"),
    DeferralReason.ILL_POSED: marked("выход: клиент уточняет вопрос"),
}
CRITICALITIES: Mapping[Criticality, str] = {
    Criticality.CRITICAL: marked("встанет в начало очереди"),
    Criticality.NORMAL: marked("в порядке поступления"),
    Criticality.LOW: marked("в порядке поступления"),
}


def named(codes: type[StrEnum], rule: str = "") -> Choices:
    """Return the choices that are the names of these codes."""
    return lambda _room: [Choice(code, name(code, present.get()), rule) for code in codes]


def deferrals(_room: Room) -> Sequence[Choice]:
    """Return the five reasons of the regulation, each with its way out."""
    return [
        Choice(code, name(code, present.get()), code.value, _(WAYS_OUT[code]))
        for code in DeferralReason
    ]


def criticalities(_room: Room) -> Sequence[Choice]:
    """Return how critical a ticket may be, and what follows."""
    return [
        Choice(code, name(code, present.get()), "R50" if code == "critical" else "", _(told))
        for code, told in CRITICALITIES.items()
    ]


def grounds(room: Room) -> Sequence[Choice]:
    """Return why a ticket may be closed; those that its state forbids are marked."""
    rules = {Ground.SOLVED: "R63", Ground.WITHDRAWN: "R27", Ground.NO_ACTIVE_SUPPORT: "R7"}
    not_now = _("в этом состоянии нельзя")
    return [
        Choice(
            ground,
            name(ground, present.get()),
            rules.get(ground, "R32"),
            "" if room.ticket.status in CLOSABLE[ground] else not_now,
            room.ticket.status in CLOSABLE[ground],
        )
        for ground in Ground
    ]


def colleagues(room: Room) -> Sequence[Choice]:
    """Return those of us who may have the ticket and do not."""
    ours = (one for one in room.staff if one.role in {Role.SPECIALIST, Role.HEAD})
    return [Choice(one.login, one.name) for one in ours if str(one.id) != room.ticket.specialist]


def causes(_room: Room) -> Sequence[Choice]:
    """Return the classes of causes, and that none is known yet."""
    known = [Choice(code, name(code, present.get()), "R4") for code in CauseClass]
    return [Choice("", _("пока не установлен")), *known]


def outside(_room: Room) -> Sequence[Choice]:
    """Return what lies outside support, each with where to turn."""
    language = present.get()
    return [
        Choice(one.code, one.name(language), one.rule, one.way_out(language)) for one in OUTSIDE
    ]


def catalogue(_room: Room) -> Sequence[Choice]:
    """Return every matter of the catalogue of scope."""
    language = present.get()
    none = Choice("", _("не указан"))
    return [none, *(Choice(one.code, one.name(language), one.rule) for one in CATALOGUE)]
