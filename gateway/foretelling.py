"""What the present load foretells of the first answer: a range of working time, never a promise.

Carries out R51, R52; F51, K5. Nothing is said of the solution, and nothing from too little.
"""

from collections.abc import Mapping
from datetime import date, datetime, time
from itertools import islice

from domain.calendar import FULL_DAY, MOSCOW, ONE_DAY, Calendar, WorkingTime
from domain.queue import Forecast, Place, forecast
from gateway.pages.rendering import Page
from gateway.pages.translation import _, ngettext

LOOKED_BACK_DAYS = 10
HOUR = WorkingTime.of(1).seconds
IN_HOURS_UP_TO_DAYS = 2


def foretold(page: Page, place: Place | None = None) -> str:
    """Say when a first answer may come: to a new ticket, or to the one in that place."""
    calendar, today_on = page.parts.rules().calendar, page.now.astimezone(MOSCOW).date()
    basis = page.parts.basis(midnight(today_on))
    if not basis.is_whole:
        return ""
    ahead = len(basis.waiting) if place is None else basis.ahead_of(place)
    told = forecast(ahead, replies_of_late(basis.replies, calendar, today_on), full_day())
    return in_words(told) if told else ""


def in_words(told: Forecast) -> str:
    """Say a forecast to a client, labelled as one; the range is rounded outwards."""
    day = full_day().seconds
    unit = HOUR if told.latest.seconds <= IN_HOURS_UP_TO_DAYS * day else day
    soonest, latest = told.soonest.seconds // unit, -(-told.latest.seconds // unit)
    when = _hours(soonest, latest) if unit == HOUR else _days(soonest, latest)
    sentence = _(
        "Прогноз по нынешней загрузке: первый ответ примерно {when}. Это не обещание срока."
    )
    return sentence.format(when=when)


def replies_of_late(
    replies: Mapping[str, int], calendar: Calendar, today_on: date
) -> tuple[int, ...]:
    """Return the first replies of each of the last working days before today."""
    back = (today_on - ONE_DAY * days for days in range(1, 2 * LOOKED_BACK_DAYS + 1))
    worked = islice((on for on in back if calendar.day(on).hours), LOOKED_BACK_DAYS)
    return tuple(replies.get(on.isoformat(), 0) for on in worked)


def midnight(on: date) -> datetime:
    """Return the moment at which a day begins in Moscow."""
    return datetime.combine(on, time.min, MOSCOW)


def full_day() -> WorkingTime:
    """Return the working time of a usual day."""
    return WorkingTime.of(FULL_DAY.closes.hour - FULL_DAY.opens.hour)


def _hours(soonest: int, latest: int) -> str:
    if 0 < soonest < latest:
        between = ngettext(
            "через {soonest}–{count} рабочий час", "через {soonest}–{count} рабочих часов", latest
        )
        return between.format(soonest=soonest, count=latest)
    within = ngettext("в течение {count} рабочего часа", "в течение {count} рабочих часов", latest)
    return within.format(count=latest)


def _days(soonest: int, latest: int) -> str:
    if 0 < soonest < latest:
        between = ngettext(
            "через {soonest}–{count} рабочий день", "через {soonest}–{count} рабочих дней", latest
        )
        return between.format(soonest=soonest, count=latest)
    within = ngettext("в течение {count} рабочего дня", "в течение {count} рабочих дней", latest)
    return within.format(count=latest)
