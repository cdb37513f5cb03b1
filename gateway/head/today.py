"""The head's day: what came, what was answered, what waits and since when, what stood out.

Carries out R8, R39, R45, R49-R54, R65, law 7; U15. The forecast is called one (R51).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from domain.account_letters import AccountLetterKind
from domain.calendar import Calendar, WorkingTime
from domain.letters import LetterKind
from domain.queue import Forecast, forecast
from domain.terms import DeferralReason
from gateway.console.conversation import KINDS
from gateway.foretelling import full_day, midnight, replies_of_late
from gateway.head import charts
from gateway.head.periods import AskedPeriod, DayAsked
from gateway.pages.rendering import Page
from gateway.pages.translation import _, marked
from gateway.pages.visitors import HeadPage
from storage import reports
from storage.reports import Figure, Load

router = APIRouter(include_in_schema=False)

SHOWN = 10
CODE = re.compile(r"\b([45])\.(\d{1,3})\.(\d{1,3})\b|\b([45]\d\d)\b")
FULL_BOXES = {"2.2", "452", "552"}
DEPARTURES = {
    "taken": (marked("взята не по порядку"), "R49"),
    "criticality_confirmed": (marked("критичность подтверждена, вне очереди"), "R50"),
    "letter_urged": (marked("письмо отправлено вне рабочего времени"), "R45"),
}
REVIEW = {
    "unreadable": marked("письма не удалось прочитать"),
    "possible_link": marked("письма, возможно, относятся к другой заявке"),
    "reused_id": marked("письма повторяют чужой идентификатор"),
    "infected": marked("файлы не прошли проверку"),
    "thanks": marked("похоже на благодарность"),
    "undeliverable": marked("письма, о судьбе которых нужно решить"),
    "to_post": marked("письма ждут отправки обычной почтой"),
    "account_letter": marked("письма о паролях не доставлены"),
}


ACCOUNT_LETTERS: Mapping[str, str] = {
    AccountLetterKind.INVITATION: marked("приглашение войти"),
    AccountLetterKind.PASSWORD_RESET: marked("ссылка для пароля"),
    AccountLetterKind.PASSWORD_CHANGED: marked("новость о пароле"),
}


@dataclass(frozen=True)
class Reason:
    """Tickets deferred for one reason, and how long their bar is in per cent."""

    reason: DeferralReason
    count: int
    share: float


@dataclass(frozen=True, kw_only=True)
class Day:
    """All that the page shows."""

    load: Load
    counts: dict[Figure, int]
    departures: Sequence[Mapping[str, Any]]
    undelivered: Sequence[Mapping[str, Any]]
    review: dict[str, tuple[int, datetime]]
    oldest: WorkingTime | None
    deferred_days: int
    foretold: Forecast | None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Return the five reasons, the most frequent first."""
        told = sorted(self.load.deferred.items(), key=lambda one: -one[1])
        most = told[0][1]
        return tuple(Reason(reason, many, charts.share(many, most)) for reason, many in told)


@router.get("/head")
def today(page: HeadPage, asked: DayAsked) -> HTMLResponse:
    """Show the day, or the period that was asked for, beside the present load."""
    calendar = page.parts.rules().calendar
    return page.show(
        "head/today.html",
        asked=asked,
        day=read_day(page, asked, calendar),
        is_working_day=calendar.day(asked.today_on).hours is not None,
        departures=DEPARTURES,
        review_names=REVIEW,
        advice=advice,
        letter_kind=letter_kind,
    )


def read_day(page: Page, asked: AskedPeriod, calendar: Calendar) -> Day:
    """Read the figures in a number of statements that never grows."""
    now = page.now
    with page.parts.database.transaction() as connection:
        load = reports.read_load(connection)
        counts = reports.count(connection, asked.period)
        departures = reports.list_departures(connection, asked.period, SHOWN)
        undelivered = reports.list_undelivered(connection, asked.period, SHOWN)
        review = reports.count_review(connection)
        replies = reports.count_replies(connection, midnight(asked.today_on))
    return Day(
        load=load,
        counts=counts,
        departures=departures,
        undelivered=undelivered,
        review=review,
        oldest=_waited(calendar, load.oldest_accepted_at, now),
        deferred_days=working_days(calendar, load.deferred_since, now),
        foretold=forecast(
            load.counts[Figure.WAITING],
            replies_of_late(replies, calendar, asked.today_on),
            full_day(),
        ),
    )


def working_days(calendar: Calendar, since: datetime | None, now: datetime) -> int:
    """Return how many whole working days have passed."""
    if since is None:
        return 0
    return calendar.working_time_between(since, now).seconds // full_day().seconds


def advice(reason: str) -> str:
    """Say what to do about a letter that did not arrive, by the server's own code (RFC 3463)."""
    found = CODE.search(reason)
    code = "" if found is None else found[4] or f"{found[2]}.{found[3]}"
    if code in FULL_BOXES:
        return _("Ящик переполнен: позвоните клиенту.")
    if found is not None and (code.startswith("1.") or code in {"550", "551", "553"}):
        return _("Адреса нет: уточните его и впишите в карточку клиента.")
    return _("Позвоните клиенту и уточните адрес.")


def letter_kind(kind: str) -> str:
    """Name a letter of ours."""
    if kind in ACCOUNT_LETTERS:
        return _(ACCOUNT_LETTERS[kind])
    return _(KINDS[LetterKind(kind)][0])


def _waited(calendar: Calendar, since: datetime | None, now: datetime) -> WorkingTime | None:
    return None if since is None else calendar.working_time_between(since, now)
