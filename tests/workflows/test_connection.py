"""The seal on payloads: laws 4 and 9."""

import pytest
from pydantic import SecretStr
from temporalio.converter import DataConverter, WorkflowSerializationContext

from workflows.connection import UnreadablePayloadError, data_converter
from workflows.installation import Installation

WORDS = "пароль сервера"


def converter(current: str = "k1", **keys: str) -> DataConverter:
    ring = {name: SecretStr(key * 32) for name, key in (keys or {"k1": "ab"}).items()}
    return data_converter(Installation(payload_key_id=current, payload_keys=ring))


def of_ticket(sealer: DataConverter, number: str) -> DataConverter:
    return sealer.with_context(WorkflowSerializationContext("default", number))


async def test_what_is_sealed_shows_nothing_and_opens_again() -> None:
    sealer = of_ticket(converter(), "PS-000001")

    payloads = await sealer.encode([WORDS])

    assert WORDS.encode() not in payloads[0].SerializeToString()
    assert await sealer.decode(payloads) == [WORDS]


async def test_an_old_key_still_opens_after_the_key_was_changed() -> None:
    payloads = await of_ticket(converter(), "PS-000001").encode([WORDS])

    newer = of_ticket(converter("k2", k1="ab", k2="cd"), "PS-000001")

    assert await newer.decode(payloads) == [WORDS]


async def test_a_payload_moved_to_another_ticket_does_not_open() -> None:
    payloads = await of_ticket(converter(), "PS-000001").encode([WORDS])
    payloads[0].metadata["ticket"] = b"PS-000002"

    with pytest.raises(UnreadablePayloadError):
        await of_ticket(converter(), "PS-000002").decode(payloads)


async def test_what_was_written_before_there_were_keys_is_read_as_it_is() -> None:
    plain = await data_converter(Installation()).encode([WORDS])

    assert await of_ticket(converter(), "PS-000001").decode(plain) == [WORDS]
