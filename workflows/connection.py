"""The way to the engine: one client, one data converter, payloads sealed where a key is given.

Carries out laws 4 and 9: with keys, what stands in histories can be read by nobody else.
"""

import dataclasses
import os
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, RetryConfig
from temporalio.contrib.pydantic import PydanticPayloadConverter, pydantic_data_converter
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
)
from typing_extensions import override

from workflows.installation import Installation


class SharedPayloadConverter(PydanticPayloadConverter):
    """One converter for the whole process.

    The engine's library asks its class for one for each workflow, and pydantic would build its
    type adapters anew for each: milliseconds and 150 kB for every ticket.
    """

    _shared: "SharedPayloadConverter | None" = None

    def __new__(cls) -> "SharedPayloadConverter":  # noqa: PYI034 - always the one there is
        """Return the one that there is."""
        if cls._shared is None:
            cls._shared = super().__new__(cls)
            PydanticPayloadConverter.__init__(cls._shared)
        return cls._shared

    def __init__(self) -> None:
        """Keep what was made at first."""


SHARED = dataclasses.replace(
    pydantic_data_converter, payload_converter_class=SharedPayloadConverter
)
SEALED = b"binary/encrypted"
NONCE_BYTES = 12


class UnreadablePayloadError(Exception):
    """A payload was sealed by an unknown key, or for another ticket."""


class SealingCodec(PayloadCodec, WithSerializationContext):
    """Seals payloads with AES-256-GCM, bound to their workflow's id; old keys still open."""

    def __init__(self, current: str, keys: Mapping[str, bytes], ticket: str = "") -> None:
        """Seal with the current key of the ring, for this workflow."""
        self._current, self._keys, self._ticket = current, keys, ticket

    @override
    def with_context(self, context: SerializationContext) -> "SealingCodec":
        ticket = getattr(context, "workflow_id", None) or ""
        return SealingCodec(self._current, self._keys, ticket)

    @override
    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._seal(payload) for payload in payloads]

    @override
    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._unseal(payload) for payload in payloads]

    def _seal(self, payload: Payload) -> Payload:
        nonce = os.urandom(NONCE_BYTES)
        bound = self._ticket.encode()
        cipher = AESGCM(self._keys[self._current])
        sealed = cipher.encrypt(nonce, payload.SerializeToString(), bound)
        metadata = {"encoding": SEALED, "key": self._current.encode(), "ticket": bound}
        return Payload(metadata=metadata, data=nonce + sealed)

    def _unseal(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != SEALED:
            return payload
        nonce, sealed = payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:]
        key = self._keys.get(payload.metadata["key"].decode())
        if key is None:
            raise UnreadablePayloadError("sealed by a key that is not in the ring")
        try:
            opened = AESGCM(key).decrypt(nonce, sealed, payload.metadata["ticket"])
        except InvalidTag:
            raise UnreadablePayloadError("sealed for another ticket, or damaged") from None
        return Payload.FromString(opened)


def data_converter(settings: Installation) -> DataConverter:
    """Return the converter of this installation; without payload keys nothing is sealed."""
    if not settings.payload_keys:
        return SHARED
    keys = {
        name: bytes.fromhex(key.get_secret_value()) for name, key in settings.payload_keys.items()
    }
    return dataclasses.replace(
        SHARED,
        payload_codec=SealingCodec(settings.payload_key_id, keys),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


async def connect(settings: Installation, *, lazy: bool = True) -> Client:
    """Return a client; a lazy one connects when first used, so that doors open before the engine.

    Raises:
        RuntimeError: when not lazy and the engine does not answer.

    """
    return await Client.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        data_converter=data_converter(settings),
        retry_config=RetryConfig(max_retries=4, max_elapsed_time_millis=3000),
        lazy=lazy,
    )
