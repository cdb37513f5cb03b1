"""Refusals in words: law 10, and where the regulation says so, for R1-R65."""

import re

import pytest

from domain import commands
from domain.commands import TicketCommand
from domain.permissions import Refused, permit
from domain.terms import Actor, Ground, Outcome, Role, Status
from domain.ticket import Ticket
from gateway.refusals import clause, reason

SPECIALIST = Actor(Role.SPECIALIST, "1")
HEAD = Actor(Role.HEAD, "2")
QUEUED = Ticket("PS-000001", Status.IN_QUEUE, client="1")
REFUSALS: tuple[tuple[str, TicketCommand, Ticket, Actor], ...] = (
    ("role", commands.ReplyToEscalation(1), QUEUED, SPECIALIST),
    ("state", commands.Answer(1), QUEUED, SPECIALIST),
    ("ground", commands.Close(1, Ground.SOLVED), QUEUED, SPECIALIST),
    ("merged", commands.Unmerge(1), QUEUED, SPECIALIST),
    ("entitled", commands.Serve(1), QUEUED, SPECIALIST),
    ("escalated", commands.ReplyToEscalation(1), QUEUED, HEAD),
    (
        "release",
        commands.ReturnFromDevelopment(Outcome.FIXED_IN_RELEASE, 1),
        Ticket("PS-000001", Status.IN_DEVELOPMENT, client="1"),
        HEAD,
    ),
)


@pytest.mark.parametrize(("code", "command", "ticket", "actor"), REFUSALS)
def test_each_refusal_of_the_domain_has_its_own_reason_in_russian(
    code: str, command: TicketCommand, ticket: Ticket, actor: Actor
) -> None:
    with pytest.raises(Refused) as refused:
        permit(ticket, command, actor)

    words = reason(refused.value.code, command, ticket)

    assert refused.value.code == code
    assert words != reason("unknown", command, ticket)
    assert not re.search("[A-Za-z]", words)


@pytest.mark.parametrize("number", range(1, 66))
def test_every_rule_is_found_in_the_regulation_by_words(number: int) -> None:
    assert re.fullmatch(r"термины и определения|пункт \d .+", clause(f"R{number}"))


def test_a_decision_that_the_text_is_silent_about_cites_nothing() -> None:  # Q1
    assert not clause("Q1")
