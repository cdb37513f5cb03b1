"""Places to read on from, as addresses carry them: opaque, and checked when they come back."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from gateway.pages.translation import _
from gateway.problems import Flaw, invalid

T = TypeVar("T")
Number = Annotated[str, Field(pattern=r"^PS-\d+$")]
QUEUED: TypeAdapter[tuple[bool, AwareDatetime, Number]] = TypeAdapter(
    tuple[bool, AwareDatetime, Number]
)
ARRIVED: TypeAdapter[tuple[AwareDatetime, Number]] = TypeAdapter(tuple[AwareDatetime, Number])
NTH: TypeAdapter[Annotated[int, Field(ge=0, lt=2**63)]] = TypeAdapter(
    Annotated[int, Field(ge=0, lt=2**63)]
)


def written(kind: TypeAdapter[Any], place: object) -> str:
    """Return a place as an address carries it."""
    return urlsafe_b64encode(kind.dump_json(place)).decode()


def read(kind: TypeAdapter[T], place: str) -> T:
    """Return the place that was written so.

    Raises:
        Problem: when it is none of ours.

    """
    try:
        return kind.validate_json(urlsafe_b64decode(place))
    except (ValueError, ValidationError):
        reason = _("это не место из прежнего ответа")
        raise invalid(Flaw(field="after", reason=reason)) from None
