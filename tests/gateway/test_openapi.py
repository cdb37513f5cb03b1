"""The API as its own description has it, called with all that fits and much that does not.

Carries out law 10: whatever is asked, the fault is never ours, and the answer says what is wrong.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from http import HTTPStatus
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from sqlalchemy import text

from deploy.local.processes import LOOPBACK, free_port
from gateway.app import create_app
from tests.gateway.conftest import Api

EXAMPLES = 3
Call = Callable[[Case[Any]], None]
WHO = ("alla", "sveta", "head", "dev", "ops")
KNOWN = "PS-000042"  # the number that the description gives as its example
NUMBER = "number"
TRY = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
async def served(api: Api) -> AsyncIterator[str]:
    """Serve the API on loopback, with the ticket of the description's examples in it."""
    with api.parts.database.transaction() as connection:
        connection.execute(text("SELECT setval('ticket_numbers', 41)"))
    assert await api.file() == KNOWN
    port = free_port()
    config = uvicorn.Config(create_app(api.parts), LOOPBACK, port, log_level="critical")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells it by this flag alone
        await asyncio.sleep(0.02)
    yield f"http://{LOOPBACK}:{port}"
    server.should_exit = True
    await serving


@pytest.mark.parametrize("who", WHO)
async def test_no_request_that_fits_the_description_is_a_fault_of_ours(
    served: str, api: Api, who: str
) -> None:  # R29 law 10
    token = api.tokens[who]

    faults = await asyncio.to_thread(lambda: list(_faults(served, token)))

    assert faults == []


def _faults(url: str, token: str) -> Iterator[str]:
    """Yield every answer that says that the fault is ours."""
    description = schemathesis.openapi.from_url(f"{url}/api/openapi.json")
    for found in description.get_all_operations():
        assert isinstance(found, Ok)
        faults: list[str] = []
        _tried(found.ok(), _caller(token, faults))
        yield from dict.fromkeys(faults)


def _tried(operation: APIOperation[Any, Any, Any, Any], call: Call) -> None:
    """Call one operation with a few requests."""
    TRY(given(case=operation.as_strategy())(call))()


def _caller(token: str, faults: list[str]) -> Call:
    headers = {"Authorization": f"Bearer {token}"}

    def call(case: Case[Any]) -> None:
        _aim(case)
        answer = case.call(headers=headers)
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            faults.append(f"{case.as_curl_command()}: {answer.status_code}")

    return call


def _aim(case: Case[Any]) -> None:
    """Let every other request be about a ticket that there is."""
    if NUMBER in case.path_parameters and len(str(case.path_parameters[NUMBER])) % 2:
        case.path_parameters[NUMBER] = KNOWN
