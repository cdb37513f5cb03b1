"""Where letters belong: R28, R29, R33, R64, Q8, Q12."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.filing import (
    MOST_A_DAY,
    ONE_DAY,
    SPACING,
    Filing,
    LetterFacts,
    Place,
    Reason,
    confirm_at,
    file_letter,
    is_only_thanks,
)

AT = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
OURS = "PS-000124"


def every_combination() -> list[LetterFacts]:
    tickets = product((None, OURS), (None, OURS), (None, "PS-000007"))
    switches = product((False, True), repeat=8)
    return [
        LetterFacts(
            signed_ticket=signed,
            bounce_ticket=lost,
            suggested_ticket=suggested,
            sender_trusted=trusted,
            sender_participates=member,
            ticket_closed=closed,
            is_automatic=automatic,
            is_bounce=bounce,
            is_own_mail=own,
            is_only_thanks=thanks,
            is_unreadable=unreadable,
        )
        for (signed, lost, suggested), (
            trusted,
            member,
            closed,
            automatic,
            bounce,
            own,
            thanks,
            unreadable,
        ) in product(tickets, switches)
    ]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (
            LetterFacts(is_bounce=True, is_bounce_of_ours=True),
            Filing(Place.KEEP_BOUNCE, Reason.BOUNCE_OF_OURS),
        ),
        (LetterFacts(), Filing(Place.NEW_TICKET, Reason.NEW_MATTER, confirms=True)),
        (
            LetterFacts(suggested_ticket=OURS, sender_participates=True),
            Filing(Place.NEW_TICKET, Reason.BARE_NUMBER_ONLY, possible_link=OURS, confirms=True),
        ),
        (LetterFacts(is_automatic=True), Filing(Place.NEW_TICKET, Reason.AUTOMATIC)),
        (
            LetterFacts(signed_ticket=OURS, sender_participates=True),
            Filing(Place.APPEND, Reason.SIGNED_AND_KNOWN, OURS),
        ),
        (
            LetterFacts(signed_ticket=OURS, sender_participates=True, is_only_thanks=True),
            Filing(Place.APPEND, Reason.SIGNED_AND_KNOWN, OURS),
        ),
        (
            LetterFacts(signed_ticket=OURS),
            Filing(Place.APPEND_AS_THIRD_PERSON, Reason.SIGNED_BUT_STRANGER, OURS),
        ),
        (
            LetterFacts(signed_ticket=OURS, ticket_closed=True),
            Filing(Place.APPEND_AS_THIRD_PERSON, Reason.SIGNED_BUT_STRANGER, OURS),
        ),
        (
            LetterFacts(signed_ticket=OURS, sender_participates=True, sender_trusted=False),
            Filing(Place.APPEND_AS_THIRD_PERSON, Reason.SIGNED_BUT_SENDER_UNCLEAR, OURS),
        ),
        (
            LetterFacts(signed_ticket=OURS, sender_participates=True, is_automatic=True),
            Filing(Place.KEEP_AUTOMATIC, Reason.AUTOMATIC, OURS),
        ),
        (
            LetterFacts(signed_ticket=OURS, sender_participates=True, ticket_closed=True),
            Filing(Place.FOLLOW_UP, Reason.REPLY_TO_CLOSED, OURS, confirms=True),
        ),
        (
            LetterFacts(OURS, sender_participates=True, ticket_closed=True, is_only_thanks=True),
            Filing(Place.HOLD_THANKS, Reason.ONLY_THANKS, OURS),
        ),
        (
            LetterFacts(is_bounce=True, bounce_ticket=OURS),
            Filing(Place.ATTACH_BOUNCE, Reason.BOUNCE_OF_OURS, OURS),
        ),
        (LetterFacts(is_bounce=True), Filing(Place.KEEP_BOUNCE, Reason.BOUNCE_OF_UNKNOWN)),
        (LetterFacts(is_own_mail=True), Filing(Place.KEEP_OWN, Reason.OWN_MAIL)),
        (LetterFacts(is_unreadable=True), Filing(Place.KEEP_UNREADABLE, Reason.UNREADABLE)),
    ],
)
def test_a_letter_goes_where_the_table_says(facts: LetterFacts, expected: Filing) -> None:
    # R28 R29 R64 Q8
    assert file_letter(facts) == expected


def test_only_a_known_sender_with_a_signed_id_speaks_as_a_participant() -> None:
    places = {Place.APPEND, Place.FOLLOW_UP}
    speaking = [facts for facts in every_combination() if file_letter(facts).place in places]

    assert speaking
    assert all(f.signed_ticket and f.sender_participates and f.sender_trusted for f in speaking)


def test_a_bare_number_is_never_more_than_a_suggestion() -> None:
    unsigned = [f for f in every_combination() if not f.signed_ticket and not f.is_bounce]

    assert all(file_letter(facts).ticket is None for facts in unsigned)


def test_nothing_automatic_bounced_or_ours_is_ever_confirmed() -> None:  # R33
    silent = [f for f in every_combination() if f.is_automatic or f.is_bounce or f.is_own_mail]

    assert not any(file_letter(facts).confirms for facts in silent)


def test_bounces_and_our_own_letters_never_open_a_ticket() -> None:
    opening = {Place.NEW_TICKET, Place.FOLLOW_UP}

    assert not any(
        file_letter(facts).place in opening
        for facts in every_combination()
        if facts.is_bounce or facts.is_own_mail
    )


@pytest.mark.parametrize(
    "text",
    [
        "Спасибо!",
        "Большое спасибо за помощь, всё работает.",
        "Добрый день!\n\nБлагодарю за быстрый ответ.\n\nС уважением,\nАнна Сергеевна Кузнецова",
        "Thank you very much!",
        "Thanks again, works now",
        "Отлично, спасибо)",
    ],
)
def test_mere_thanks_are_known_as_thanks(text: str) -> None:  # Q8
    assert is_only_thanks(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Добрый день!",
        "Спасибо, но отчёт всё ещё не открывается.",
        "Спасибо. А когда выйдет новая версия?",
        "Спасибо, теперь нужна выгрузка в Excel",
        "Thanks, but it still fails",
        "Thank you. It does not work.",
        "Спасибо! Ошибка 500 вернулась.",
        "Работает",
    ],
)
def test_anything_more_than_thanks_is_a_matter(text: str) -> None:  # R64 Q8
    assert not is_only_thanks(text)


def test_the_first_confirmation_to_an_address_leaves_at_once() -> None:  # R33
    assert confirm_at(AT, ()) == AT


@given(st.lists(st.timedeltas(timedelta(0), 3 * ONE_DAY), max_size=40))
def test_confirmations_to_an_address_keep_their_distance_and_their_measure(
    pauses: list[timedelta],
) -> None:  # R33
    at, departures = AT, list[datetime]()

    for pause in pauses:
        at += pause
        if leaves_at := confirm_at(at, departures):
            assert leaves_at >= at
            departures.append(leaves_at)

    assert all(later - earlier >= SPACING for earlier, later in pairwise(departures))
    past_the_measure = zip(departures, departures[MOST_A_DAY:], strict=False)
    assert all(sixth - first >= ONE_DAY for first, sixth in past_the_measure)


@given(st.integers(MOST_A_DAY, 1000))
def test_past_the_days_measure_none_leaves(count: int) -> None:  # R33
    assert confirm_at(AT, [AT] * count) is None
