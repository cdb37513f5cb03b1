"""The door by which operations read sealed histories."""

import base64
import dataclasses
from typing import Any

import pytest
from pydantic import SecretStr
from temporalio.converter import WorkflowSerializationContext

from gateway.parts import Parts
from tests.gateway.conftest import Api
from workflows.connection import data_converter


@pytest.fixture
def sealing(api: Api) -> Parts:
    """Give the parts of an installation that seals its payloads."""
    keys = {"k1": SecretStr("ab" * 32)}
    settings = api.parts.settings.model_copy(update={"payload_key_id": "k1", "payload_keys": keys})
    sealed = dataclasses.replace(api.parts, settings=settings)
    api.http._transport.app.state.parts = sealed  # type: ignore[attr-defined]  # noqa: SLF001 - the application under test
    return sealed


async def sealed_by(parts: Parts, words: str) -> dict[str, Any]:
    context = WorkflowSerializationContext(namespace="default", workflow_id="PS-000001")
    payloads = await data_converter(parts.settings).with_context(context).encode([words])
    return {
        "payloads": [
            {
                "metadata": {k: base64.b64encode(v).decode() for k, v in one.metadata.items()},
                "data": base64.b64encode(one.data).decode(),
            }
            for one in payloads
        ]
    }


async def test_operations_open_what_was_sealed(api: Api, sealing: Parts) -> None:
    sealed = await sealed_by(sealing, "in_diagnosis")

    answer = await api.post("ops", "/api/codec/decode", json=sealed)

    opened = answer.json()["payloads"][0]["data"]
    assert base64.b64decode(opened) == b'"in_diagnosis"'


@pytest.mark.parametrize("who", ["alla", "sveta", "head", "dev"])
async def test_nobody_else_opens_it(api: Api, sealing: Parts, who: str) -> None:
    sealed = await sealed_by(sealing, "in_diagnosis")

    answer = await api.post(who, "/api/codec/decode", json=sealed)

    assert answer.status_code == 403


async def test_what_an_unknown_key_sealed_is_a_flaw_and_no_fault(api: Api, sealing: Parts) -> None:
    sealed = await sealed_by(sealing, "in_diagnosis")
    sealed["payloads"][0]["metadata"]["key"] = base64.b64encode(b"k9").decode()

    answer = await api.post("ops", "/api/codec/decode", json=sealed)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "payloads")
