"""What the register adds to the body of a command before the process is asked.

Carries out R5, R6, R49, R56, Q12: whom a login means, whose turn it is, what is published.
"""

from collections.abc import Callable, Mapping
from typing import Any

from domain import commands
from domain.calendar import MOSCOW
from domain.commands import TicketCommand
from domain.terms import Status
from gateway.pages.translation import _
from gateway.parts import Parts
from gateway.problems import Flaw, Problem, invalid
from gateway.refusals import clause
from gateway.sight import Row
from storage import people, releases, tickets
from storage.database import Connection

Values = dict[str, Any]


def _identify(connection: Connection, parts: Parts, __: Row, values: Values) -> Values:
    on = parts.clock().astimezone(MOSCOW).date()
    person = people.find_user_by_login(connection, values["login"], on)
    if person is None:
        raise invalid(Flaw(field="login", reason=_("такого логина нет")))
    return {"client": str(person.client_id), "entitled": person.is_supported}


def _take(connection: Connection, _: Parts, row: Row, values: Values) -> Values:
    is_waiting = row["status"] == Status.IN_QUEUE
    if not is_waiting or tickets.is_first(connection, row["number"]):
        return {}
    if not values["reason"]:
        raise _out_of_turn(str(tickets.queue(connection, limit=1)[0]["number"]))
    return {"text": values["reason"]}


def _assign(connection: Connection, __: Parts, ___: Row, values: Values) -> Values:
    member = people.find_staff(connection, values["specialist"])
    if member is None:
        raise invalid(Flaw(field="specialist", reason=_("такого специалиста нет")))
    return {"specialist": str(member.id)}


def _return(connection: Connection, _: Parts, __: Row, values: Values) -> Values:
    release = values["release"]
    is_published = bool(release) and releases.is_published(connection, release)
    return {**values, "is_published": is_published}


def _merge(connection: Connection, __: Parts, row: Row, values: Values) -> Values:
    into = tickets.find_row(connection, values["into"])
    if into is None or into["number"] == row["number"]:
        raise invalid(Flaw(field="into", reason=_("нужен номер другой заявки")))
    if into["client_id"] != row["client_id"]:
        raise invalid(Flaw(field="into", reason=_("это заявка другого клиента")))
    return values


def _out_of_turn(first: str) -> Problem:
    detail = _("Первой в очереди стоит заявка {first}.").format(first=first)
    way_out = _("Возьмите её или назовите причину, по которой эта заявка раньше.")
    flaw = Flaw(field="reason", reason=_("Назовите причину, по которой эта заявка раньше."))
    cited = clause("R49")
    return Problem(409, "out_of_turn", detail, way_out, errors=[flaw], clause=cited, first=first)


COMPLETED: Mapping[type[TicketCommand], Callable[[Connection, Parts, Row, Values], Values]] = {
    commands.Identify: _identify,
    commands.Take: _take,
    commands.Assign: _assign,
    commands.ReturnFromDevelopment: _return,
    commands.Merge: _merge,
}
