"""What a request is still asked for, by its channel and its kind (R26-R43)."""

import pytest

from domain.intake import (
    CONTACTS,
    OF_A_PROBLEM,
    OF_A_QUESTION,
    RULES,
    Field,
    Request,
    Requisite,
    is_accepted_picture,
    missing,
    unmet_requisites,
)
from domain.terms import Channel, TicketKind

OTHER_CHANNELS = sorted(set(Channel) - {Channel.EMAIL})
OTHER_KINDS = sorted(set(TicketKind) - {TicketKind.PROBLEM})


def test_a_problem_by_mail_that_tells_nothing_is_asked_for_everything() -> None:  # R34 R41 R43
    assert missing(Request(Channel.EMAIL)) == tuple(Field)


def test_what_is_asked_for_comes_in_the_order_of_the_regulation() -> None:  # R35 R36 R37 R38 R39
    asked = [int(RULES[field][1:]) for field in missing(Request(Channel.EMAIL))]

    assert asked == sorted(asked)
    assert set(asked) == {35, 36, 37, 38, 39, 41, 43}


@pytest.mark.parametrize("field", Field)
def test_what_was_told_is_not_asked_for_again(field: Field) -> None:  # R35 R36 R37 R38 R39 R43
    asked = missing(Request(Channel.EMAIL, told=frozenset({field})))

    assert asked == tuple(other for other in Field if other is not field)


@pytest.mark.parametrize("channel", Channel)
def test_a_whole_request_is_asked_for_nothing(channel: Channel) -> None:  # R28 R29 R30 R31
    assert missing(Request(channel, told=frozenset(Field))) == ()


@pytest.mark.parametrize("channel", OTHER_CHANNELS)
def test_only_a_letter_is_asked_for_pictures(channel: Channel) -> None:  # R41
    assert missing(Request(channel)) == (*OF_A_PROBLEM, *CONTACTS)


def test_a_letter_with_pictures_is_not_asked_for_more() -> None:  # R41
    assert Field.SCREENSHOTS not in missing(Request(Channel.EMAIL, has_pictures=True))


@pytest.mark.parametrize("kind", OTHER_KINDS)
@pytest.mark.parametrize("channel", Channel)
def test_only_a_problem_is_asked_how_it_occurs(
    channel: Channel, kind: TicketKind
) -> None:  # R6 R22 R26 R37 R38
    assert missing(Request(channel, kind)) == (*OF_A_QUESTION, *CONTACTS)


def test_a_paper_letter_with_every_requisite_counts() -> None:  # R31 R32
    assert unmet_requisites(frozenset(Requisite)) == ()


@pytest.mark.parametrize("lacking", Requisite)
def test_a_paper_letter_without_one_requisite_is_told_which(lacking: Requisite) -> None:  # R32
    assert unmet_requisites(frozenset(Requisite) - {lacking}) == (lacking,)


@pytest.mark.parametrize("content_type", ["image/jpeg", "image/gif", "image/png", "IMAGE/PNG"])
def test_jpg_gif_and_png_are_the_formats_of_a_picture(content_type: str) -> None:  # R42
    assert is_accepted_picture(content_type)


@pytest.mark.parametrize(
    "content_type", ["image/bmp", "image/svg+xml", "image/webp", "application/pdf", "image", ""]
)
def test_any_other_format_is_not(content_type: str) -> None:  # R42 Q14
    assert not is_accepted_picture(content_type)
