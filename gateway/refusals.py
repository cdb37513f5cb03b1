"""Why a command is refused, in Russian, with the clause of the regulation and the way out.

Carries out law 10. The domain's own reasons are for programs; these are for people.
"""

from collections.abc import Callable, Iterable, Mapping

from domain.commands import Close, TicketCommand, Unmerge
from domain.permissions import CLOSABLE, PERMISSIONS
from domain.terms import Ground, Status
from domain.ticket import Ticket
from domain.words import command_name, name
from gateway.auth import ROLE_NAMES

CLAUSES = (
    (6, "термины и определения"),
    (7, "пункт 1 общих положений"),
    (8, "пункт 2 общих положений"),
    (9, "пункт 3 общих положений"),
    (11, "пункт 4 общих положений"),
    (13, "пункт 5 общих положений"),
    (14, "пункт 1 круга решаемых задач"),
    (15, "пункт 2 круга решаемых задач"),
    (19, "пункт 3 круга решаемых задач"),
    (21, "пункт 4 круга решаемых задач"),
    (22, "пункт 5 круга решаемых задач"),
    (26, "пункт 6 круга решаемых задач"),
    (32, "пункт 1 порядка обработки обращений"),
    (33, "пункт 2 порядка обработки обращений"),
    (43, "пункт 3 порядка обработки обращений"),
    (48, "пункт 4 порядка обработки обращений"),
    (53, "пункт 5 порядка обработки обращений"),
    (59, "пункт 6 порядка обработки обращений"),
    (62, "пункт 7 порядка обработки обращений"),
    (65, "пункт 8 порядка обработки обращений"),
)
DECISIONS = {"Q6": 54, "Q7": 57, "Q8": 64, "Q12": 32, "Q13": 7}


def clause(rule: str) -> str:
    """Return where the regulation says so, in words: clients do not know our numbers of rules."""
    number = int(rule[1:]) if rule.startswith("R") else DECISIONS.get(rule, 0)
    return next((words for last, words in CLAUSES if 0 < number <= last), "")


def reason(code: str, command: TicketCommand, ticket: Ticket) -> str:
    """Return why the command cannot be carried out on the ticket as it stands."""
    explain = REASONS.get(code)
    return explain(command, ticket) if explain else "Команда не подходит к этой заявке."


def allowed_to(command: type[TicketCommand]) -> str:
    """Return who may give the command."""
    return ", ".join(sorted(ROLE_NAMES[role] for role in PERMISSIONS[command].roles))


def _role(command: TicketCommand, _: Ticket) -> str:
    who = allowed_to(type(command))
    return f"Команда «{command_name(command.kind)}» вам недоступна; её может дать: {who}."


def _state(command: TicketCommand, ticket: Ticket) -> str:
    when = _names(PERMISSIONS[type(command)].states)
    what, now = command_name(command.kind), name(ticket.status)
    return f"Команда «{what}» невозможна, пока заявка «{now}»; она возможна в состояниях: {when}."


def _ground(command: TicketCommand, ticket: Ticket) -> str:
    ground = command.ground if isinstance(command, Close) else Ground.SOLVED
    when, now = _names(CLOSABLE[ground]), name(ticket.status)
    return f"Закрыть как «{name(ground)}» нельзя, пока заявка «{now}»; можно в состояниях: {when}."


def _merged(command: TicketCommand, ticket: Ticket) -> str:
    if isinstance(command, Unmerge):
        return "Заявка не присоединена к другой."
    return f"Заявка присоединена к {ticket.merged_into}: работайте с той заявкой."


def _names(states: Iterable[Status]) -> str:
    return ", ".join(f"«{name(status)}»" for status in Status if status in set(states))


REASONS: Mapping[str, Callable[[TicketCommand, Ticket], str]] = {
    "role": _role,
    "state": _state,
    "ground": _ground,
    "merged": _merged,
    "release": lambda _, __: "Назовите выпуск, в котором исправлена ошибка.",
    "deferral": lambda _, __: "От клиента сейчас ничего не ждут: напоминать не о чем.",
    "entitled": lambda _, __: "Поддержка клиента действует: решать нечего.",
    "escalated": lambda _, __: "Клиент не писал руководителю по этой заявке.",
}
