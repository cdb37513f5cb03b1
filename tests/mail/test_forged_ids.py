"""A hundred thousand forged Message-IDs prove nothing, nor do floods of them: R28, law 11."""

from collections.abc import Callable, Iterator
from email.message import EmailMessage
from hashlib import sha256
from itertools import count, islice

import pytest

from domain.letters import LetterKind
from mail.identity import LONGEST_ID, Keyring, sign, ticket_of, verify
from mail.reading import read

DOMAIN = "support.profman.example"
KEYS = Keyring("2026-2", {"2026-1": b"o" * 32, "2026-2": b"n" * 32})
DROPPED = Keyring("2025-1", {"2025-1": b"d" * 32})
NAMESAKE = Keyring("2026-2", {"2026-2": b"f" * 32})  # its key bears the name of ours
KINDS = list(LetterKind)
GENUINE = [
    sign(f"PS-{number:06}", number % 9, KINDS[number % len(KINDS)], KEYS, DOMAIN)
    for number in range(1, 101)
]
BLANKS = [
    " ",
    "\t",
    "\r\n ",
    "\r\n",
    "\n",
    "\r",
    "\0",
    "\x0b",
    "\u00a0",
    "\u200b",
    "\u2028",
    "\ufeff",
]
LOOK_ALIKES = str.maketrans(
    "PSaceopxtsbkmhn0123456789.-@<>", "РЅасеорхтѕЬкмһп０１２３４５６７８９․‐＠＜＞"
)
FORGED = 100_000

Forger = Callable[["Dice", str], str]


class Dice:
    """Numbers that look like chance and are the same in every run."""

    def __init__(self, seed: str) -> None:
        """Begin the row that belongs to the seed."""
        self._rolls = (sha256(f"{seed} {place}".encode()).digest() for place in count())

    def below(self, limit: int) -> int:
        """Return a number from 0 on, less than the limit."""
        return int.from_bytes(next(self._rolls)[:8]) % limit

    def tag(self) -> str:
        """Return a guess at a signature."""
        return next(self._rolls).hex()[:32]


def guess_the_tag(dice: Dice, genuine: str) -> str:
    claim, _ = parts(genuine)
    return f"{claim}.{dice.tag()}@{DOMAIN}>"


def change_one_digit_of_the_tag(dice: Dice, genuine: str) -> str:
    claim, tag = parts(genuine)
    place = dice.below(len(tag))
    digit = f"{(int(tag[place], 16) + 1 + dice.below(15)) % 16:x}"
    return f"{claim}.{tag[:place]}{digit}{tag[place + 1 :]}@{DOMAIN}>"


def put_the_tag_on_another_ticket(dice: Dice, genuine: str) -> str:
    _, tag = parts(genuine)
    number, sequence, kind = dice.below(10**6), dice.below(10**3), KINDS[dice.below(len(KINDS))]
    return f"<t.PS-{number:06}.{sequence}.{kind}.{tag}@{DOMAIN}>"


def exchange_two_tags(dice: Dice, genuine: str) -> str:
    claim, _ = parts(genuine)
    _, tag = parts(GENUINE[dice.below(len(GENUINE))])
    return f"{claim}.{tag}@{DOMAIN}>"


def sign_with_another_key(dice: Dice, genuine: str) -> str:
    _, number, sequence, kind, *_ = genuine.split(".")
    keys = NAMESAKE if dice.below(2) else DROPPED
    return sign(number, int(sequence), kind, keys, DOMAIN)


def name_the_key(dice: Dice, genuine: str) -> str:
    claim, tag = parts(genuine)
    name = ("2026-1", "2026-2", "k1", "none", "")[dice.below(5)]
    return f"{claim}.{name}.{tag}@{DOMAIN}>"


def cut_it_short(dice: Dice, genuine: str) -> str:
    end = dice.below(len(genuine))
    return genuine[:end] if dice.below(2) else genuine[len(genuine) - end :]


def leave_out_a_part(dice: Dice, genuine: str) -> str:
    start = dice.below(len(genuine))
    return genuine[:start] + genuine[start + 1 + dice.below(8) :]


def say_a_part_twice(dice: Dice, genuine: str) -> str:
    start = dice.below(len(genuine))
    return genuine[: start + 1 + dice.below(8)] + genuine[start:]


def put_a_blank_in(dice: Dice, genuine: str) -> str:
    place, blank = dice.below(len(genuine) + 1), BLANKS[dice.below(len(BLANKS))]
    return genuine[:place] + blank + genuine[place:]


def put_a_field_behind(dice: Dice, genuine: str) -> str:
    place = dice.below(len(genuine) + 1)
    return f"{genuine[:place]}\r\nBcc: someone@evil.example\r\n{genuine[place:]}"


def change_the_case(dice: Dice, genuine: str) -> str:
    place = dice.below(len(genuine))
    return genuine[:place] + genuine[place].swapcase() + genuine[place + 1 :]


def put_a_look_alike_in(dice: Dice, genuine: str) -> str:
    place = dice.below(len(genuine))
    return genuine[:place] + genuine[place].translate(LOOK_ALIKES) + genuine[place + 1 :]


def write_the_number_otherwise(dice: Dice, genuine: str) -> str:
    zeros = "0" * (1 + dice.below(3))
    return (
        genuine.replace("PS-", f"PS-{zeros}") if dice.below(2) else genuine.replace("PS-0", "PS-")
    )


def move_it_to_another_domain(dice: Dice, genuine: str) -> str:
    domain = (f"{DOMAIN}.", f"x.{DOMAIN}", "profman.example", "evil.example", f"{DOMAIN}@{DOMAIN}")
    return genuine.replace(DOMAIN, domain[dice.below(5)])


def say_it_twice(dice: Dice, genuine: str) -> str:
    return genuine + ("", " ", ",", "\r\n ")[dice.below(4)] + GENUINE[dice.below(len(GENUINE))]


FORGERS: list[Forger] = [
    guess_the_tag,
    change_one_digit_of_the_tag,
    put_the_tag_on_another_ticket,
    exchange_two_tags,
    sign_with_another_key,
    name_the_key,
    cut_it_short,
    leave_out_a_part,
    say_a_part_twice,
    put_a_blank_in,
    put_a_field_behind,
    change_the_case,
    put_a_look_alike_in,
    write_the_number_otherwise,
    move_it_to_another_domain,
    say_it_twice,
]


def parts(genuine: str) -> tuple[str, str]:
    """Return what an id claims, and the tag that proves it."""
    claim, _, tag = genuine.partition("@")[0].rpartition(".")
    return claim, tag


def forgeries(forger: Forger) -> Iterator[str]:
    """Forge genuine ids without end; what by chance is left as it was is left out."""
    dice, known = Dice(forger.__name__), set(GENUINE)
    for place in count():
        forged = forger(dice, GENUINE[place % len(GENUINE)])
        if forged not in known:
            yield forged


def letter(**fields: str) -> bytes:
    written = EmailMessage()
    written["From"], written["Subject"] = "o.belova@sever.example", "Отчёт"
    written.set_content("Отчёт не открывается.")
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return head.encode() + written.as_bytes()


def answered(content: bytes) -> str:
    """Return the ticket that a letter proves to answer, read as the sorter reads it."""
    received = read(content)
    references = [f"<{id_}>" for id_ in received.references]
    signed = ticket_of(f"<{received.in_reply_to}>", references, KEYS)
    return signed.number if signed else ""


def test_what_is_forged_here_is_genuine_before() -> None:
    assert all(verify(id_, KEYS) is not None for id_ in GENUINE)


@pytest.mark.parametrize("forger", FORGERS)
def test_no_forged_id_is_accepted(forger: Forger) -> None:  # R28
    forged = list(islice(forgeries(forger), FORGED // len(FORGERS)))

    assert [id_ for id_ in forged if verify(id_, KEYS) is not None] == []
    assert len(forged) * len(FORGERS) == FORGED


@pytest.mark.parametrize("forger", FORGERS)
def test_no_forged_id_of_a_whole_letter_leads_to_a_ticket(forger: Forger) -> None:  # R28
    for forged in islice(forgeries(forger), 20):
        shown = forged.encode(errors="replace").decode()
        if not any(id_ in shown for id_ in GENUINE):
            assert answered(letter(In_Reply_To=shown, References=shown)) == ""


def test_an_oversized_id_is_not_even_looked_at() -> None:
    claim, tag = parts(GENUINE[0])
    oversized = [
        f"{claim}.{tag}@{'a' * 65_536}>",
        f"{claim}{'0' * 65_536}.{tag}@{DOMAIN}>",
        f"{claim}.{tag * 2048}@{DOMAIN}>",
        f"{' ' * 65_536}{GENUINE[0]}",
        f"{GENUINE[0]}{' ' * 65_536}",
        "<" * 65_536,
    ]

    assert all(len(id_) > LONGEST_ID for id_ in oversized)
    assert [id_ for id_ in oversized if verify(id_, KEYS)] == []
    assert all(answered(letter(In_Reply_To=id_)) == "" for id_ in oversized[:3])


@pytest.mark.parametrize("nothing", ["", "<>", "<@>", " ", "<t....@>", "<t.PS-000001.1.answer.@>"])
def test_an_empty_id_answers_nothing(nothing: str) -> None:  # R28
    assert verify(nothing, KEYS) is None
    assert answered(letter(In_Reply_To=nothing, References=nothing)) == ""


def test_ten_thousand_forged_references_lead_nowhere() -> None:  # R28
    flood = list(islice(forgeries(guess_the_tag), 10_000))

    assert ticket_of(flood[0], flood, KEYS) is None
    assert answered(letter(References="\r\n ".join(flood))) == ""


def test_ten_thousand_references_do_not_hide_the_letter_that_is_answered() -> None:  # R28
    flood = "\r\n ".join(f"<{place}@b.c>" for place in range(10_000))

    assert answered(letter(References=flood, In_Reply_To=GENUINE[6])) == "PS-000007"
    assert answered(letter(References=f"{flood}\r\n {GENUINE[6]}")) == "PS-000007"
