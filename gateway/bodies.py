"""What each command is told beside its ticket: one body for each, as the domain's command has it.

Carries out R4-R6, R10, R11, R14-R26, R39, R40, R45, R49, R53-R65. Words are kept first; a command
carries their id alone (law 9).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from domain import commands
from domain.commands import TicketCommand
from domain.permissions import LONGEST_HOLD
from domain.scope import CATALOGUE, OUTSIDE, ScopeEntry
from domain.terms import (
    ByUser,
    CauseClass,
    Criticality,
    DeferralReason,
    Ground,
    Outcome,
    TicketKind,
)
from domain.words import command_name
from gateway.forms import Line, Strict, Words

Named = Annotated[Line, StringConstraints(min_length=1)]
LetterKey = Annotated[
    str,
    StringConstraints(pattern=r"^PS-\d+/\d+/[a-z0-9_]+$", max_length=100),
    Field(examples=["PS-000042/4/answer"]),
]


def one_of(entries: Iterable[ScopeEntry], *others: str) -> Callable[[str], str]:
    """Return the check that a category is a code of these entries of the catalogue of scope."""
    codes = (*(entry.code for entry in entries), *others)

    def checked(code: str) -> str:
        if code not in codes:
            expected = ", ".join(filter(None, codes))
            raise PydanticCustomError("enum", "one of: {expected}", {"expected": expected})
        return code

    return checked


class Nothing(Strict):
    """Ничего сверх самой команды."""


class WithWords(Strict):
    """Слова: текст письма, заметки или причина."""

    text: Annotated[Words, Field(examples=["Проверьте, пожалуйста, версию платформы."])]


class Held(WithWords):
    """Слова для клиента; письмо можно придержать, чтобы успеть передумать (R45)."""

    hold: Annotated[
        int, Field(ge=0, le=LONGEST_HOLD, description="На сколько секунд придержать письмо")
    ] = 0


class Identification(Strict):
    """С кем связать обращение."""

    login: Annotated[Named, Field(description="Логин пользователя клиента")]


class Taking(Strict):
    """Причина нужна, если заявка не первая в очереди (R49)."""

    reason: Words | None = None


class Assignment(Strict):
    """Кому передать."""

    specialist: Annotated[Named, Field(description="Логин специалиста")]


class CriticalityJudged(WithWords):
    """Критичность и причина решения."""

    criticality: Criticality


class Deferral(Held):
    """Одна из пяти причин регламента и слова для клиента (R55-R59)."""

    reason: DeferralReason


class Handover(Strict):
    """Доказательства для разработки и, если нужно, слова для клиента (R19)."""

    evidence: Words
    text: Words | None = None


class DevelopmentAnswer(WithWords):
    """Ответ разработки и слова для клиента."""

    outcome: Outcome
    release: Line = ""


class Release(Strict):
    """Какого выпуска ждать."""

    release: Named


class Closing(WithWords):
    """Результат работ (R63) и основание."""

    ground: Ground = Ground.SOLVED


class Joining(WithWords):
    """К какой заявке присоединить и почему."""

    into: Annotated[Named, Field(examples=["PS-000041"])]


class Classification(Strict):
    """Новый вид заявки и, если нужно, предмет из перечня задач поддержки (R14-R26)."""

    ticket_kind: TicketKind
    category: Annotated[Line, AfterValidator(one_of(CATALOGUE, ""))] = ""


class OutOfScope(Held):
    """Почему вопрос вне поддержки и что делать клиенту (R58)."""

    category: Annotated[
        Named,
        AfterValidator(one_of(OUTSIDE)),
        Field(description="Что именно вне поддержки", examples=[entry.code for entry in OUTSIDE]),
    ]


class Diagnosis(Strict):
    """Причина проблемы (R4), что проверено и что найдено (R17, R18)."""

    cause: CauseClass
    by_user: ByUser = ByUser.UNKNOWN
    tried: Words
    found: Words


class Cancelling(Strict):
    """Какое из ждущих писем не отправлять и, если нужно, почему (R45)."""

    letter: LetterKey
    text: Words | None = None


class Urging(WithWords):
    """Какое из ждущих писем отправить сейчас и почему: причина остаётся в заявке (R45)."""

    letter: LetterKey


@dataclass(frozen=True)
class Spec:
    """A command and the body that it is given with."""

    command: type[TicketCommand]
    body: type[Strict]

    @property
    def kind(self) -> str:
        """Return the command's name in addresses."""
        return str(self.command.__dataclass_fields__["kind"].default)

    @property
    def summary(self) -> str:
        """Return what the command does, in words."""
        return command_name(self.kind).capitalize()


SPECS = (
    Spec(commands.Identify, Identification),
    Spec(commands.Take, Taking),
    Spec(commands.Assign, Assignment),
    Spec(commands.ConfirmCriticality, CriticalityJudged),
    Spec(commands.Note, WithWords),
    Spec(commands.Answer, Held),
    Spec(commands.AskClient, Held),
    Spec(commands.Remind, Nothing),
    Spec(commands.Defer, Deferral),
    Spec(commands.Resume, WithWords),
    Spec(commands.HandOff, Handover),
    Spec(commands.ReturnFromDevelopment, DevelopmentAnswer),
    Spec(commands.AwaitRelease, Release),
    Spec(commands.Close, Closing),
    Spec(commands.Reopen, WithWords),
    Spec(commands.Withdraw, WithWords),
    Spec(commands.Reclassify, Classification),
    Spec(commands.MarkOutOfScope, OutOfScope),
    Spec(commands.Serve, WithWords),
    Spec(commands.Diagnose, Diagnosis),
    Spec(commands.CancelLetter, Cancelling),
    Spec(commands.SendUrgently, Urging),
    Spec(commands.Merge, Joining),
    Spec(commands.Unmerge, WithWords),
    Spec(commands.Escalate, WithWords),
    Spec(commands.ReplyToEscalation, WithWords),
)
