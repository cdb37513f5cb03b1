"""Moments, amounts and sizes in the words of each language; every moment in Moscow time."""

from datetime import datetime
from zoneinfo import ZoneInfo

from domain.letters import Language

MOSCOW = ZoneInfo("Europe/Moscow")

_RU_DAYS = (
    "понедельник",
    "вторник",
    "среда",
    "четверг",
    "пятница",
    "суббота",
    "воскресенье",
)
_RU_ON_DAYS = (
    "в понедельник",
    "во вторник",
    "в среду",
    "в четверг",
    "в пятницу",
    "в субботу",
    "в воскресенье",
)
_RU_SINCE_DAYS = (
    "с понедельника",
    "со вторника",
    "со среды",
    "с четверга",
    "с пятницы",
    "с субботы",
    "с воскресенья",
)
_RU_MONTHS = (
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
)
_EN_DAYS = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
_EN_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_UNITS = {Language.RU: ("Б", "КБ", "МБ"), Language.EN: ("B", "KB", "MB")}
_KILO = 1024


def moment(at: datetime, language: Language, home_year: int) -> str:
    """Name a moment after a colon: «пятница, 20 ноября, 20:14 (Москва)».

    The year is added where it is not `home_year`, the year of the request.
    """
    local = _in_moscow(at)
    is_russian = language is Language.RU
    day = (_RU_DAYS if is_russian else _EN_DAYS)[local.weekday()]
    zone = "Москва" if is_russian else "Moscow"
    return f"{day}, {_date(local, language, home_year)}, {_time(local)} ({zone})"


def on(at: datetime, language: Language, home_year: int) -> str:
    """Name a moment inside a sentence: «в пятницу, 20 ноября, в 20:14 по Москве»."""
    local = _in_moscow(at)
    date = _date(local, language, home_year)
    if language is Language.RU:
        return f"{_RU_ON_DAYS[local.weekday()]}, {date}, в {_time(local)} по Москве"
    return f"on {_EN_DAYS[local.weekday()]}, {date}, at {_time(local)} Moscow time"


def since(at: datetime, language: Language, home_year: int) -> str:
    """Name the day from which something lasts: «с пятницы, 20 ноября»."""
    local = _in_moscow(at)
    date = _date(local, language, home_year)
    if language is Language.RU:
        return f"{_RU_SINCE_DAYS[local.weekday()]}, {date}"
    return f"since {_EN_DAYS[local.weekday()]}, {date}"


def plural(count: int, one: str, few: str, many: str) -> str:
    """Choose the Russian form that stands after a number: 1 файл, 2 файла, 5 файлов."""
    tens, units = count % 100, count % 10
    if units == 1 and tens != 11:  # noqa: PLR2004 - одиннадцать файлов, by Russian grammar
        return one
    if units in {2, 3, 4} and tens not in {12, 13, 14}:
        return few
    return many


def size(size_bytes: int, language: Language) -> str:
    """Name the size of a file: «184 КБ», «1,5 МБ»."""
    small, middle, large = _UNITS[language]
    if size_bytes < _KILO:
        return f"{size_bytes} {small}"
    if size_bytes < _KILO * _KILO:
        return f"{size_bytes // _KILO} {middle}"
    amount = f"{size_bytes / _KILO / _KILO:.1f}"
    return f"{amount.replace('.', ',') if language is Language.RU else amount} {large}"


def _in_moscow(at: datetime) -> datetime:
    if at.tzinfo is None:
        message = "A moment in a letter must know its time zone."
        raise ValueError(message)
    return at.astimezone(MOSCOW)


def _date(local: datetime, language: Language, home_year: int) -> str:
    months = _RU_MONTHS if language is Language.RU else _EN_MONTHS
    year = "" if local.year == home_year else f" {local.year}"
    return f"{local.day} {months[local.month - 1]}{year}"


def _time(local: datetime) -> str:
    return f"{local.hour}:{local.minute:02}"
