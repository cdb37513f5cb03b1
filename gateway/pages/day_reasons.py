"""Why a day departs from the week, in the reader's language (R44, Q4).

The official calendar names its days in Russian; its known names are in the catalogues. What people
of ours wrote as a reason stays as they wrote it, marked as Russian for those who listen to a page.
"""

import re

from markupsafe import Markup

from domain.letters import Language
from gateway.pages.translation import _, marked, present

OFFICIAL = frozenset(
    {
        marked("Новогодние каникулы"),
        marked("Рождество Христово"),
        marked("День защитника Отечества"),
        marked("Международный женский день"),
        marked("Праздник Весны и Труда"),
        marked("День Победы"),
        marked("День России"),
        marked("День народного единства"),
        marked("Предпраздничный день"),
        marked("Рабочий день (перенос выходного)"),
    }
)
MOVED = re.compile(r"Выходной \(перенесено с (\d\d)\.(\d\d)\.(\d{4})\)")
BESIDE = " (выходной)"
RUSSIAN = Markup('<span lang="ru">{}</span>')


def day_reason(reason: str) -> str:
    """Return the reason of a day, as safe markup where it is in another language than the page."""
    if present.get() is Language.RU:
        return reason
    if moved := MOVED.fullmatch(reason):
        return _("Выходной (перенесено с {day}.{month}.{year})").format(
            day=moved[1], month=moved[2], year=moved[3]
        )
    holiday = reason.removesuffix(BESIDE)
    if holiday not in OFFICIAL:
        return RUSSIAN.format(reason)
    beside = _("{holiday} (выходной)").format(holiday=_(holiday))
    return _(holiday) if holiday == reason else beside
