"""Proofs of work of the public form: ours, in time, enough, and each for one form."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from itertools import count

from pydantic import SecretStr

from gateway.cabinet import proof
from gateway.cabinet.proof import MOST_PLAIN, challenge, is_solved, may_send, zero_bits
from gateway.cabinet.seals import is_sealed, seal
from tests.gateway.conftest import Api, Clock
from workflows.installation import Installation


def solved(text: str) -> str:
    """Do the work of a browser."""
    return next(answer for n in count() if zero_bits(answer := f"{text}~{n}") >= proof.BITS)


def test_zero_bits_are_counted_from_the_left() -> None:  # K10
    answer = solved("profman")

    assert zero_bits(answer) >= proof.BITS
    assert sha256(answer.encode()).digest()[:1] == b"\0"


async def test_work_on_a_challenge_of_ours_is_taken(api: Api) -> None:  # K10
    given = challenge(api.parts)

    assert is_solved(api.parts, solved(given.text))


async def test_work_that_is_over_or_forged_or_too_little_is_not_taken(
    api: Api, clock: Clock
) -> None:  # K10
    given = challenge(api.parts)
    nonce, _, tag = given.text.partition(".")
    forged = f"{nonce[::-1]}.{tag}"

    late = solved(given.text)
    clock.set(clock.at + timedelta(days=2))

    assert not is_solved(api.parts, late)
    assert not is_solved(api.parts, solved(forged))
    assert not is_solved(api.parts, f"{given.text}~x")
    assert not is_solved(api.parts, "")


async def test_a_proof_serves_one_form_and_that_form_again(api: Api) -> None:  # K10 law 2
    answer = solved(challenge(api.parts).text)
    assert may_send(api.parts, answer, "form-1", "net")
    assert may_send(api.parts, answer, "form-1", "net")

    others = [may_send(api.parts, answer, f"form-{n}", "net") for n in range(MOST_PLAIN + 2)][1:]

    assert others[-1] is False


async def test_without_work_a_network_sends_a_few_forms_and_others_are_not_slowed(
    api: Api,
) -> None:  # K10
    sent = [may_send(api.parts, "", f"f{n}", "one") for n in range(MOST_PLAIN + 1)]

    assert sent == [*[True] * MOST_PLAIN, False]
    assert may_send(api.parts, "", "g", "another")


async def test_a_seal_of_another_purpose_or_words_or_key_opens_nothing(
    api: Api, clock: Clock
) -> None:  # law 9
    given = seal(api.parts, "accepted", "PS-000001", clock.at + timedelta(hours=1))

    assert is_sealed(api.parts, "accepted", "PS-000001", given)
    assert not is_sealed(api.parts, "accepted", "PS-000002", given)
    assert not is_sealed(api.parts, "form-proof", "PS-000001", given)
    assert not is_sealed(api.parts, "accepted", "PS-000001", given[:-1])
    settings = Installation(signing_keys={"k1": SecretStr("11" * 32)})
    assert not is_sealed(replace(api.parts, settings=settings), "accepted", "PS-000001", given)
