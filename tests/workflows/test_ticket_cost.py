"""What a plain life costs: events of history, billable actions, statements to the register.

Confirmed, taken, asked, reminded once, answered by the client, answered, closed (§6). The figures
are exact: one that goes up was made dearer by a change, one that goes down is to be written here.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from deploy.local.story import Story
from domain.commands import Answer, AskClient, Close, Take
from domain.terms import Status

OF_THE_VIRTUAL_CLOCK = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED,
}
BILLED = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: "start",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: "update",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: "signal",
    EventType.EVENT_TYPE_TIMER_STARTED: "timer",
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: "upsert",
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: "activity",
}
MOST_EVENTS = 60
# Left out is what depends on the clock: the relay's looks, the rules read again each second.
STATEMENTS = {
    "WITH given AS": "register",
    "WITH message AS": "keep a client's message",
    "INSERT INTO messages": "keep words of staff",
    "WITH moved AS": "record",
    "SELECT requests.number, requests.kind": "read the case file",
    "UPDATE letters SET state": "mark a letter",
}


async def plain_life(story: Story) -> str:
    """Live the whole life of a ticket; return its number."""
    number = await story.register(story.at("mon", "10:00"))
    await story.until(story.at("mon", "11:00"))
    await story.order(number, Take())
    await story.order(number, AskClient(story.text(number, "Какая версия?")))
    await story.until(story.at("thu", "10:00"))
    await story.client_writes(number, "Версия 4.2")
    await story.order(number, Answer(story.text(number, "Обновите до 4.3.")))
    await story.order(number, Close(story.text(number, "Отчёт открывается.")))
    assert story.ticket(number).status is Status.CLOSED
    return number


async def history(story: Story, number: str) -> list[HistoryEvent]:
    fetched = await story.world.ticket(number).fetch_history()
    return [one for one in fetched.events if one.event_type not in OF_THE_VIRTUAL_CLOCK]


def billed(events: list[HistoryEvent]) -> Counter[str]:
    """Count actions; the local activities of one workflow task are one together."""
    actions = Counter(BILLED[one.event_type] for one in events if one.event_type in BILLED)
    markers = [one.marker_recorded_event_attributes for one in events]
    tasks = {one.workflow_task_completed_event_id for one in markers if one.marker_name}
    actions["local activities"] = len(tasks)
    return actions


@contextmanager
def listening() -> Iterator[Counter[str]]:
    """Count the statements of a ticket's life by name."""
    heard: Counter[str] = Counter()

    def hear(_: object, __: object, statement: str, *___: object) -> None:
        told = " ".join(statement.split())
        heard.update(name for begins, name in STATEMENTS.items() if told.startswith(begins))

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


async def test_a_plain_life_is_a_short_history(story: Story) -> None:
    number = await plain_life(story)

    assert len(await history(story, number)) <= MOST_EVENTS


async def test_a_plain_life_costs_so_many_actions(story: Story) -> None:
    number = await plain_life(story)

    actions = billed(await history(story, number))

    assert actions == {
        "start": 1,
        "update": 4,  # take, ask, answer, close
        "signal": 1,
        "timer": 2,  # of the first and, in vain, of the second reminder
        "upsert": 4,  # in diagnosis, awaiting the client, in diagnosis, closed
        "local activities": 7,  # at the start and after each of the six things that happen
    }
    assert actions.total() == 19


async def test_a_plain_life_asks_the_register_so_often(story: Story) -> None:
    with listening() as heard:
        await plain_life(story)

    assert heard == {
        "register": 1,
        "keep a client's message": 1,
        "keep words of staff": 3,
        "record": 8,
        "read the case file": 5,
        "mark a letter": 5,
    }
