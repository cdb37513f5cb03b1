"""Requests that fit no description: whatever is in them, the answer is theirs to mend, never a 5xx.

Carries out law 10: bytes that are no text, numbers beyond all bounds, bodies of another kind.
"""

import json
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import pytest

from tests.gateway.conftest import Api

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=b"
DEEP = 20_000
NASTY = (
    "%00",
    "%ED%A0%80",
    "%FF%FE",
    "-1",
    "9" * 30,
    "1e400",
    "..%2F..%2Fetc%2Fpasswd",
    "%F0%9F%92%A9",
    "%E2%80%AE",
    "а" * 300,
)
VALUES: tuple[Any, ...] = (
    "\x00",
    "\ud800",
    "а" * 20_000,
    -1,
    10**40,
    float("inf"),
    float("nan"),
    None,
    [],
    {},
    [[["\x00"]]],
    True,
)
Sent = tuple[str, str, tuple[str, bytes]]
BODIES: tuple[tuple[str, bytes], ...] = (
    (JSON, b""),
    (JSON, b"{"),
    (JSON, b"\xff\xfe\x00"),
    (JSON, b'"\\ud800"'),
    (JSON, b"[" * DEEP),
    (JSON, b'{"text":' * 5000 + b"1" + b"}" * 5000),
    (JSON, b"9" * 5000),
    (JSON, b"[1e999, -0, NaN]"),
    ("application/json; charset=utf-7", b"{}"),
    ("application/xml", b"<a/>"),
    ("\xff\xfe", b"{}"),
    ("multipart/form-data", b"--"),
    (PARTS, b""),
    (PARTS, b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--"),
    (PARTS, b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\n\x00\xff'),
    (PARTS, b"\x00" * 5000),
    (PARTS, b'--b\r\nContent-Disposition: form-data; name="f"; filename="\x00"\r\n\r\nx\r\n--b--'),
    ("multipart/form-data; boundary=b; charset=nothing", b"--b--"),
    (FORM, b"text=%00&text=%ff&subject=%ED%A0%80&=&&;"),
    (FORM, b"&".join(b"a%d=1" % n for n in range(3000))),
)


@pytest.mark.parametrize("who", ["alla", "sveta", "ops"])
async def test_no_malformed_request_is_a_fault_of_ours(api: Api, who: str) -> None:
    # R29 law 10
    number = await api.file()
    description = (await api.http.get("/api/openapi.json")).json()
    faults: list[str] = []

    for method, path, body in _malformed(description, number):
        kind, content = body
        answer = await api.http.request(
            method,
            path,
            content=content,
            headers=[
                (b"Authorization", f"Bearer {api.tokens[who]}".encode()),
                (b"Content-Type", kind.encode("latin-1")),
                (b"Idempotency-Key", b"a key"),
            ],
        )
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            faults.append(f"{method} {path[:80]} {kind} {content[:40]!r}: {answer.status_code}")

    assert faults == []


def _malformed(description: dict[str, Any], number: str) -> Iterator[Sent]:
    """Yield requests that fit nothing, for every operation."""
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            good = path.format(number=number, id=1, digest="0" * 64, name="x", key="x", kind="x")
            yield from ((method.upper(), good, body) for body in BODIES)
            yield from _paths(method.upper(), path, operation)
            yield from _fields(method.upper(), good, operation, description)


def _paths(method: str, path: str, operation: dict[str, Any]) -> Iterator[Sent]:
    """Yield addresses in which every name and every asked value is something else."""
    named = operation.get("parameters", [])
    for nasty in NASTY:
        filled = path
        for one in named:
            filled = filled.replace("{" + one["name"] + "}", nasty)
        asked = "&".join(f"{one['name']}={nasty}" for one in named if one["in"] == "query")
        if filled != path or asked:
            yield method, f"{filled}?{asked}", (JSON, b"{}")


def _fields(
    method: str, path: str, operation: dict[str, Any], description: dict[str, Any]
) -> Iterator[Sent]:
    """Yield bodies in which every field that there is has something else in it."""
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        name = content["schema"].get("$ref", "").rpartition("/")[2]
        fields = list(description["components"]["schemas"].get(name, {}).get("properties", {}))
        for value in VALUES:
            if kind == JSON:
                yield method, path, (JSON, json.dumps(dict.fromkeys(fields, value)).encode())
            else:
                yield method, path, (FORM, told(fields, value))


def told(fields: Iterable[str], value: object) -> bytes:
    """Return a form in which every field has this in it."""
    said = quote(str(value).encode("utf-8", "surrogatepass"))
    return "&".join(f"{field}={said}" for field in fields).encode()
