"""The order of arrival, and the one exception to it: a criticality that a specialist confirmed.

R39, R49, R50, Q5.
"""

import pytest

from deploy.local.story import SPECIALIST, Story
from domain.commands import ConfirmCriticality, Take
from domain.events import CriticalityConfirmed
from domain.terms import Criticality, LetterState
from storage import tickets

pytestmark = pytest.mark.parametrize("cached_tickets", [100])  # tickets go side by side

ALERTS = "office@profman.ru"


def queue(story: Story) -> list[str]:
    with story.world.database.transaction() as connection:
        return [row["number"] for row in tickets.queue(connection)]


async def test_tickets_wait_in_the_order_of_arrival(story: Story) -> None:  # R49
    first, second = await story.register_all(story.at("fri", "20:00"), {}, {})
    third = await story.register(story.at("sat", "3:00"))

    await story.until(story.at("mon+1", "9:01"))

    assert queue(story) == [first, second, third]


async def test_a_declared_criticality_alerts_staff_at_once_and_jumps_nothing(
    story: Story,
) -> None:  # R39 R50 Q5
    calm, urgent = await story.register_all(
        story.at("sat", "3:00"), {}, {"declared": Criticality.CRITICAL}
    )

    [alert] = story.mailbox(ALERTS)
    sent = story.letters(urgent)["1/critical_alert"]
    await story.until(story.at("mon+1", "9:01"))

    assert urgent in alert.subject
    assert "Отчёт по договорам" not in alert.text
    assert sent["state"] == LetterState.ACCEPTED
    assert sent["accepted_at"] < story.at("sat", "3:01")
    assert queue(story) == [calm, urgent]


async def test_a_confirmed_criticality_jumps_the_queue_and_its_reason_is_on_the_ticket(
    story: Story,
) -> None:  # R50 Q5
    calm, urgent = await story.register_all(
        story.at("mon", "10:00"), {}, {"declared": Criticality.CRITICAL}
    )

    reason = story.text(urgent, "Остановлен приём платежей.")
    await story.order(urgent, ConfirmCriticality(Criticality.CRITICAL, reason))

    confirmed = story.journal(urgent)[-1]
    assert queue(story) == [urgent, calm]
    assert isinstance(confirmed, CriticalityConfirmed)
    assert (confirmed.text, confirmed.by) == (reason, str(SPECIALIST))


async def test_a_criticality_taken_back_returns_the_ticket_to_its_place(
    story: Story,
) -> None:  # R50
    calm, urgent = await story.register_all(
        story.at("mon", "10:00"), {}, {"declared": Criticality.CRITICAL}
    )
    reason = story.text(urgent, "Остановлен приём платежей.")
    await story.order(urgent, ConfirmCriticality(Criticality.CRITICAL, reason))

    again = story.text(urgent, "Приём платежей восстановлен.")
    await story.order(urgent, ConfirmCriticality(Criticality.NORMAL, again))

    assert queue(story) == [calm, urgent]


async def test_a_taken_ticket_leaves_the_queue_and_has_its_specialist(
    story: Story,
) -> None:  # R5 R49
    first, second = await story.register_all(story.at("mon", "10:00"), {}, {})

    await story.order(first, Take())

    assert queue(story) == [second]
    assert story.ticket(first).specialist == SPECIALIST.id
