"""One cause, one letter: whatever happens on the line, it leaves once, with the same bytes.

R33, R45, R46; laws 2, 3 and 4. RFC 5321 4.2.1 (codes), 4.5.4 (retries).
"""

from datetime import timedelta

import pytest
from sqlalchemy import insert, text

from deploy.local.delivery import DROP, Delivery, Stage
from deploy.local.story import ANNA, Story
from domain.commands import Answer, AskClient, Take
from domain.terms import LetterState
from storage import review_items
from storage.mail_tables import bounced_addresses

A_MINUTE = timedelta(minutes=1)


class Fault:
    """A fault that strikes so many times at a stage and remembers what it saw."""

    def __init__(self, stage: Stage, answer: str, times: int = 1) -> None:
        """Answer so at that stage, that many times."""
        self.stage, self.answer, self.left = stage, answer, times
        self.seen: list[bytes] = []

    def __call__(self, delivery: Delivery) -> str | None:
        """Strike, or let the delivery go on."""
        if delivery.stage is not self.stage:
            return None
        self.seen.append(delivery.raw)
        self.left -= 1
        return self.answer if self.left >= 0 else None


def lease_runs_out(story: Story) -> None:
    """Let the register believe that the last try began long ago."""
    with story.world.database.transaction() as connection:
        connection.execute(text("UPDATE letters SET tried_at = tried_at - interval '1 minute'"))


def confirmation(story: Story, number: str) -> tuple[LetterState, str]:
    row = story.letters(number)["1/confirmation"]
    return LetterState(row["state"]), row["reason"]


async def test_a_letter_refused_for_now_is_sent_again_with_the_same_bytes(
    story: Story,
) -> None:  # R33 R46
    fault = Fault(Stage.LETTER, "451 4.3.0 Try again later", times=3)
    story.world.office.disturb(fault)
    at = story.at("mon", "10:00")
    number = await story.register(at)

    before = confirmation(story, number)
    await story.until(at + timedelta(minutes=20))

    assert before == (LetterState.PREPARED, "451 4.3.0 Try again later")
    assert confirmation(story, number)[0] is LetterState.ACCEPTED
    assert len(story.mailbox()) == 1
    assert len(fault.seen) == 4
    assert len(set(fault.seen)) == 1


async def test_a_letter_is_tried_again_at_the_moment_that_the_ticket_shows(
    story: Story,
) -> None:  # R46
    story.world.office.disturb(Fault(Stage.RECIPIENT, "450 4.2.0 Greylisted", times=2))
    at = story.at("mon", "10:00")
    number = await story.register(at)
    await story.until(at + A_MINUTE)

    shown = story.letters(number)["1/confirmation"]
    await story.until(at + 5 * A_MINUTE)

    sent = story.letters(number)["1/confirmation"]
    assert (shown["state"], shown["attempts"]) == (LetterState.PREPARED, 2)
    assert shown["next_try_at"] <= sent["accepted_at"]
    assert sent["accepted_at"] - shown["next_try_at"] < timedelta(seconds=2)
    assert (sent["attempts"], sent["next_try_at"]) == (3, None)


async def test_each_wait_for_a_server_that_refuses_is_longer_than_the_one_before(
    story: Story,
) -> None:  # R46
    fault = Fault(Stage.RECIPIENT, "450 4.2.0 Greylisted", times=1_000)
    story.world.office.disturb(fault)
    at = story.at("mon", "10:00")
    number = await story.register(at)
    tries = []

    for hours in (1, 8, 24):
        await story.until(at + timedelta(hours=hours))
        tries.append(story.letters(number)["1/confirmation"]["attempts"])

    assert tries[0] < 12
    assert tries[2] - tries[1] <= 5
    assert confirmation(story, number)[0] is LetterState.PREPARED


async def test_a_letter_refused_for_good_is_on_the_ticket_and_before_a_person(
    story: Story,
) -> None:  # R33 R46
    story.world.office.disturb(Fault(Stage.RECIPIENT, "550 5.1.1 No such user", times=1_000))

    number = await story.register(story.at("mon", "10:00"))

    with story.world.database.transaction() as connection:
        [task] = review_items.list_open(connection)
    assert confirmation(story, number) == (LetterState.FAILED, "550 5.1.1 No such user")
    assert story.kinds(number) == ["registered", "letter_failed"]
    assert story.ticket(number).review_due
    assert (task.kind, task.number) == ("undeliverable", number)


async def test_a_letter_kept_by_the_server_is_found_in_the_journal_and_not_sent_twice(
    story: Story,
) -> None:  # R33
    fault = Fault(Stage.KEPT, DROP)
    story.world.office.disturb(fault)
    at = story.at("mon", "10:00")
    number = await story.register(at)

    unclear = confirmation(story, number)[0]
    lease_runs_out(story)
    await story.until(at + A_MINUTE)

    assert unclear is LetterState.SENDING
    assert confirmation(story, number) == (LetterState.ACCEPTED, "найдено в журнале")
    assert len(story.mailbox()) == 1
    assert len(fault.seen) == 1


async def test_a_letter_lost_on_the_line_is_sent_again_with_the_same_bytes(
    story: Story,
) -> None:  # R33
    fault = Fault(Stage.LETTER, DROP)
    story.world.office.disturb(fault)
    at = story.at("mon", "10:00")
    number = await story.register(at)

    lease_runs_out(story)
    await story.until(at + A_MINUTE)

    assert confirmation(story, number)[0] is LetterState.ACCEPTED
    assert len(story.mailbox()) == 1
    assert len(fault.seen) == 2
    assert len(set(fault.seen)) == 1


@pytest.mark.parametrize("stage", [Stage.KEPT, Stage.LETTER])
async def test_a_worker_that_dies_between_the_post_and_its_mark_leaves_one_letter(
    story: Story, stage: Stage
) -> None:  # R33
    story.world.office.disturb(Fault(stage, DROP))
    at = story.at("mon", "10:00")
    number = await story.register(at)
    lease_runs_out(story)

    await story.world.ticket(number).signal("roll")  # another worker knows the row only
    await story.until(at + A_MINUTE)

    assert confirmation(story, number)[0] is LetterState.ACCEPTED
    assert len(story.mailbox()) == 1


async def test_a_try_that_may_still_be_under_way_is_left_alone(story: Story) -> None:  # R33
    story.world.office.disturb(Fault(Stage.KEPT, DROP))
    at = story.at("mon", "10:00")
    number = await story.register(at)

    await story.until(at + A_MINUTE)

    assert confirmation(story, number)[0] is LetterState.SENDING
    assert len(story.mailbox()) == 1


async def test_a_letter_that_could_not_leave_by_six_waits_for_the_morning(
    story: Story,
) -> None:  # R45
    number = await story.register(story.at("fri", "10:00"))
    await story.order(number, Take())
    await story.until(story.at("fri", "17:50"))
    story.world.office.disturb(Fault(Stage.LETTER, "451 4.3.0 Try again later", times=5))
    await story.order(number, Answer(story.text(number, "Обновите до 4.3.")))

    await story.until(story.at("fri", "20:00"))
    evening = story.letters(number)["3/answer"]
    await story.until(story.at("mon+1", "9:00:10"))

    sent = story.letters(number)["3/answer"]
    assert (evening["state"], evening["leaves_at"]) == (
        LetterState.WAITING,
        story.at("mon+1", "9:00"),
    )
    assert sent["state"] == LetterState.ACCEPTED
    assert sent["accepted_at"] >= story.at("mon+1", "9:00")


async def test_a_ticket_goes_on_while_a_letter_of_its_cannot_leave(story: Story) -> None:  # R46
    story.world.office.disturb(Fault(Stage.LETTER, "451 4.3.0 Try again later", times=1_000))
    number = await story.register(story.at("mon", "10:00"))

    await story.order(number, Take())

    assert story.kinds(number) == ["registered", "taken"]
    assert story.mailbox(ANNA) == []


@pytest.mark.parametrize("address", ["анна@почта.рф", "anna@[192.0.2.1]", "anna@sever_yug.example"])
async def test_a_client_whose_address_no_letter_can_bear_is_written_to_by_post(
    story: Story, address: str
) -> None:  # R33 Q9
    number = await story.register(story.at("mon", "10:00"), sender=address)

    with story.world.database.transaction() as connection:
        [task] = review_items.list_open(connection)
    state, reason = confirmation(story, number)
    assert story.kinds(number) == ["registered"]
    assert (state, task.kind) == (LetterState.TO_POST, "to_post")
    assert reason.startswith("на такой адрес")


async def test_to_an_address_that_bounces_only_what_people_write_is_sent(
    story: Story,
) -> None:  # R33
    number = await story.register(story.at("mon", "10:00"))
    bounced = {"address": ANNA, "status": "5.1.1", "letter": "x", "bounced_at": story.at("mon")}
    with story.world.database.transaction() as connection:
        connection.execute(insert(bounced_addresses).values(bounced))
    await story.order(number, Take())

    await story.order(number, AskClient(story.text(number, "Какая версия?")))
    await story.until(story.at("fri", "17:00"))
    another = await story.register(story.at("fri", "17:30"), sender=ANNA.upper())

    by_kind = {key.split("/")[1]: row for key, row in story.letters(number).items()}
    assert by_kind["question"]["state"] == LetterState.ACCEPTED
    assert by_kind["reminder"]["state"] == LetterState.WITHHELD
    assert by_kind["reminder"]["reason"].startswith("письма на этот адрес возвращаются")
    assert confirmation(story, another)[0] is LetterState.WITHHELD


@pytest.mark.parametrize("is_hard", [True, False])
async def test_a_letter_that_came_back_asks_for_a_look_when_it_came_back_for_good(
    story: Story, *, is_hard: bool
) -> None:  # R33 R63
    number = await story.register(story.at("mon", "10:00"))
    bounce = {"letter": f"{number}/1/confirmation", "is_hard": is_hard, "key": "bounce-1"}

    for _ in range(2):
        await story.world.ticket(number).signal("letter_bounced", bounce)
        await story.world.settle()

    assert story.kinds(number) == ["registered", "letter_bounced"]
    assert story.ticket(number).review_due is is_hard
