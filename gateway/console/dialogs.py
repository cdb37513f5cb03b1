"""What each command asks before it is given: its fields, their choices, what happens then.

Carries out R4, R5, R19, R39, R49, R50, R54-R59, R63-R65, Q5, Q12, Q13; U13. Each choice names its
rule and its way out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from domain.terms import ByUser, CauseClass, Outcome, TicketKind
from gateway.console.choices import (
    Choices,
    catalogue,
    causes,
    colleagues,
    criticalities,
    deferrals,
    grounds,
    named,
    outside,
)
from gateway.pages.translation import marked


@dataclass(frozen=True)
class Input:
    """A field of a dialog, named as the command's body names it."""

    name: str
    label: str
    control: Literal["words", "line", "radio", "select", "hidden", "people"] = "words"
    help: str = ""
    choices: Choices | None = None
    is_required: bool = True


@dataclass(frozen=True)
class Dialog:
    """A command before it is given: why, its fields, and the verb of its button."""

    inputs: tuple[Input, ...]
    button: str
    told: str = ""
    has_letter: bool = False
    replies: bool = False


FOR_THE_LETTER = marked("Войдёт в письмо клиенту.")
STAYS_INSIDE = marked("Видна в заявке и руководителю; клиент её не увидит.")
DIALOGS: Mapping[str, Dialog] = {
    "take": Dialog(
        (Input("reason", marked("Почему раньше других"), help=STAYS_INSIDE, is_required=False),),
        marked("Взять в работу"),
        marked("Заявки берут в порядке поступления; не первую — с причиной."),
    ),
    "identify": Dialog(
        (Input("login", marked("Клиент"), "people"),),
        marked("Связать с клиентом"),
        marked("Заявка встанет в очередь клиента; всё, что пришло, останется в ней."),
    ),
    "assign": Dialog(
        (Input("specialist", marked("Кому"), "select", choices=colleagues),),
        marked("Передать"),
        marked("Состояние заявки и её часы не изменятся."),
    ),
    "confirm_criticality": Dialog(
        (
            Input("criticality", marked("Критичность"), "radio", choices=criticalities),
            Input("text", marked("Причина"), help=STAYS_INSIDE),
        ),
        marked("Записать критичность"),
        marked("Клиент называет критичность, подтверждает её специалист."),
    ),
    "remind": Dialog(
        (),
        marked("Напомнить сейчас"),
        marked("Клиент получит ещё одно письмо с прежним вопросом."),
        has_letter=True,
    ),
    "defer": Dialog(
        (
            Input("reason", marked("Причина"), "radio", choices=deferrals),
            Input("text", marked("Что именно нужно"), help=FOR_THE_LETTER),
        ),
        marked("Отложить и поставить письмо"),
        marked(
            "Отложить можно только по причине из регламента. Клиент получит письмо с причиной и "
            "выходом из неё."
        ),
        has_letter=True,
        replies=True,
    ),
    "resume": Dialog(
        (Input("text", marked("Почему возобновляем"), help=STAYS_INSIDE),),
        marked("Возобновить работу"),
        marked("Ожидание кончится, часы пойдут снова."),
    ),
    "hand_off": Dialog(
        (
            Input(
                "evidence",
                marked("Что передать разработке"),
                help=marked("Что воспроизвели, шаги, версии. Клиент не увидит."),
            ),
            Input(
                "cause",
                marked("Класс причины"),
                "select",
                choices=causes,
                is_required=False,
            ),
            Input(
                "by_user",
                marked("Участие пользователя"),
                "select",
                choices=named(ByUser),
                is_required=False,
            ),
            Input(
                "tried",
                marked("Что пробовали"),
                help=marked("Запишется в диагностику заявки. Клиент не увидит."),
                is_required=False,
            ),
            Input(
                "found",
                marked("Что нашли"),
                help=marked("Запишется в диагностику заявки. Клиент не увидит."),
                is_required=False,
            ),
            Input(
                "text",
                marked("Слова для клиента"),
                help=marked("Можно оставить пустым: письмо уйдёт и без них."),
                is_required=False,
            ),
        ),
        marked("Передать в разработку"),
        marked(
            "Передаём, когда исправить при диагностике нельзя. Что нашли, запишется в диагностику."
        ),
        has_letter=True,
    ),
    "return_from_development": Dialog(
        (
            Input("outcome", marked("Заключение"), "radio", choices=named(Outcome, "R48")),
            Input("text", marked("Ответ разработки"), help=FOR_THE_LETTER),
            Input(
                "release",
                marked("Выпуск"),
                "line",
                help=marked("Нужен, если исправлено в выпуске."),
                is_required=False,
            ),
        ),
        marked("Вернуть с заключением"),
        has_letter=True,
    ),
    "await_release": Dialog(
        (Input("release", marked("Какого выпуска ждать"), "line"),),
        marked("Ждать выпуска"),
        marked("Заявка проснётся сама, когда выпуск выйдет."),
        has_letter=True,
    ),
    "close": Dialog(
        (
            Input("ground", marked("Основание"), "radio", choices=grounds),
            Input("text", marked("Результат работ"), help=FOR_THE_LETTER),
        ),
        marked("Закрыть и поставить письмо"),
        marked("При закрытии клиент получает письмо с результатом работ."),
        has_letter=True,
        replies=True,
    ),
    "reopen": Dialog(
        (Input("text", marked("Почему не закрываем"), help=STAYS_INSIDE),),
        marked("Отменить закрытие"),
        marked("Письмо с результатом ещё не ушло и не уйдёт."),
    ),
    "reclassify": Dialog(
        (
            Input("ticket_kind", marked("Вид"), "radio", choices=named(TicketKind)),
            Input(
                "category",
                marked("Предмет"),
                "select",
                choices=catalogue,
                is_required=False,
            ),
        ),
        marked("Изменить вид"),
    ),
    "mark_out_of_scope": Dialog(
        (
            Input("category", marked("Что вне поддержки"), "radio", choices=outside),
            Input("text", marked("Почему это не к нам"), help=FOR_THE_LETTER),
        ),
        marked("Отметить и поставить письмо"),
        marked("Куда обратиться, письмо скажет само; заявка будет отложена."),
        has_letter=True,
        replies=True,
    ),
    "serve": Dialog(
        (Input("text", marked("Почему обслуживаем"), help=STAYS_INSIDE),),
        marked("Обслужить"),
        marked("Действующей поддержки у клиента нет; решает специалист."),
    ),
    "merge": Dialog(
        (
            Input("into", marked("Номер заявки"), "line", help=marked("Того же клиента.")),
            Input("text", marked("Почему это одно и то же"), help=STAYS_INSIDE),
        ),
        marked("Присоединить"),
        marked("Новые письма по этой заявке попадут в ту; отсоединить можно в любой момент."),
    ),
    "unmerge": Dialog(
        (Input("text", marked("Почему это разные заявки"), help=STAYS_INSIDE),),
        marked("Отсоединить"),
    ),
    "reply_to_escalation": Dialog(
        (Input("text", marked("Ответ клиенту"), help=FOR_THE_LETTER),),
        marked("Ответить"),
        marked("Клиент написал руководителю и ждёт его ответа."),
        has_letter=True,
    ),
    "diagnose": Dialog(
        (
            Input("tried", marked("Что пробовали")),
            Input("found", marked("Что нашли")),
            Input("cause", marked("Класс причины"), "radio", choices=named(CauseClass, "R4")),
            Input("by_user", marked("Участие пользователя"), "radio", choices=named(ByUser)),
        ),
        marked("Записать диагностику"),
        marked("Клиент её не увидит; она поможет в следующий раз."),
    ),
    "cancel_letter": Dialog(
        (
            Input("letter", "", "hidden"),
            Input("text", marked("Почему не отправляем"), help=STAYS_INSIDE, is_required=False),
        ),
        marked("Отменить отправку"),
        marked("Письмо не уйдёт; написанное останется в заявке."),
    ),
    "send_urgently": Dialog(
        (Input("letter", "", "hidden"), Input("text", marked("Причина"), help=STAYS_INSIDE)),
        marked("Отправить сейчас"),
        marked(
            "Ответы уходят в рабочее время; раньше — только с причиной, она останется в заявке."
        ),
    ),
}
NOTHING_KNOWN = Dialog((), marked("Выполнить"))


def dialog_of(kind: str) -> Dialog:
    """Return what the command asks."""
    return DIALOGS.get(kind, NOTHING_KNOWN)
