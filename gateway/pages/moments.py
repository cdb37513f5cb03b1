"""Moments, days, amounts and sizes as pages show them; every moment in Moscow time.

Staff read «пн 23.11, 9:00», clients «пн 23 ноября в 9:00»; amounts are working time (R47).
"""

from collections.abc import Callable
from contextvars import ContextVar
from datetime import date, datetime

from markupsafe import Markup

from domain.calendar import MOSCOW
from domain.letters import Language
from gateway.pages.translation import present

DAYS = {
    Language.RU: ("пн", "вт", "ср", "чт", "пт", "сб", "вс"),
    Language.EN: ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
MONTHS = {
    Language.RU: (
        *("января", "февраля", "марта", "апреля", "мая", "июня"),
        *("июля", "августа", "сентября", "октября", "ноября", "декабря"),
    ),
    Language.EN: (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}
UNITS = {Language.RU: ("ч", "мин", "с"), Language.EN: ("h", "min", "s")}
SIZES = {Language.RU: ("Б", "КБ", "МБ"), Language.EN: ("B", "KB", "MB")}
KILO = 1024
TIME = Markup('<time datetime="{}">{}</time>')


def wall_clock() -> datetime:
    """Return the present moment."""
    return datetime.now(MOSCOW)


# The clock of whoever reads: a year is written where it is another one than theirs.
readers_clock: ContextVar[Callable[[], datetime]] = ContextVar("readers_clock", default=wall_clock)


def moment(at: datetime) -> Markup:
    """Write a moment as staff read it: «пн 23.11, 9:00»; the year where it is another one."""
    local = at.astimezone(MOSCOW)
    return _timed(local, f"{short_day(local)}, {clock(local)}")


def moment_long(at: datetime) -> Markup:
    """Write a moment as clients read it: «пн 23 ноября в 9:00»."""
    local = at.astimezone(MOSCOW)
    joined = "{day} в {time}" if present.get() is Language.RU else "{day} at {time}"
    return _timed(local, joined.format(day=long_day(local), time=clock(local)))


def clock(at: datetime) -> str:
    """Write the time of day: «9:00»."""
    local = at.astimezone(MOSCOW)
    return f"{local.hour}:{local:%M}"


def short_day(on: date) -> str:
    """Write a day in short: «пн 23.11», «пн 23.11.2025» where the year is not this one."""
    weekday = DAYS[present.get()][on.weekday()]
    return f"{weekday} {on.day:02}.{on.month:02}{_year(on, '.')}"


def long_day(on: date) -> str:
    """Write a day with its month's name: «пн 23 ноября»."""
    language = present.get()
    return (
        f"{DAYS[language][on.weekday()]} {on.day} {MONTHS[language][on.month - 1]}{_year(on, ' ')}"
    )


def amount(seconds: float) -> str:
    """Write an amount of working time: «5 ч 05 мин», seconds under a minute; it never wraps."""
    hour, minute, second = UNITS[present.get()]
    minutes, seconds_left = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return _tied(hours, hour, f"{minutes:02}", minute)
    if minutes or not seconds_left:
        return _tied(minutes, minute)
    return _tied(seconds_left, second)


def size(size_bytes: int) -> str:
    """Write the size of a file: «184 КБ», «1,5 МБ»."""
    language = present.get()
    small, middle, large = SIZES[language]
    if size_bytes < KILO:
        return _tied(size_bytes, small)
    if size_bytes < KILO * KILO:
        return _tied(size_bytes // KILO, middle)
    told = f"{size_bytes / KILO / KILO:.1f}"
    if language is Language.RU:
        told = told.replace(".", ",")
    return _tied(told, large)


def _tied(*words: object) -> str:
    return "\N{NO-BREAK SPACE}".join(map(str, words))


def _timed(local: datetime, told: str) -> Markup:
    return TIME.format(local.isoformat(timespec="minutes"), told)


def _year(on: date, before: str) -> str:
    now = readers_clock.get()().astimezone(MOSCOW)
    return "" if on.year == now.year else f"{before}{on.year}"
