"""Opens sealed payloads for the engine's own pages, to operations alone.

Carries out laws 4 and 9 (§6): it could read everything, so it asks for a token like every door.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads

from domain.terms import Role
from gateway.auth import AnyVisitor, TheParts, require
from gateway.pages.translation import _
from gateway.problems import Flaw, documented, invalid
from workflows.connection import UnreadablePayloadError, data_converter

router = APIRouter(prefix="/api/codec", tags=["Служба"])
READERS = frozenset({Role.OPERATIONS})


async def payloads_of(request: Request) -> Payloads:
    """Read the payloads that the engine's page sends, in protobuf's JSON."""
    try:
        return json_format.Parse(await request.body(), Payloads())
    except (json_format.ParseError, UnicodeDecodeError, RecursionError):
        raise invalid(Flaw(field="payloads", reason=_("это не payloads движка"))) from None


@router.post(
    "/decode", summary="Открыть запечатанное в истории", responses=documented(401, 403, 422)
)
async def decode(
    visitor: AnyVisitor, parts: TheParts, sealed: Annotated[Payloads, Depends(payloads_of)]
) -> dict[str, Any]:
    """Для страниц движка: `--codec-endpoint …/api/codec` с токеном эксплуатации."""
    require(visitor, READERS)
    codec = data_converter(parts.settings).payload_codec
    opened: list[Payload] = list(sealed.payloads)
    try:
        opened = await codec.decode(opened) if codec else opened
    except UnreadablePayloadError:
        reason = _("нет ключа, которым это запечатано")
        raise invalid(Flaw(field="payloads", reason=reason)) from None
    told: dict[str, Any] = json_format.MessageToDict(Payloads(payloads=opened))
    return told
