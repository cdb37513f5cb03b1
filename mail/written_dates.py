"""Days and times as mail programs write them above a quotation: Russian, Ukrainian, English.

Whole words and their usual abbreviations only: «Версия 5.14» is no September, «Сбой» no Saturday.
"""

import re

_MONTHS = """
январь января янв февраль февраля февр фев март марта мар апрель апреля апр май мая июнь июня июн
июль июля июл август августа авг сентябрь сентября сент сен октябрь октября окт ноябрь ноября нояб
ноя декабрь декабря дек
січень січня січ лютий лютого лют березень березня бер квітень квітня квіт кві травень травня трав
тра червень червня черв чер липень липня лип серпень серпня серп сер вересень вересня вер жовтень
жовтня жовт жов листопад листопада лист лис грудень грудня груд гру
january jan february feb march mar april apr may june jun july jul august aug september sept sep
october oct november nov december dec
"""
_WEEKDAYS = """
понедельник пн вторник вт среда среду ср четверг чт пятница пятницу пт суббота субботу сб
воскресенье вс понеділок вівторок середа середу четвер пʼятниця п'ятниця субота неділя нд
monday mon tuesday tues tue wednesday wed thursday thurs thu friday fri saturday sat sunday sun
"""


def _one_of(words: str) -> str:
    longest_first = sorted(words.split(), key=len, reverse=True)
    return rf"(?:{'|'.join(longest_first)})(?!\w)\.?"


_MONTH, _WEEKDAY = _one_of(_MONTHS), _one_of(_WEEKDAYS)

DATE = re.compile(
    rf"\b(?:\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}}|\d{{4}}[-./]\d{{1,2}}[-./]\d{{1,2}}"
    rf"|\d{{1,2}}(?:-го|th|st|nd|rd)?\s+{_MONTH}|{_MONTH}\s+\d{{1,2}}\b)",
    re.IGNORECASE,
)
TIME = re.compile(r"\b\d{1,2}[:.]\d{2}\b")
STARTS_DATED = re.compile(
    rf"^(?:(?:on|в|во|at|el|am)\s+)?(?:{_WEEKDAY}[\s,]|\d{{1,2}}[\s./-]|\d{{4}}[-./]\d|{_MONTH}\s+\d)",
    re.IGNORECASE,
)
