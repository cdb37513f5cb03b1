"""The codes of the regulation as people read them, in Russian and English.

Carries out R4-R6, R28-R31, R39, R54-R59, R63: one name for one thing wherever it is shown.
"""

from collections.abc import Mapping
from enum import StrEnum

from domain.filing import Reason
from domain.letters import Language
from domain.terms import (
    ByUser,
    CauseClass,
    Channel,
    Criticality,
    DeferralReason,
    Grade,
    Ground,
    Outcome,
    Status,
    TicketKind,
)

Pair = tuple[str, str]

NAMES: Mapping[type[StrEnum], Mapping[str, Pair]] = {
    Status: {
        Status.IDENTIFICATION: ("выясняем, кто обратился", "finding out who wrote"),
        Status.REGISTERED: ("ждёт рабочего времени", "waits for working time"),
        Status.IN_QUEUE: ("в очереди", "in the queue"),
        Status.IN_DIAGNOSIS: ("в работе у специалиста", "with a specialist"),
        Status.AWAITING_CLIENT: ("ждёт ответа клиента", "waits for the client"),
        Status.DEFERRED: ("отложена", "deferred"),
        Status.IN_DEVELOPMENT: ("в отделе разработки", "with development"),
        Status.AWAITING_RELEASE: ("ждёт выпуска обновления", "waits for a release"),
        Status.CLOSING: ("закрывается", "being closed"),
        Status.CLOSED: ("закрыта", "closed"),
    },
    Reason: {
        Reason.OWN_MAIL: ("письмо этой же службы", "a letter of this very service"),
        Reason.BOUNCE_OF_OURS: ("наше письмо не доставлено", "our letter did not arrive"),
        Reason.BOUNCE_OF_UNKNOWN: (
            "отчёт о недоставке письма, которого мы не знаем",
            "a report on a letter that we do not know",
        ),
        Reason.UNREADABLE: ("письмо не удалось прочитать", "the letter cannot be read"),
        Reason.AUTOMATIC: ("машинное письмо", "written by a machine"),
        Reason.SIGNED_AND_KNOWN: ("ответ участника заявки", "a participant's reply"),
        Reason.SIGNED_BUT_STRANGER: (
            "ответ на наше письмо от того, кто в заявке не участвует",
            "a reply to our letter by somebody who takes no part",
        ),
        Reason.SIGNED_BUT_SENDER_UNCLEAR: (
            "ответ на наше письмо, но отправитель под сомнением",
            "a reply to our letter whose sender is in doubt",
        ),
        Reason.REPLY_TO_CLOSED: ("ответ по закрытой заявке", "a reply to a closed ticket"),
        Reason.ONLY_THANKS: ("похоже на благодарность", "thanks, it seems"),
        Reason.BARE_NUMBER_ONLY: (
            "номер назван только в теме письма",
            "the number stands in the subject alone",
        ),
        Reason.NEW_MATTER: ("новое обращение", "a new matter"),
    },
    Channel: {
        Channel.EMAIL: ("электронная почта", "e-mail"),
        Channel.WEB: ("личный кабинет", "the web form"),
        Channel.PHONE: ("телефон", "phone"),
        Channel.PAPER: ("бумажное письмо или факс", "a paper letter or fax"),
    },
    TicketKind: {
        TicketKind.PROBLEM: ("проблема", "problem"),
        TicketKind.QUESTION: ("вопрос", "question"),
        TicketKind.WISH: ("пожелание", "wish"),
        TicketKind.MODULE_WISH: ("пожелание о новом модуле", "wish for a module"),
    },
    Criticality: {
        Criticality.CRITICAL: ("критичная", "critical"),
        Criticality.NORMAL: ("обычная", "normal"),
        Criticality.LOW: ("низкая", "low"),
    },
    DeferralReason: {
        DeferralReason.INSUFFICIENT_INFORMATION: (
            "пока недостаточно сведений от клиента",
            "the client cannot give enough information yet",
        ),
        DeferralReason.DEVELOPMENT_NEEDED: (
            "нужны подробная диагностика, доработка или обновление",
            "detailed diagnostics, rework or an update is needed",
        ),
        DeferralReason.REQUIREMENTS_VIOLATED: (
            "нарушены технические требования или продукт изменён",
            "technical requirements are violated or the product was modified",
        ),
        DeferralReason.OUT_OF_SCOPE: (
            "вопрос не относится к технической поддержке",
            "the question is outside support",
        ),
        DeferralReason.ILL_POSED: (
            "вопрос нужно уточнить",
            "the question has to be put more precisely",
        ),
    },
    CauseClass: {
        CauseClass.SOFTWARE_CONFLICT: ("программный конфликт", "a software conflict"),
        CauseClass.HARDWARE_CONFLICT: ("аппаратный конфликт", "a hardware conflict"),
        CauseClass.BOTH_CONFLICTS: (
            "программный и аппаратный конфликт",
            "a software and hardware conflict",
        ),
        CauseClass.PRODUCT_ERROR: ("ошибка самого продукта", "an error of the product itself"),
    },
    ByUser: {
        ByUser.YES: ("в результате действий пользователя", "as a result of the user's actions"),
        ByUser.NO: ("без участия пользователя", "without the user's actions"),
        ByUser.UNKNOWN: (
            "участие пользователя не установлено",
            "whether by the user's actions is not known",
        ),
    },
    Outcome: {
        Outcome.FIXED_IN_RELEASE: ("исправлено в выпуске", "fixed in a release"),
        Outcome.WORKAROUND: ("есть обходной путь", "there is a workaround"),
        Outcome.NOT_A_DEFECT: ("это не ошибка продукта", "not a defect of the product"),
        Outcome.DECLINED: ("изменений не будет", "declined"),
        Outcome.NEEDS_INFORMATION: ("нужны сведения от клиента", "the client is asked for more"),
    },
    Ground: {
        Ground.SOLVED: ("решена", "solved"),
        Ground.WITHDRAWN: ("отозвана клиентом", "withdrawn by the client"),
        Ground.NO_ACTIVE_SUPPORT: ("нет действующей поддержки", "no active support"),
        Ground.CANNOT_BE_SERVED: ("обращение нельзя обслужить", "the appeal cannot be served"),
    },
    Grade: {
        Grade.HELPED: ("помогло", "helped"),
        Grade.PARTLY: ("помогло частично", "helped in part"),
        Grade.NOT_HELPED: ("не помогло", "did not help"),
    },
}

COMMANDS: Mapping[str, Pair] = {
    "identify": ("связать с клиентом", "link to a client"),
    "take": ("взять в работу", "take"),
    "assign": ("передать специалисту", "assign"),
    "confirm_criticality": ("подтвердить критичность", "confirm the criticality"),
    "note": ("сделать заметку", "note"),
    "answer": ("ответить клиенту", "answer"),
    "ask_client": ("спросить клиента", "ask the client"),
    "remind": ("напомнить клиенту", "remind the client"),
    "defer": ("отложить", "defer"),
    "resume": ("возобновить", "resume"),
    "hand_off": ("передать в разработку", "hand off to development"),
    "return_from_development": ("вернуть из разработки", "return from development"),
    "await_release": ("ждать выпуска", "await a release"),
    "request_access": ("запросить временный доступ", "request access"),
    "close": ("закрыть", "close"),
    "follow_up": ("подать повторно", "submit again"),
    "escalate": ("написать руководителю", "write to the head"),
    "reply_to_escalation": ("ответить на письмо руководителю", "answer the escalation"),
    "reopen": ("отменить закрытие", "call the closing back"),
    "merge": ("присоединить к другой заявке", "join to another ticket"),
    "unmerge": ("отсоединить", "undo the join"),
    "withdraw": ("отозвать", "withdraw"),
    "reclassify": ("изменить вид заявки", "reclassify"),
    "mark_out_of_scope": ("отметить как вне поддержки", "mark as outside support"),
    "diagnose": ("записать диагностику", "record the diagnosis"),
    "cancel_letter": ("отменить отправку письма", "keep the letter back"),
    "send_urgently": ("отправить письмо срочно", "send the letter urgently"),
    "serve": ("обслужить без действующего договора", "serve without a contract"),
}


def name(code: StrEnum, language: Language = Language.RU) -> str:
    """Return the name of a code, or the code itself where it has none."""
    return pick(NAMES.get(type(code), {}).get(code, (str(code), str(code))), language)


def command_name(kind: str, language: Language = Language.RU) -> str:
    """Return what a command does, in words."""
    return pick(COMMANDS.get(kind, (kind, kind)), language)


def pick(pair: Pair, language: Language) -> str:
    """Return the one of two wordings that is in this language."""
    return pair[0] if language is Language.RU else pair[1]
