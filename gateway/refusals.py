"""Why a command is refused, in the reader's language, with the clause and the way out.

Carries out law 10. The domain's own reasons are for programs; these are for people.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from domain.commands import Close, TicketCommand, Unmerge
from domain.permissions import CLOSABLE, PERMISSIONS
from domain.terms import Ground, Status
from domain.ticket import Ticket
from domain.words import command_name, name
from gateway.auth import ROLE_NAMES
from gateway.pages.translation import _, marked, present

CLAUSES = (
    (6, marked("термины и определения")),
    (7, marked("пункт 1 общих положений")),
    (8, marked("пункт 2 общих положений")),
    (9, marked("пункт 3 общих положений")),
    (11, marked("пункт 4 общих положений")),
    (13, marked("пункт 5 общих положений")),
    (14, marked("пункт 1 круга решаемых задач")),
    (15, marked("пункт 2 круга решаемых задач")),
    (19, marked("пункт 3 круга решаемых задач")),
    (21, marked("пункт 4 круга решаемых задач")),
    (22, marked("пункт 5 круга решаемых задач")),
    (26, marked("пункт 6 круга решаемых задач")),
    (32, marked("пункт 1 порядка обработки обращений")),
    (33, marked("пункт 2 порядка обработки обращений")),
    (43, marked("пункт 3 порядка обработки обращений")),
    (48, marked("пункт 4 порядка обработки обращений")),
    (53, marked("пункт 5 порядка обработки обращений")),
    (59, marked("пункт 6 порядка обработки обращений")),
    (62, marked("пункт 7 порядка обработки обращений")),
    (65, marked("пункт 8 порядка обработки обращений")),
)
DECISIONS = {"Q6": 54, "Q7": 57, "Q8": 64, "Q12": 32, "Q13": 7}


def clause(rule: str) -> str:
    """Return where the regulation says so, in words: clients do not know our numbers of rules."""
    number = int(rule[1:]) if rule.startswith("R") else DECISIONS.get(rule, 0)
    return next((_(words) for last, words in CLAUSES if 0 < number <= last), "")


def reason(code: str, command: TicketCommand, ticket: Ticket) -> str:
    """Return why the command cannot be carried out on the ticket as it stands."""
    explain = REASONS.get(code)
    return explain(command, ticket) if explain else _("Команда не подходит к этой заявке.")


def allowed_to(command: type[TicketCommand]) -> str:
    """Return who may give the command."""
    return ", ".join(sorted(_(ROLE_NAMES[role]) for role in PERMISSIONS[command].roles))


def _role(command: TicketCommand, __: Ticket) -> str:
    what, who = _command(command), allowed_to(type(command))
    told = _("Команда «{command}» вам недоступна; её может дать: {who}.")
    return told.format(command=what, who=who)


def _state(command: TicketCommand, ticket: Ticket) -> str:
    when = _names(PERMISSIONS[type(command)].states)
    told = _(
        "Команда «{command}» невозможна, пока заявка «{now}»; она возможна в состояниях: {when}."
    )
    return told.format(command=_command(command), now=_name(ticket.status), when=when)


def _ground(command: TicketCommand, ticket: Ticket) -> str:
    ground = command.ground if isinstance(command, Close) else Ground.SOLVED
    when, now = _names(CLOSABLE[ground]), _name(ticket.status)
    told = _("Закрыть как «{ground}» нельзя, пока заявка «{now}»; можно в состояниях: {when}.")
    return told.format(ground=_name(ground), now=now, when=when)


def _merged(command: TicketCommand, ticket: Ticket) -> str:
    if isinstance(command, Unmerge):
        return _("Заявка не присоединена к другой.")
    told = _("Заявка присоединена к {number}: работайте с той заявкой.")
    return told.format(number=ticket.merged_into)


def _names(states: Iterable[Status]) -> str:
    return ", ".join(f"«{_name(status)}»" for status in Status if status in set(states))


def _name(code: StrEnum) -> str:
    return name(code, present.get())


def _command(command: TicketCommand) -> str:
    return command_name(command.kind, present.get())


REASONS: Mapping[str, Callable[[TicketCommand, Ticket], str]] = {
    "role": _role,
    "state": _state,
    "ground": _ground,
    "merged": _merged,
    "release": lambda *__: _("Назовите выпуск, в котором исправлена ошибка."),
    "deferral": lambda *__: _("От клиента сейчас ничего не ждут: напоминать не о чем."),
    "entitled": lambda *__: _("Поддержка клиента действует: решать нечего."),
    "left": lambda *__: _(
        "Письмо уже не ждёт отправки: оно ушло, отправляется прямо сейчас или отменено."
    ),
    "confirmation": lambda *__: _(
        "Подтверждение отменить нельзя: его получает каждый, кто обратился."
    ),
    "closing": lambda *__: _("Письмо о закрытии отменить нельзя: клиент должен узнать результат."),
    "escalated": lambda *__: _("Клиент не писал руководителю по этой заявке."),
}
