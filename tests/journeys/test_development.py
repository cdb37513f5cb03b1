"""What support cannot mend goes to development and comes back with its outcome or its release.

R19, R21, R48, R56.
"""

import pytest

from deploy.local.story import DEVELOPMENT, Story
from domain.commands import AwaitRelease, HandOff, ReturnFromDevelopment, Take
from domain.terms import LetterState, Outcome, Status, Turn

OUTCOMES = [
    (Outcome.WORKAROUND, "", Status.IN_DIAGNOSIS, "Заключение разработки"),
    (Outcome.NOT_A_DEFECT, "", Status.IN_DIAGNOSIS, "Заключение разработки"),
    (Outcome.DECLINED, "", Status.IN_DIAGNOSIS, "Заключение разработки"),
    (Outcome.NEEDS_INFORMATION, "", Status.AWAITING_CLIENT, "Нужен ваш ответ"),
    (Outcome.FIXED_IN_RELEASE, "4.3", Status.AWAITING_RELEASE, "Ждёт выпуска обновления"),
]


async def handed_off(story: Story) -> str:
    number = await story.register(story.at("mon", "10:00"))
    await story.order(number, Take())
    evidence = story.text(number, "Снимок памяти и шаги.")
    await story.order(number, HandOff(evidence, story.text(number, "Ошибка подтвердилась.")))
    return number


async def test_a_hand_off_is_told_to_the_client_without_its_evidence(
    story: Story,
) -> None:  # R19 R48
    number = await handed_off(story)

    ticket, letter = story.ticket(number), story.mailbox()[-1]
    assert (ticket.status, ticket.turn) == (Status.IN_DEVELOPMENT, Turn.DEVELOPMENT)
    assert "Передана в разработку" in letter.subject
    assert "Ошибка подтвердилась." in letter.text
    assert "Снимок памяти" not in letter.text


@pytest.mark.parametrize(("outcome", "release", "status", "subject"), OUTCOMES)
async def test_each_outcome_of_development_is_told_and_says_whose_turn_it_is(
    story: Story, outcome: Outcome, release: str, status: Status, subject: str
) -> None:  # R19 R48 R56
    number = await handed_off(story)
    await story.until(story.at("wed", "12:00"))

    text = story.text(number, "Вот что нашла разработка.", DEVELOPMENT)
    await story.order(number, ReturnFromDevelopment(outcome, text, release), DEVELOPMENT)

    letter = story.mailbox()[-1]
    assert story.ticket(number).status is status
    assert subject in letter.subject
    assert "Вот что нашла разработка." in letter.text


async def test_what_development_asks_is_reminded_of_like_any_question(
    story: Story,
) -> None:  # R19 Q6
    number = await handed_off(story)
    text = story.text(number, "Пришлите журнал сервера.", DEVELOPMENT)
    command = ReturnFromDevelopment(Outcome.NEEDS_INFORMATION, text)
    await story.order(number, command, DEVELOPMENT)

    await story.until(story.at("thu", "12:00"))

    assert "Пришлите журнал сервера." in story.mailbox()[-1].text
    assert story.kinds(number)[-1] == "client_reminded"


@pytest.mark.parametrize("cached_tickets", [100])  # they go side by side
async def test_a_release_wakes_all_that_wait_for_it_and_nobody_else(
    story: Story,
) -> None:  # R21 R56
    numbers = await story.register_all(story.at("mon", "10:00"), {}, {}, {}, {})
    for number in numbers:
        await story.order(number, Take())
        release = "5.0" if number == numbers[-1] else "4.3"
        await story.order(number, AwaitRelease(release))
    await story.until(story.at("thu", "12:00"))

    woken = await story.publish("4.3")

    statuses = [story.ticket(number).status for number in numbers]
    letters = [letter for letter in story.mailbox() if "Вышло обновление" in letter.subject]
    assert woken == tuple(numbers[:3])
    assert statuses == [*[Status.IN_DIAGNOSIS] * 3, Status.AWAITING_RELEASE]
    assert len(letters) == 3
    assert all("4.3" in letter.text for letter in letters)


async def test_a_release_published_at_night_wakes_at_once_and_writes_in_the_morning(
    story: Story,
) -> None:  # R45 R56
    number = await handed_off(story)
    text = story.text(number, "Исправлено.", DEVELOPMENT)
    command = ReturnFromDevelopment(Outcome.FIXED_IN_RELEASE, text, "4.3")
    await story.order(number, command, DEVELOPMENT)
    await story.until(story.at("tue", "23:00"))

    await story.publish("4.3")
    at_night = (story.ticket(number).status, story.letters(number)["5/released"]["state"])
    await story.until(story.at("wed", "9:00:05"))

    assert at_night == (Status.IN_DIAGNOSIS, LetterState.WAITING)
    assert story.letters(number)["5/released"]["state"] == LetterState.ACCEPTED


async def test_a_ticket_that_begins_to_wait_for_what_is_out_does_not_wait(
    story: Story,
) -> None:  # R56
    number = await story.register(story.at("mon", "10:00"))
    await story.order(number, Take())
    await story.publish("4.3")

    await story.order(number, AwaitRelease("4.3"))

    assert story.ticket(number).status is Status.IN_DIAGNOSIS
    assert story.kinds(number)[-2:] == ["release_awaited", "release_published"]
