"""The journal of a ticket as people read it: each event's rule and one sentence of it.

Carries out R1-R65 as each event cites them: who reads a ticket sees by what rule it went on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain import events, occurrences
from domain.calendar import MOSCOW
from domain.events import TicketEvent
from domain.letters import Language
from domain.words import Pair, command_name, name, pick


@dataclass(frozen=True)
class Line:
    """The rule by which an event happens, and its sentence with the event's own fields."""

    rule: str
    sentence: Pair


LINES: Mapping[type[TicketEvent], Line] = {
    occurrences.Registered: Line(
        "R27", ("Обращение зарегистрировано: {channel}.", "The appeal was registered: {channel}.")
    ),
    events.Identified: Line(
        "R2", ("Обращение связано с клиентом.", "The appeal was linked to a client.")
    ),
    occurrences.Accepted: Line(
        "R44", ("Заявка принята в рабочее время.", "The ticket was accepted in working time.")
    ),
    events.Taken: Line("R5", ("Специалист взял заявку в работу.", "A specialist took the ticket.")),
    events.Assigned: Line(
        "R5", ("Заявка передана другому специалисту.", "The ticket got another specialist.")
    ),
    events.CriticalityConfirmed: Line(
        "R39", ("Критичность определена: {criticality}.", "The criticality is {criticality}.")
    ),
    events.Noted: Line("R17", ("Записана внутренняя заметка.", "An internal note was written.")),
    events.Answered: Line(
        "R46", ("Клиенту написан ответ.", "An answer to the client was written.")
    ),
    events.ClientAsked: Line(
        "R40", ("Клиента попросили дать сведения.", "The client was asked for more.")
    ),
    occurrences.ClientReminded: Line(
        "Q6", ("Клиенту написано напоминание.", "The client was reminded.")
    ),
    events.ClientAnswered: Line(
        "R53", ("Пришло сообщение клиента: {channel}.", "The client wrote: {channel}.")
    ),
    events.Deferred: Line("", ("Решение отложено: {reason}.", "Deferred: {reason}.")),
    occurrences.ReviewFellDue: Line(
        "R54", ("Пора проверить отложенную заявку.", "The deferred ticket is due for a look.")
    ),
    events.Resumed: Line("R53", ("Работа по заявке продолжена.", "The work was taken up again.")),
    events.HandedOff: Line(
        "R19", ("Проблема передана в отдел разработки.", "The problem went to development.")
    ),
    events.ReturnedFromDevelopment: Line(
        "R48", ("Отдел разработки ответил: {outcome}.", "Development answered: {outcome}.")
    ),
    events.ReleaseAwaited: Line(
        "R56", ("Заявка ждёт выпуска {release}.", "The ticket waits for release {release}.")
    ),
    occurrences.ReleasePublished: Line(
        "R21", ("Вышел выпуск {release}.", "Release {release} came out.")
    ),
    events.AccessRequested: Line(
        "R60", ("Запрошен временный доступ к продукту.", "Temporary access was asked for.")
    ),
    events.ClosingBegan: Line(
        "R63", ("Заявка закрывается: {ground}.", "The ticket is being closed: {ground}.")
    ),
    occurrences.Closed: Line(
        "R63", ("Заявка закрыта, результат сообщён.", "The ticket was closed with its result.")
    ),
    events.Escalated: Line(
        "R65", ("Клиент написал руководителю поддержки.", "The client wrote to the head.")
    ),
    events.EscalationAnswered: Line(
        "R65", ("Руководитель поддержки ответил клиенту.", "The head answered the client.")
    ),
    events.Merged: Line("R6", ("Заявка присоединена к {into}.", "The ticket joined {into}.")),
    events.Unmerged: Line(
        "R6", ("Заявка отсоединена и ведётся отдельно.", "The ticket stands by itself again.")
    ),
    events.Reclassified: Line(
        "R6", ("Вид заявки изменён: {ticket_kind}.", "The ticket is now a {ticket_kind}.")
    ),
    events.ServedWithoutContract: Line(
        "R7", ("Решено обслужить заявку.", "It was decided to serve the ticket.")
    ),
    events.Diagnosed: Line(
        "R4",
        ("Причина установлена: {cause}, {by_user}.", "The cause was found: {cause}, {by_user}."),
    ),
    events.LetterCancelled: Line(
        "R45", ("Отправка ожидавшего письма отменена.", "A letter that waited was kept back.")
    ),
    events.LetterUrged: Line(
        "R45",
        (
            "Ожидавшее письмо отправлено срочно, причина записана.",
            "A letter that waited was sent urgently, the reason is on record.",
        ),
    ),
    occurrences.LetterBounced: Line(
        "R46", ("Письмо вернулось от почтового сервера.", "A letter of ours came back.")
    ),
    occurrences.LetterFailed: Line(
        "R46", ("Почтовый сервер не принял письмо.", "The mail server refused a letter.")
    ),
    occurrences.Rescheduled: Line(
        "R44",
        (
            "Календарь изменился: следующий шаг перенесён с {due_before} на {due_after}.",
            "The calendar changed: the next step moved from {due_before} to {due_after}.",
        ),
    ),
    occurrences.CommandRefused: Line(
        "",
        (
            "Команда «{command}» не выполнена: она не подходит к состоянию заявки.",
            "The command “{command}” was refused: {reason}.",
        ),
    ),
}
HEARD_WITHOUT_RESUMING = Line(
    "R53",
    (
        "Пришло сообщение, которое ожидания не прерывает: ответ программы или третьего лица.",
        "A message came that ends no wait: a machine's, or a third person's.",
    ),
)
REGISTERED_FOR_LATER = Line(
    "R44",
    (
        "Обращение зарегистрировано: {channel}. Рабочее время по нему начнётся {accepted_at}.",
        "The appeal was registered: {channel}. Its working time begins {accepted_at}.",
    ),
)
TAKEN_OUT_OF_TURN = Line(
    "R49",
    (
        "Специалист взял заявку вне очереди, причина записана.",
        "A specialist took the ticket out of turn, the reason is on record.",
    ),
)


def rule_of(event: TicketEvent) -> str:
    """Return the rule by which the event happened."""
    if isinstance(event, events.Deferred):
        return event.reason.value
    if isinstance(event, occurrences.CommandRefused):
        return event.refused_by
    return _line(event).rule


def sentence(event: TicketEvent, language: Language = Language.RU) -> str:
    """Write what happened in one sentence, without names of people and numbers of rules."""
    words = {field: _word(field, value, language) for field, value in event.__dict__.items()}
    return pick(_line(event).sentence, language).format(**words)


def _line(event: TicketEvent) -> Line:
    match event:
        case events.Taken(text=int()):
            return TAKEN_OUT_OF_TURN
        case events.ClientAnswered(resumes=False):
            return HEARD_WITHOUT_RESUMING
        case occurrences.Registered() if event.accepted_at > event.received_at:
            return REGISTERED_FOR_LATER
        case _:
            return LINES[type(event)]


def _word(field: str, value: object, language: Language) -> str:
    if isinstance(value, StrEnum):
        return name(value, language)
    if isinstance(value, datetime):
        return value.astimezone(MOSCOW).strftime("%d.%m.%Y %H:%M")
    return command_name(str(value), language) if field == "command" else str(value)
