"""A Message-ID proves which ticket a reply belongs to, and nobody else can make one."""

import os
from collections.abc import Iterator
from hashlib import sha256

import pytest

from domain.letters import LetterKind
from mail.identity import (
    MOST_REFERENCES,
    Keyring,
    SignedId,
    sign,
    sign_account,
    ticket_of,
    verify,
)

DOMAIN = "support.profman.example"
OLD_KEY, NEW_KEY, FOREIGN_KEY = b"o" * 32, b"n" * 32, b"f" * 32
KEYS = Keyring("2026-2", {"2026-1": OLD_KEY, "2026-2": NEW_KEY})
FOREIGN_KEYS = Keyring("x", {"x": FOREIGN_KEY})
OURS = sign("PS-000124", 3, LetterKind.QUESTION, KEYS, DOMAIN)
FORGERIES = int(os.environ.get("FORGERIES", "10000"))  # by hand: FORGERIES=100000
MALFORMED = {
    "nothing": "",
    "empty": "<>",
    "only an at": "<@>",
    "no brackets": OURS.strip("<>"),
    "space before": f" {OURS}",
    "line feed after": f"{OURS}\n",
    "header after": f"{OURS}\r\nBcc: someone@evil.example",
    "folded": OURS.replace("@", "\r\n @"),
    "null inside": OURS.replace("PS-", "PS-\x00"),
    "in capitals": OURS.upper(),
    "leading zero": OURS.replace(".3.", ".03."),
    "foreign digit": OURS.replace(".3.", ".٣."),
    "twice": OURS * 2,
    "oversized": f"<t.PS-1.1.answer.{'0' * 32}@{'a' * 65536}>",
    "only brackets": "<" * 100_000,
    "lone surrogate": "\ud800",
}


def forgeries(count: int) -> Iterator[str]:
    """Guess tags, and flip one digit of a true one."""
    head, _, rest = OURS.rpartition(".question.")
    tag = rest.partition("@")[0]
    for guess in range(count):
        place = guess % len(tag)
        flipped = f"{tag[:place]}{(int(tag[place], 16) + 1 + guess % 15) % 16:x}{tag[place + 1 :]}"
        guessed = sha256(str(guess).encode()).hexdigest()[: len(tag)]
        yield f"{head}.question.{flipped if guess % 2 else guessed}@{DOMAIN}>"


def test_our_own_id_leads_back_to_ticket_event_and_letter() -> None:
    assert verify(OURS, KEYS) == SignedId("PS-000124", 3, "question", "2026-2")


def test_the_same_letter_always_has_the_same_id() -> None:
    assert sign("PS-000124", 3, LetterKind.QUESTION, KEYS, DOMAIN) == OURS


def test_the_id_of_a_letter_about_an_account_proves_that_it_is_ours_and_names_no_ticket() -> None:
    about_account = sign_account(12, "password_reset", KEYS, DOMAIN)

    assert about_account.startswith("<a.12.password_reset.")
    assert verify(about_account, KEYS) == SignedId("", 12, "password_reset", "2026-2")
    assert verify(about_account, FOREIGN_KEYS) is None
    assert verify(about_account.replace("a.12.", "a.13."), KEYS) is None
    assert verify(about_account.replace("<a.", "<t.PS-000124."), KEYS) is None


def test_letters_signed_before_a_rotation_are_still_answered() -> None:
    before = Keyring("2026-1", {"2026-1": OLD_KEY})
    old_letter = sign("PS-000001", 1, LetterKind.ANSWER, before, DOMAIN)

    assert verify(old_letter, KEYS) == SignedId("PS-000001", 1, "answer", "2026-1")


def test_a_dropped_key_no_longer_opens_anything() -> None:
    after = Keyring("2026-3", {"2026-3": b"z" * 32})

    assert verify(OURS, after) is None


def test_no_forged_id_is_accepted() -> None:
    accepted = [forged for forged in forgeries(FORGERIES) if verify(forged, KEYS) is not None]

    assert accepted == []


def test_another_installation_with_the_same_numbers_is_not_ours() -> None:
    theirs = sign("PS-000124", 3, LetterKind.QUESTION, FOREIGN_KEYS, DOMAIN)

    assert verify(theirs, KEYS) is None


@pytest.mark.parametrize(
    ("true_part", "false_part"),
    [
        ("PS-000124", "PS-000125"),
        (".3.", ".4."),
        (".question.", ".answer."),
        (DOMAIN, "evil.example"),
    ],
)
def test_no_part_of_an_id_can_be_exchanged(true_part: str, false_part: str) -> None:
    assert verify(OURS.replace(true_part, false_part), KEYS) is None


@pytest.mark.parametrize("malformed", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_id_matches_nothing_and_raises_nothing(malformed: str) -> None:
    assert verify(malformed, KEYS) is None


@pytest.mark.parametrize(
    ("number", "sequence", "domain"),
    [
        ("PS-1\r\nBcc: x", 1, DOMAIN),
        ("PS.1", 1, DOMAIN),
        ("", 1, DOMAIN),
        ("PS-1", -1, DOMAIN),
        ("PS-1", 1, "a b"),
        ("PS-1", 1, "пример.рф"),
    ],
)
def test_what_cannot_stand_in_a_header_is_not_signed(
    number: str, sequence: int, domain: str
) -> None:
    with pytest.raises(ValueError, match="No Message-ID"):
        sign(number, sequence, LetterKind.ANSWER, KEYS, domain)


def test_in_reply_to_comes_before_references() -> None:
    other = sign("PS-000200", 1, LetterKind.ANSWER, KEYS, DOMAIN)

    found = ticket_of(OURS, [other], KEYS)

    assert found is not None
    assert found.number == "PS-000124"


def test_the_newest_of_our_references_is_taken() -> None:
    newer = sign("PS-000200", 1, LetterKind.ANSWER, KEYS, DOMAIN)

    found = ticket_of("<foreign@mail.example>", [OURS, newer, "<later@mail.example>"], KEYS)

    assert found is not None
    assert found.number == "PS-000200"


def test_a_flood_of_references_is_read_only_from_its_new_end() -> None:
    flood = ["<x@mail.example>"] * MOST_REFERENCES

    assert ticket_of("", [OURS, *flood], KEYS) is None
    assert ticket_of("", [*flood, OURS], KEYS) is not None


def test_a_letter_that_answers_nothing_of_ours_has_no_ticket() -> None:
    assert ticket_of("", [], KEYS) is None
    assert ticket_of("<>", ["<a@mail.example>"], KEYS) is None


def test_a_short_key_or_a_missing_current_key_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        Keyring("a", {"a": b"short"})
    with pytest.raises(ValueError, match="not in the keyring"):
        Keyring("b", {"a": NEW_KEY})


def test_keys_are_never_printed() -> None:
    assert "nnnn" not in repr(KEYS)
