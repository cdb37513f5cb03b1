"""Requests by the web form, by phone and on paper: each kept and numbered in one transaction.

Carries out R29-R32, R35-R43, R44; Q2, Q9, Q10, Q12, Q13. The process is told by the relay.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Header, Response
from pydantic import AwareDatetime

from domain.calendar import MOSCOW
from domain.intake import Field, Request, Requisite, missing, unmet_requisites
from domain.terms import Channel, Criticality
from gateway.auth import ClientVisitor, StaffVisitor, TheParts, Visitor
from gateway.forms import Asked, Matter, PaperLetter, PhoneCall, Receipt, WebForm
from gateway.pages.translation import _
from gateway.parts import Parts
from gateway.problems import Flaw, Problem, documented, invalid
from gateway.uploads import keep
from storage import files, people, requests
from storage.database import Connection
from storage.files import Attachment
from storage.people import Person
from storage.requests import Entry, Registration

router = APIRouter(prefix="/api/requests", tags=["Обращения"])

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Имя этой попытки: повтор с тем же ключом ничего не создаёт заново.",
        examples=["5c1f2f2e-6f1f-4e0e-9d5d-0a7c3b1f7a10"],
    ),
]
REPEATED: dict[int | str, dict[str, Any]] = {
    200: {"description": "Повтор: номер прежний", "model": Receipt}
}
TOLD = (
    Field.PLATFORM_VERSION,
    Field.PRODUCT_VERSION,
    Field.STEPS,
    Field.FREQUENCY,
    Field.CRITICALITY,
)
COMPARED = ("subject", "text", "kind", "declared", "language", "called_at")


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who sends a request and how, as far as we know them."""

    channel: Channel
    person: Person | None = None
    name: str = ""
    email: str = ""
    called_at: AwareDatetime | None = None
    requisites: tuple[Requisite, ...] = ()

    @property
    def address(self) -> str:
        """Return where our letters go; empty for one without e-mail (Q9)."""
        return self.person.email if self.person else self.email


@router.post(
    "",
    status_code=201,
    summary="Подать обращение через форму",
    responses=REPEATED | documented(401, 403, 413, 415, 422),
)
def file_by_web(
    form: Annotated[WebForm, Form(media_type="multipart/form-data")],
    key: IdempotencyKey,
    visitor: ClientVisitor,
    parts: TheParts,
    response: Response,
) -> Receipt:
    """Регистрирует обращение клиента и сразу возвращает его номер (R29)."""
    carried = keep(parts.files, form.files)
    sender = Sender(channel=Channel.WEB, person=visitor.person)
    registration = draft(parts, visitor, form, sender, key)
    return enter(parts, registration, carried, response)


@router.post(
    "/phone",
    status_code=201,
    summary="Зарегистрировать звонок",
    responses=REPEATED | documented(401, 403, 415, 422),
)
def file_by_phone(
    call: PhoneCall, key: IdempotencyKey, visitor: StaffVisitor, parts: TheParts, response: Response
) -> Receipt:
    """Регистрирует звонок: считается момент регистрации, время звонка хранится рядом (R30, Q10)."""
    person = caller(parts, call.login)
    sender = Sender(
        channel=Channel.PHONE,
        person=person,
        name=call.name,
        email=call.email,
        called_at=call.called_at,
    )
    registration = draft(parts, visitor, call, sender, key)
    return enter(parts, registration, (), response)


@router.post(
    "/paper",
    status_code=201,
    summary="Зарегистрировать письмо на бумаге или факс",
    responses=REPEATED | documented(401, 403, 415, 422),
)
def file_on_paper(
    letter: PaperLetter,
    key: IdempotencyKey,
    visitor: StaffVisitor,
    parts: TheParts,
    response: Response,
) -> Receipt:
    """Регистрирует письмо; без всех реквизитов оно ждёт опознания клиента (R32, Q12)."""
    person = caller(parts, letter.login)
    unmet = unmet_requisites(frozenset(letter.requisites))
    known = None if unmet else person
    sender = Sender(
        channel=Channel.PAPER,
        person=known,
        name=letter.name,
        email=letter.email,
        requisites=unmet,
    )
    registration = draft(parts, visitor, letter, sender, key)
    return enter(parts, registration, (), response)


def caller(parts: Parts, login: str) -> Person | None:
    """Return the client's user of this login, None where no login is known.

    Raises:
        Problem: when a login was named that nobody has.

    """
    if not login:
        return None
    on = parts.clock().astimezone(MOSCOW).date()
    with parts.database.transaction() as connection:
        person = people.find_user_by_login(connection, login, on)
    if person is None:
        raise invalid(Flaw(field="login", reason=_("такого логина нет; оставьте поле пустым")))
    return person


def draft(parts: Parts, visitor: Visitor, matter: Matter, sender: Sender, key: str) -> Registration:
    """Put together what the register is to keep."""
    at = parts.clock()
    person = sender.person
    told = told_by(matter)
    return Registration(
        key=f"{sender.channel}:{visitor.actor}:{key}",
        channel=sender.channel,
        received_at=at,
        accepted_at=parts.rules().calendar.next_working_moment(at),
        subject=matter.subject,
        text=matter.description,
        kind=matter.kind,
        declared=matter.criticality or Criticality.NORMAL,
        client_id=person.client_id if person else None,
        user_id=person.user_id if person else None,
        entitled=person.is_supported if person else True,
        name=person.name if person else sender.name,
        address=sender.address,
        phone=matter.phone or (person.phone if person else ""),
        login=person.login if person else matter.known_login,
        is_verified=person is not None,
        language=matter.language,
        told=told,
        missing=tuple(missing(_request(matter, sender))),
        requisites=tuple(sender.requisites),
        called_at=_no_later(sender.called_at, at),
        author=str(visitor.actor),
    )


def told_by(matter: Matter) -> Mapping[str, str]:
    """Return the fields of R35-R38 that were filled in."""
    given = {field.value: str(getattr(matter, field.value) or "") for field in TOLD}
    return {name: value for name, value in given.items() if value}


def enter(
    parts: Parts,
    registration: Registration,
    carried: tuple[Attachment, ...],
    response: Response,
) -> Receipt:
    """Enter the request with its files; a repetition gets the first number.

    Raises:
        Problem: when the key already names another request.

    """
    with parts.database.transaction() as connection:
        entry = requests.register(connection, registration)
        if entry.is_new and carried:
            files.add(connection, entry.message_id, carried)
        if not entry.is_new:
            response.status_code = 200
            registration = _as_first_sent(connection, registration, entry, carried)
    return _receipt(entry, registration)


def _as_first_sent(
    connection: Connection, again: Registration, entry: Entry, carried: tuple[Attachment, ...]
) -> Registration:
    """Return the request with the moments it was first registered with."""
    first = requests.find(connection, entry.number)
    if first is None:
        raise key_reused()
    before = {file.digest for file in files.list_for(connection, entry.message_id)}
    again = replace(again, called_at=_no_later(again.called_at, first["received_at"]))
    is_same = all(first[name] == getattr(again, name) for name in COMPARED)
    is_same = is_same and first["told"] == again.told
    if not is_same or before != {file.digest for file in carried}:
        raise key_reused()
    moments = {"received_at": first["received_at"], "accepted_at": first["accepted_at"]}
    known = {"client_id": first["client_id"], "missing": tuple(first["missing"])}
    return Registration(**{**again.__dict__, **moments, **known})


def _no_later(called_at: datetime | None, registered_at: datetime) -> datetime | None:
    """Return when the call was; a clock that is ahead puts no call after its registration."""
    return None if called_at is None else min(called_at, registered_at)


def key_reused() -> Problem:
    """Return the answer to a key that already names something else."""
    detail = _("Этот Idempotency-Key уже назвал другое обращение.")
    return Problem(422, "key_reused", detail, _("Для нового обращения возьмите новый ключ."))


def _request(matter: Matter, sender: Sender) -> Request:
    told = {Field(name) for name in told_by(matter)} | {Field.DESCRIPTION}
    person = sender.person
    contacts = {
        Field.CRITICALITY: matter.criticality,
        Field.PHONE: matter.phone or (person and person.phone),
        Field.EMAIL: sender.address,
        Field.LOGIN: person and person.login,
    }
    told |= {field for field, value in contacts.items() if value}
    return Request(channel=sender.channel, kind=matter.kind, told=frozenset(told))


def _receipt(entry: Entry, registration: Registration) -> Receipt:
    return Receipt(
        number=entry.number,
        is_repetition=not entry.is_new,
        received_at=registration.received_at.astimezone(MOSCOW),
        accepted_at=registration.accepted_at.astimezone(MOSCOW),
        awaits_identification=registration.client_id is None,
        missing=[Asked.of(Field(name)) for name in registration.missing],
        missing_requisites=[Requisite(name) for name in registration.requisites],
    )
