"""Five reasons let a solution wait; each has its letter, its rhythm and its way out.

R54-R59, Q7.
"""

from datetime import datetime

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from deploy.local.story import Story
from domain.commands import Close, Defer, MarkOutOfScope, Remind, Resume, Take
from domain.terms import DeferralReason, Status, Turn

REASONS = [
    (DeferralReason.INSUFFICIENT_INFORMATION, "Отложена, нужны сведения", "client_reminded", 5),
    (DeferralReason.DEVELOPMENT_NEEDED, "Отложена до диагностики", "review_fell_due", 10),
    (DeferralReason.REQUIREMENTS_VIOLATED, "Отложена из-за условий", "client_reminded", 5),
    (DeferralReason.OUT_OF_SCOPE, "Отложена, вопрос к другим", "review_fell_due", 10),
    (DeferralReason.ILL_POSED, "Отложена, уточните вопрос", "client_reminded", 5),
]


async def deferred(story: Story, reason: DeferralReason) -> str:
    """Return a ticket that was deferred on Monday at 11:00."""
    number = await story.register(story.at("mon", "10:00"))
    await story.order(number, Take())
    await story.until(story.at("mon", "11:00"))
    await story.order(number, Defer(reason, story.text(number, "Пришлите файл обмена.")))
    return number


@pytest.mark.parametrize(("reason", "subject", "rhythm", "days"), REASONS)
async def test_each_deferral_names_its_reason_and_comes_back_in_its_rhythm(
    story: Story, reason: DeferralReason, subject: str, rhythm: str, days: int
) -> None:  # R54 R55 R56 R57 R58 R59 Q7
    number = await deferred(story, reason)

    letter = story.mailbox()[-1]
    await story.until(story.at("fri+3"))

    repeated = [to_the_minute(event.at) for event in story.journal(number) if event.kind == rhythm]
    mondays = [story.at(f"mon+{week}", "11:00") for week in range(1, 4)]
    assert subject in letter.subject
    assert "Пришлите файл обмена." in letter.text
    assert story.ticket(number).deferral is reason
    assert repeated == mondays[days // 5 - 1 :: days // 5]


async def test_what_the_client_cannot_end_asks_the_specialist_and_leaves_the_client_in_peace(
    story: Story,
) -> None:  # R56
    number = await deferred(story, DeferralReason.DEVELOPMENT_NEEDED)

    await story.until(story.at("tue+2"))

    ticket = story.ticket(number)
    assert ticket.review_due
    assert ticket.turn is Turn.SUPPORT
    assert len(story.mailbox()) == 2


@pytest.mark.parametrize("reason", DeferralReason)
async def test_a_message_of_the_client_ends_any_deferral(
    story: Story, reason: DeferralReason
) -> None:  # R53 R55 R57 R59 Q7
    number = await deferred(story, reason)

    await story.client_writes(number, "Файл обмена во вложении")
    await story.until(story.at("fri+3"))

    ticket = story.ticket(number)
    assert (ticket.status, ticket.deferral) == (Status.IN_DIAGNOSIS, None)
    assert "client_reminded" not in story.kinds(number)
    assert "review_fell_due" not in story.kinds(number)


async def test_a_specialist_resumes_with_a_reason_and_may_close(story: Story) -> None:  # R53 R63
    number = await deferred(story, DeferralReason.OUT_OF_SCOPE)

    await story.order(number, Resume(story.text(number, "За вопросом стоит наша ошибка.")))
    resumed = story.ticket(number)
    await story.order(number, Close(story.text(number, "Ошибка исправлена.")))

    assert resumed.status is Status.IN_DIAGNOSIS
    assert resumed.review_due is False
    assert story.ticket(number).status is Status.CLOSED


async def test_what_is_outside_support_is_deferred_with_its_entry_of_the_catalogue(
    story: Story,
) -> None:  # R10 R58
    number = await story.register(story.at("mon", "10:00"))
    await story.order(number, Take())

    text = story.text(number, "Обратитесь к поставщику почты.")
    await story.order(number, MarkOutOfScope("third_party_mail", text))

    ticket = story.ticket(number)
    assert (ticket.deferral, ticket.category) == (DeferralReason.OUT_OF_SCOPE, "third_party_mail")
    assert "Обратитесь к поставщику почты." in story.mailbox()[-1].text


async def test_whoever_is_outside_support_reads_the_way_out_of_that_very_matter(
    story: Story,
) -> None:  # R25 R58
    number = await story.register(story.at("mon", "10:00"))
    await story.order(number, Take())

    text = story.text(number, "Код под отдельную задачу мы не переделываем.")
    await story.order(number, MarkOutOfScope("code_change", text))

    letter = " ".join(story.mailbox()[-1].text.split())
    assert "пришлите пожелание" in letter
    assert "разработчикам этой программы" not in letter


def to_the_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


async def test_nobody_is_reminded_of_what_we_owe_ourselves(story: Story) -> None:  # R56 Q6
    number = await story.register(story.at("mon", "10:00"))
    await story.order(number, Take())
    ground = story.text(number, "Нужна доработка.")
    await story.order(number, Defer(DeferralReason.DEVELOPMENT_NEEDED, ground))

    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await story.order(number, Remind())

    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == "deferral"
