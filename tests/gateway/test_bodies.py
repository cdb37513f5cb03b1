"""What a command is told is checked at the door: categories are those of the catalogue of scope."""

import pytest
from pydantic import ValidationError

from domain.scope import CATALOGUE, INSIDE, OUTSIDE
from domain.terms import TicketKind
from gateway.bodies import Classification, OutOfScope
from tests.gateway.conftest import Api

WORDS = "Обратитесь, пожалуйста, к разработчику почты."


def test_what_is_outside_support_is_named_by_the_catalogue() -> None:  # R10 R23-R26 R58
    for entry in OUTSIDE:
        assert OutOfScope(category=entry.code, text=WORDS).category == entry.code


def test_what_support_does_is_never_outside_it() -> None:  # R14-R22
    for entry in INSIDE:
        with pytest.raises(ValidationError):
            OutOfScope(category=entry.code, text=WORDS)


def test_a_ticket_is_classified_by_the_whole_catalogue_or_by_its_kind_alone() -> None:  # R6
    for code in ("", *(entry.code for entry in CATALOGUE)):
        assert Classification(ticket_kind=TicketKind.QUESTION, category=code).category == code


async def test_an_unknown_category_is_refused_with_those_that_there_are(api: Api) -> None:
    number = await api.file()  # R58, law 10
    address = f"/api/tickets/{number}/commands/mark_out_of_scope"

    response = await api.post("sveta", address, json={"category": "weather", "text": WORDS})

    (error,) = response.json()["errors"]
    assert (response.status_code, error["field"]) == (422, "category")
    assert error["reason"].startswith("допустимо только: third_party")
