"""Where a ticket stands in the client's words: whose turn it is, and why (K5).

Carries out R48, R51, R54-R59, R63: no solution time is ever named.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from domain.terms import CLIENT_CAN_END, DeferralReason, Status
from gateway.pages.translation import _, marked

Tone = Literal["", "wait", "good"]
WORKING = marked("Работаем")
TITLES: Mapping[Status, str] = {
    Status.IDENTIFICATION: marked("Выясняем, от кого заявка"),
    Status.REGISTERED: marked("Принята, ждёт рабочего времени"),
    Status.IN_QUEUE: marked("Работаем: заявка в очереди"),
    Status.IN_DIAGNOSIS: WORKING,
    Status.AWAITING_CLIENT: marked("Ждём вас"),
    Status.IN_DEVELOPMENT: marked("У разработчиков"),
    Status.AWAITING_RELEASE: marked("У разработчиков: ждём выпуска обновления"),
    Status.CLOSING: marked("Закрывается"),
    Status.CLOSED: marked("Закрыто"),
}
DEFERRALS: Mapping[DeferralReason, str] = {
    DeferralReason.INSUFFICIENT_INFORMATION: marked("нужны сведения от вас"),
    DeferralReason.DEVELOPMENT_NEEDED: marked("нужны диагностика, доработка или обновление"),
    DeferralReason.REQUIREMENTS_VIOLATED: marked(
        "нарушены технические требования или продукт изменён"
    ),
    DeferralReason.OUT_OF_SCOPE: marked("вопрос вне поддержки"),
    DeferralReason.ILL_POSED: marked("вопрос нужно уточнить"),
}
OURS, YOURS, DEVELOPERS, NOBODYS = (
    marked("наш"),
    marked("ваш"),
    marked("разработчиков"),
    marked("ничей"),
)


@dataclass(frozen=True)
class Standing:
    """Whose turn it is, in the words of a page; `is_yours` where the client is waited for."""

    title: str
    turn: str
    tone: Tone = ""
    is_yours: bool = False


def standing(
    status: Status, deferral: DeferralReason | None = None, *, is_told: bool = True
) -> Standing:
    """Say where a ticket stands; `is_told` is false while the letter about it has not left.

    Until then the client has been asked nothing, and the move is ours (R45).
    """
    if not is_told and status in {Status.AWAITING_CLIENT, Status.DEFERRED}:
        return Standing(_(WORKING), _(OURS))
    if status is Status.DEFERRED and deferral is not None:
        return _deferred(deferral)
    is_yours = status is Status.AWAITING_CLIENT
    tone: Tone = "wait" if is_yours else "good" if status is Status.CLOSED else ""
    return Standing(_(TITLES.get(status, WORKING)), _(_turn(status)), tone, is_yours)


def _deferred(deferral: DeferralReason) -> Standing:
    told = _("Отложено: {reason}").format(reason=_(DEFERRALS[deferral]))
    if deferral in CLIENT_CAN_END:
        return Standing(told, _(YOURS), "wait", is_yours=True)
    is_ours = deferral is DeferralReason.DEVELOPMENT_NEEDED
    return Standing(told, _(OURS if is_ours else NOBODYS), "wait")


def _turn(status: Status) -> str:
    if status is Status.AWAITING_CLIENT:
        return YOURS
    if status in {Status.IN_DEVELOPMENT, Status.AWAITING_RELEASE}:
        return DEVELOPERS
    return NOBODYS if status is Status.CLOSED else OURS
