"""What a ticket, a list of tickets and the queue look like in answers.

Carries out R47, R49, R50 as people see them.
"""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field

from domain.clocks import ClockKind
from domain.terms import Channel, Criticality, LetterState, Status, TicketKind, Turn
from gateway.forms import Asked
from storage.scans import ScanState


class FileShown(BaseModel):
    """Файл сообщения; скачать: GET /api/files/{digest}?ticket={number}."""

    name: str
    content_type: str
    size: int
    digest: str
    check: Annotated[
        ScanState | None, Field(description="Что сказал сканер; пусто, если его здесь нет")
    ] = None
    check_name: str = ""
    check_reason: str = ""
    picture: Annotated[str | None, Field(description="Где картинка для показа (R42)")] = None


class MessageShown(BaseModel):
    """Сообщение в заявке."""

    id: int
    direction: str
    channel: Channel
    author: str
    at: AwareDatetime
    text: str
    whole_text: Annotated[
        str, Field(description="Текст вместе с цитатами, если часть его скрыта")
    ] = ""
    standing: Annotated[
        str, Field(description="participant, third_person, automatic или bounce")
    ] = "participant"
    sender: Annotated[str, Field(description="С какого адреса пришло письмо; видит поддержка")] = ""
    files: list[FileShown]


class LetterShown(BaseModel):
    """Письмо поддержки и где оно сейчас."""

    key: str
    kind: str
    recipient: str
    subject: str
    text: str
    state: LetterState
    state_name: str
    reason: str
    prepared_at: AwareDatetime
    leaves_at: Annotated[
        AwareDatetime | None, Field(description="Когда письмо уйдёт, если оно ждёт (R45)")
    ]
    attempts: Annotated[int, Field(description="Сколько раз письмо пробовали передать")]
    next_try_at: Annotated[
        AwareDatetime | None, Field(description="Когда следующая попытка, если письмо отложено")
    ]
    accepted_at: AwareDatetime | None
    bounced_at: AwareDatetime | None


class LineShown(BaseModel):
    """Строка истории заявки: что произошло и по какому правилу."""

    sequence: int | None
    at: AwareDatetime
    kind: str
    by: str
    rule: Annotated[str, Field(examples=["R44", "пункт 4 порядка обработки обращений"])]
    sentence: str
    messages: Annotated[list[int], Field(description="Сообщения, в которых слова события")]


class SegmentShown(BaseModel):
    """Отрезок времени: считается целиком или не считается вовсе."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    is_counted: bool
    why: str


class ClockShown(BaseModel):
    """Часы заявки: только рабочее время (R47) и то, из чего оно сложилось."""

    kind: ClockKind
    title: str
    rule: str
    seconds: int
    is_running: bool
    sentence: Annotated[
        str, Field(examples=["3 ч 10 мин рабочего времени: пт 17:05–18:00, пн 9:00–11:15"])
    ]
    calendar_version: int
    segments: list[SegmentShown]


class NextStep(BaseModel):
    """Что заявка сделает сама и когда."""

    what: str
    at: AwareDatetime | None
    rule: str
    is_provisional: bool


class RequestShown(BaseModel):
    """Обращение, с которого началась заявка."""

    channel: Channel
    kind: TicketKind
    declared: Criticality
    description: str
    told: dict[str, str]
    missing: list[Asked]
    requisites: list[str]
    name: str
    address: str
    phone: str
    login: str
    is_verified: bool
    called_at: AwareDatetime | None


class TicketShown(BaseModel):
    """Заявка целиком."""

    number: str
    status: Status
    status_name: str
    turn: Turn
    kind: TicketKind
    category: str
    subject: str
    declared: Criticality
    confirmed: Criticality | None
    specialist: str
    entitled: bool
    client_id: int | None
    received_at: AwareDatetime
    accepted_at: AwareDatetime | None
    closed_at: AwareDatetime | None
    deferral: str
    ground: str
    release: str
    follow_up_of: str
    merged_into: str
    is_escalated: bool
    needs_review: bool
    next_step: NextStep | None
    request: RequestShown
    messages: list[MessageShown]
    letters: list[LetterShown]
    timeline: list[LineShown]
    clocks: list[ClockShown]


class TicketRow(BaseModel):
    """Заявка в списке."""

    number: str
    subject: str
    status: Status
    status_name: str
    channel: Channel
    specialist: str
    client_id: int | None
    received_at: AwareDatetime
    due_at: AwareDatetime | None


class Listing(BaseModel):
    """Какие открытые заявки читать и с какого места."""

    status: Annotated[Status | None, Field(description="Только в этом состоянии")] = None
    client: Annotated[int | None, Field(description="Только этого клиента")] = None
    limit: Annotated[int, Field(ge=1, le=200, description="Сколько заявок на странице")] = 200
    after: Annotated[
        str | None,
        Field(max_length=200, description="Место из заголовка Link предыдущей страницы"),
    ] = None


class QueueRow(BaseModel):
    """Место в очереди: по поступлению, подтверждённая критичная впереди (R49, R50)."""

    number: str
    subject: str
    channel: Channel
    declared: Criticality
    received_at: AwareDatetime
    is_out_of_turn: bool
    reason: Annotated[str, Field(description="Почему заявка стоит вне очереди")]


class Queue(BaseModel):
    """Страница очереди."""

    tickets: list[QueueRow]
    after: Annotated[str | None, Field(description="Место, с которого читать дальше")]
