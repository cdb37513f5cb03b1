"""What runs the service: calendar, releases, clients, its own health.

Carries out R12, R21, R44, R45, R56; law 6: a new calendar holds from its moment.
"""

from datetime import date, datetime, time
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field, model_validator

from domain.calendar import MOSCOW, ONE_DAY, Calendar, DaySource, Hours
from domain.terms import LetterState, Role
from gateway.auth import AnyVisitor, StaffVisitor, TheParts, require
from gateway.forms import Line, Strict, Words
from gateway.problems import documented
from storage import calendars, handovers, letters, people, releases, scans

router = APIRouter(prefix="/api", tags=["Служба"])

HEAD = frozenset({Role.HEAD})
PUBLISHERS = frozenset({Role.DEVELOPMENT, Role.HEAD})
WATCHERS = frozenset({Role.OPERATIONS, Role.HEAD})
LONGEST_PERIOD = 366
LATEST_ON = date(2999, 12, 31)


class OwnDay(Strict):
    """День со своими часами; без часов это выходной."""

    on: date
    opens: time | None = None
    closes: time | None = None

    @model_validator(mode="after")
    def hours_are_a_pair(self) -> "OwnDay":
        """Check that the day opens before it closes, or not at all."""
        if (self.opens is None) != (self.closes is None):
            raise ValueError("часы указывают парой")
        if self.opens and self.closes and self.opens >= self.closes:
            raise ValueError("день закрывается раньше, чем открывается")
        return self

    @property
    def hours(self) -> Hours | None:
        """Return the hours of the day, None for a day off."""
        return Hours(self.opens, self.closes) if self.opens and self.closes else None


class OwnDays(Strict):
    """Дни, которые отличаются от официального календаря, и почему."""

    days: Annotated[list[OwnDay], Field(min_length=1, max_length=60)]
    reason: Annotated[Words, Field(examples=["Переезд офиса поддержки"])]


class CalendarVersion(BaseModel):
    """Новая версия календаря: она действует с этого момента."""

    version: int


class DayShown(BaseModel):
    """День календаря: часы и что их определяет."""

    on: date
    opens: time | None
    closes: time | None
    source: DaySource
    reason: str
    is_provisional: bool


class CalendarShown(BaseModel):
    """Рабочее время по дням (московское)."""

    version: int
    known_through: Annotated[date, Field(description="До этого дня календарь утверждён")]
    days: list[DayShown]


class ReleaseOut(Strict):
    """Вышедший выпуск продукта."""

    version: Annotated[Line, Field(min_length=1, examples=["4.3.0"])]


class ReleaseTold(BaseModel):
    """Кого выпуск касается."""

    version: str
    tickets: Annotated[list[str], Field(description="Заявки, которые ждали этот выпуск")]


class ClientShown(BaseModel):
    """Клиент."""

    id: int
    code: str
    name: str


class UnsentLetter(BaseModel):
    """Письмо, которому пора было уйти."""

    key: str
    number: Annotated[str | None, Field(description="У письма об учётной записи заявки нет")]
    state: LetterState
    reason: str


class HealthDetails(BaseModel):
    """Что ещё не передано и не ушло."""

    pending_handovers: int
    next_retry_at: AwareDatetime | None
    unsent_letters: int
    oldest_unsent: UnsentLetter | None
    held_files: Annotated[int, Field(description="Сколько файлов ждёт сканера; без него 0")]


@router.post(
    "/calendar/exceptions",
    status_code=201,
    summary="Объявить особые дни",
    responses=documented(401, 403, 422),
)
def declare_days(own: OwnDays, visitor: AnyVisitor, parts: TheParts) -> CalendarVersion:
    """Новая версия календаря; открытые заявки пересчитают свой следующий шаг (R44)."""
    require(visitor, HEAD)
    exceptions = {day.on: day.hours for day in own.days}
    with parts.database.transaction() as connection:
        version = calendars.add_exception(connection, exceptions, own.reason, str(visitor.actor))
    return CalendarVersion(version=version)


@router.get("/calendar", summary="Рабочее время по дням", responses=documented(401, 403, 422))
def show_calendar(
    _: AnyVisitor,
    parts: TheParts,
    since: Annotated[
        date | None, Query(le=LATEST_ON, description="Первый день; по умолчанию сегодня")
    ] = None,
    days: Annotated[int, Query(ge=1, le=LONGEST_PERIOD)] = 31,
) -> CalendarShown:
    """Часы каждого дня и то, что их определяет (R44, R45)."""
    calendar = parts.rules().calendar
    first = since or parts.clock().astimezone(MOSCOW).date()
    shown = [_day(calendar, first + ONE_DAY * number) for number in range(days)]
    return CalendarShown(version=calendar.version, known_through=calendar.known_through, days=shown)


@router.post("/releases", summary="Сообщить о выпуске", responses=documented(401, 403, 422))
def publish(release: ReleaseOut, visitor: AnyVisitor, parts: TheParts) -> ReleaseTold:
    """Будит заявки, которые ждали этот выпуск (R21, R56); повтор ничего не меняет."""
    require(visitor, PUBLISHERS)
    with parts.database.transaction() as connection:
        at, by = parts.clock(), str(visitor.actor)
        numbers = releases.publish(connection, release.version, by, at)
    return ReleaseTold(version=release.version, tickets=list(numbers))


@router.get("/clients", summary="Клиенты", responses=documented(401, 403))
def list_clients(_: StaffVisitor, parts: TheParts) -> list[ClientShown]:
    """Все клиенты по алфавиту."""
    with parts.database.transaction() as connection:
        found = people.list_clients(connection)
    return [ClientShown(**client.__dict__) for client in found]


@router.get("/health/details", summary="Что не передано", responses=documented(401, 403))
def health_details(visitor: AnyVisitor, parts: TheParts) -> HealthDetails:
    """Для эксплуатации: непереданное процессам и неотправленные письма."""
    require(visitor, WATCHERS)
    with parts.database.transaction() as connection:
        stuck = letters.list_stuck(connection, parts.clock())
        oldest = UnsentLetter(**stuck[0]) if stuck else None
        return HealthDetails(
            pending_handovers=handovers.count_pending(connection),
            next_retry_at=handovers.next_retry(connection),
            unsent_letters=len(stuck),
            oldest_unsent=oldest,
            held_files=scans.count_held(connection) if parts.settings.has_scanner else 0,
        )


def _day(calendar: Calendar, on: date) -> DayShown:
    day = calendar.day(on)
    return DayShown(
        on=on,
        opens=day.hours.opens if day.hours else None,
        closes=day.hours.closes if day.hours else None,
        source=day.source,
        reason=day.reason,
        is_provisional=calendar.is_provisional(datetime.combine(on, time(12), MOSCOW)),
    )
