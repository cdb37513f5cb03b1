"""What tickets waited for others is measured by the calendar that each of them ran under."""

from datetime import date, timedelta

from domain.events import Answered, ClientAnswered, ClientAsked, ClosingBegan
from domain.occurrences import Closed
from domain.terms import Ground
from domain.ticket import fold
from storage import calendars, messages, tickets
from storage.tickets import Record
from tests.gateway.conftest import MONDAY, Api
from tests.gateway.test_ticket_page import Browser
from tests.gateway.test_tickets import registered, words

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)


def told(api: Api, number: str) -> None:
    """Let a client be asked on Monday at 11:30 and answer a day later, and close the ticket."""
    text = words(api, number, "Какая версия?")
    with api.parts.database.transaction() as connection:
        message = messages.list_for(connection, number)[0]["id"]
        version = calendars.current_version(connection)
        journal = (
            registered(api, number),
            ClientAsked(at=MONDAY, text=text),
            ClientAnswered(at=TUESDAY, message=message),
            Answered(at=WEDNESDAY, text=text),
            ClosingBegan(at=WEDNESDAY, ground=Ground.SOLVED, text=text),
            Closed(at=WEDNESDAY),
        )
        record = Record(fold(number, journal), journal, calendar_version=version)
        assert tickets.record(connection, record)


async def test_a_day_off_that_was_declared_later_takes_nothing_from_a_wait_that_was(
    api: Api,
) -> None:  # R44 R51 law 6
    number = await api.file()
    told(api, number)
    api.clock.set(WEDNESDAY + timedelta(hours=1))
    head, path = Browser(api, "head"), "/head/tickets?figure=waited&wait=client&from=2026-09-07"
    before = (await head.get(path)).text

    with api.parts.database.transaction() as connection:
        calendars.add_exception(connection, {date(2026, 9, 8): None}, "Переезд", "head:1")
    api.parts.rules(at_least=1_000)
    after = (await head.get(path)).text

    assert "9\N{NO-BREAK SPACE}ч\N{NO-BREAK SPACE}00" in before
    assert "9\N{NO-BREAK SPACE}ч\N{NO-BREAK SPACE}00" in after
