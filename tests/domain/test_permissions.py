"""Which command is allowed when and by whom; each refusal names its rule and its way out.

R5, R19, R27, R40, R49, R50, R53, R54, R60, R63-R65; law 10.
"""

from datetime import UTC, datetime

import pytest

from domain import commands
from domain.commands import Close, HandOff, Identify, ReturnFromDevelopment, Serve, Take
from domain.permissions import CARRIED_OUT, PERMISSIONS, Refused, carry_out, permit
from domain.terms import Actor, Ground, Outcome, Role, Status
from domain.ticket import Ticket

AT = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)
SPECIALIST = Actor(Role.SPECIALIST, "7")


def test_every_command_has_its_permission_and_its_event() -> None:
    known = set(commands.TicketCommand.__args__)

    assert known == set(PERMISSIONS) == set(CARRIED_OUT)


@pytest.mark.parametrize("role", [Role.OPERATIONS, Role.SYSTEM])
@pytest.mark.parametrize("status", Status)
def test_neither_operations_nor_the_machine_command_tickets(role: Role, status: Status) -> None:
    ticket = Ticket("PS-000001", status=status)

    for permission in PERMISSIONS.values():
        assert role not in permission.roles
    with pytest.raises(Refused):
        permit(ticket, Take(), Actor(role))


@pytest.mark.parametrize("status", [one for one in Status if one is not Status.IN_QUEUE])
def test_only_what_waits_in_the_queue_is_taken(status: Status) -> None:  # R49
    with pytest.raises(Refused) as refused:
        permit(Ticket("PS-000001", status=status), Take(), SPECIALIST)

    assert (refused.value.code, refused.value.rule) == ("state", "R49")
    assert "in_queue" in refused.value.reason


def test_a_specialist_does_not_speak_for_development() -> None:  # R48
    ticket = Ticket("PS-000001", status=Status.IN_DEVELOPMENT)

    with pytest.raises(Refused) as refused:
        permit(ticket, ReturnFromDevelopment(Outcome.DECLINED, 1), SPECIALIST)

    assert refused.value.code == "role"


def test_a_fix_in_a_release_names_the_release() -> None:  # R56
    ticket = Ticket("PS-000001", status=Status.IN_DEVELOPMENT)
    command = ReturnFromDevelopment(Outcome.FIXED_IN_RELEASE, 1)

    with pytest.raises(Refused) as refused:
        permit(ticket, command, Actor(Role.DEVELOPMENT))

    assert (refused.value.code, refused.value.rule) == ("release", "R56")


@pytest.mark.parametrize("status", [Status.REGISTERED, Status.IN_QUEUE, Status.IN_DEVELOPMENT])
def test_nothing_is_closed_as_solved_before_the_work(status: Status) -> None:  # R63
    with pytest.raises(Refused) as refused:
        permit(Ticket("PS-000001", status=status), Close(1, Ground.SOLVED), SPECIALIST)

    assert refused.value.code == "ground"


def test_serving_needs_something_to_decide() -> None:  # Q13
    with pytest.raises(Refused):
        permit(Ticket("PS-000001", status=Status.IN_QUEUE, entitled=True), Serve(1), SPECIALIST)


@pytest.mark.parametrize("client", ["", "a client", "-1", "٣", "9" * 30])
def test_a_sender_is_identified_by_the_registers_number(client: str) -> None:  # Q12
    ticket = Ticket("PS-000001", status=Status.IDENTIFICATION)

    with pytest.raises(Refused) as refused:
        permit(ticket, Identify(client, entitled=True), SPECIALIST)

    assert refused.value.rule == "Q12"


def test_a_joined_ticket_takes_only_notes_and_its_undoing() -> None:  # R6
    ticket = Ticket("PS-000001", status=Status.IN_DIAGNOSIS, merged_into="PS-000002")

    with pytest.raises(Refused) as refused:
        permit(ticket, HandOff(1), SPECIALIST)
    [event] = carry_out(ticket, commands.Unmerge(1), SPECIALIST, AT)

    assert refused.value.code == "merged"
    assert event.kind == "unmerged"


def test_what_is_carried_out_says_who_and_when() -> None:  # R5
    [event] = carry_out(Ticket("PS-000001", status=Status.IN_QUEUE), Take(), SPECIALIST, AT)

    assert (event.kind, event.at, event.by) == ("taken", AT, "specialist:7")
