"""Which letters keep the window, which are automatic, and what a stranger may read."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.letters import (
    AttachedFile,
    ConfirmationTiming,
    Language,
    LetterFacts,
    LetterKind,
    Links,
    for_recipient,
    form_of_address,
    is_automatic,
    is_internal,
    keeps_window,
    may_be_held_back,
    message_key,
)

RECEIVED_AT = datetime(2026, 11, 20, 17, 14, tzinfo=UTC)
ALWAYS_IN_WINDOW = [
    kind for kind in LetterKind if kind not in {LetterKind.CONFIRMATION, LetterKind.CRITICAL_ALERT}
]


def facts_of_a_stranger() -> LetterFacts:
    return LetterFacts(
        number="PS-000124",
        language=Language.RU,
        received_at=RECEIVED_AT,
        accepted_at=RECEIVED_AT + timedelta(days=2),
        name="Buy now",
        subject="Cheap watches",
        description="Visit us",
        product_version="5.14",
        criticality="critical",
        files=(AttachedFile(name="offer.png", size_bytes=10),),
        links=Links(ticket_page="https://desk.example/t/1", documentation="https://doc.example"),
    )


@pytest.mark.parametrize("timing", ConfirmationTiming)
@pytest.mark.parametrize("kind", ALWAYS_IN_WINDOW)
def test_every_letter_to_a_client_but_the_confirmation_waits_for_working_time(
    kind: LetterKind, timing: ConfirmationTiming
) -> None:  # R45
    assert keeps_window(kind, timing)


def test_the_setting_decides_when_a_confirmation_leaves() -> None:  # R33 Q3
    assert not keeps_window(LetterKind.CONFIRMATION, ConfirmationTiming.AT_ONCE)
    assert keeps_window(LetterKind.CONFIRMATION, ConfirmationTiming.IN_WORKING_TIME)


@pytest.mark.parametrize("timing", ConfirmationTiming)
def test_the_alert_about_a_critical_ticket_reaches_staff_at_any_hour(
    timing: ConfirmationTiming,
) -> None:  # R50 Q5
    assert is_internal(LetterKind.CRITICAL_ALERT)
    assert not keeps_window(LetterKind.CRITICAL_ALERT, timing)


def test_only_the_alert_is_internal() -> None:
    assert [kind for kind in LetterKind if is_internal(kind)] == [LetterKind.CRITICAL_ALERT]


def test_letters_in_a_persons_own_words_are_not_automatic() -> None:
    by_a_person = {
        *(LetterKind.QUESTION, LetterKind.ANSWER, LetterKind.CLOSING),
        *(LetterKind.DEVELOPMENT_OUTCOME, LetterKind.AWAITING_RELEASE),
    }

    assert not any(is_automatic(kind) or may_be_held_back(kind) for kind in by_a_person)


def test_one_cause_names_one_letter() -> None:
    first = message_key("PS-000124", 3, LetterKind.ANSWER)

    assert first == message_key("PS-000124", 3, LetterKind.ANSWER)
    assert len(
        {
            first,
            message_key("PS-000125", 3, LetterKind.ANSWER),
            message_key("PS-000124", 4, LetterKind.ANSWER),
            message_key("PS-000124", 3, LetterKind.QUESTION),
        }
    ) == len(["the first", "another ticket", "another event", "another kind"])


def test_an_unverified_address_gets_nothing_that_the_sender_wrote() -> None:  # R32 Q12
    shown = for_recipient(LetterKind.CONFIRMATION, facts_of_a_stranger())

    assert (shown.name, shown.subject, shown.description, shown.files) == ("", "", "", ())
    assert shown.matter == ""
    assert (shown.product_version, shown.criticality, shown.links.ticket_page) == ("", "", "")
    assert shown.links.documentation == "https://doc.example"


def test_staff_see_in_an_alert_what_an_unverified_sender_wrote() -> None:  # R39 Q5
    facts = facts_of_a_stranger()

    assert for_recipient(LetterKind.CRITICAL_ALERT, facts) is facts


def test_facts_tell_whether_a_request_came_in_working_time() -> None:  # R44 Q2
    at_night = facts_of_a_stranger()
    by_day = LetterFacts(
        number="PS-000125",
        language=Language.RU,
        received_at=RECEIVED_AT,
        accepted_at=RECEIVED_AT,
    )

    assert not at_night.is_received_in_working_time
    assert by_day.is_received_in_working_time


def test_only_pictures_in_other_formats_are_asked_for_again() -> None:  # R42 Q14
    good = AttachedFile(name="a.png", size_bytes=1, is_picture=True)
    other = AttachedFile(name="b.bmp", size_bytes=1, is_picture=True, is_accepted_format=False)
    table = AttachedFile(name="c.xlsx", size_bytes=1, is_accepted_format=False)
    facts = LetterFacts(
        number="PS-000125",
        language=Language.RU,
        received_at=RECEIVED_AT,
        accepted_at=RECEIVED_AT,
        files=(good, other, table),
    )

    assert facts.pictures_to_convert == (other,)


def test_facts_with_a_moment_of_no_time_zone_are_refused() -> None:
    naive = datetime(2026, 11, 20, 17)  # noqa: DTZ001 - the naive moment is the point

    with pytest.raises(ValueError, match="time zone"):
        LetterFacts(
            number="PS-000125", language=Language.RU, received_at=RECEIVED_AT, accepted_at=naive
        )


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Ветрова Анна Сергеевна", "Анна Сергеевна"),
        ("Дубов Олег Ильич", "Олег Ильич"),
        ("Анна Сергеевна", "Анна Сергеевна"),
        ("Anna Maria Smith", "Anna Maria Smith"),
        ("ООО Северный двор", "ООО Северный двор"),
    ],
)
def test_full_name_is_addressed_by_name_and_patronymic(name: str, address: str) -> None:
    assert form_of_address(name) == address
