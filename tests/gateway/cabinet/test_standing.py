"""Whose turn it is, in the client's words."""

import pytest

from domain.terms import DeferralReason, Status
from gateway.cabinet.standing import standing


@pytest.mark.parametrize(
    ("status", "title", "turn"),
    [
        (Status.IN_QUEUE, "Работаем: заявка в очереди", "наш"),
        (Status.IN_DIAGNOSIS, "Работаем", "наш"),
        (Status.AWAITING_CLIENT, "Ждём вас", "ваш"),
        (Status.IN_DEVELOPMENT, "У разработчиков", "разработчиков"),
        (Status.CLOSED, "Закрыто", "ничей"),
    ],
)
def test_every_state_is_said_in_plain_words(
    status: Status, title: str, turn: str
) -> None:  # K5 R48
    stands = standing(status)

    assert (stands.title, stands.turn) == (title, turn)


@pytest.mark.parametrize(
    ("reason", "turn"),
    [
        (DeferralReason.INSUFFICIENT_INFORMATION, "ваш"),
        (DeferralReason.DEVELOPMENT_NEEDED, "наш"),
        (DeferralReason.REQUIREMENTS_VIOLATED, "ваш"),
        (DeferralReason.OUT_OF_SCOPE, "ничей"),
        (DeferralReason.ILL_POSED, "ваш"),
    ],
)
def test_a_deferral_names_its_reason_and_who_can_end_it(
    reason: DeferralReason, turn: str
) -> None:  # K5 R54 R55 R56 R57 R58 R59
    stands = standing(Status.DEFERRED, reason)

    assert stands.title.startswith("Отложено: ")
    assert stands.turn == turn


@pytest.mark.parametrize("status", [Status.AWAITING_CLIENT, Status.DEFERRED])
def test_until_its_letter_has_left_nobody_waits_for_the_client(status: Status) -> None:  # R45 K5
    stands = standing(status, DeferralReason.ILL_POSED, is_told=False)

    assert (stands.title, stands.turn) == ("Работаем", "наш")
