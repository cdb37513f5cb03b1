"""What a request must carry by its channel, and what is still missing (R28-R43).

Nothing here refuses a request: what is missing is asked for politely in the confirmation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.terms import Channel, TicketKind


class Field(StrEnum):
    """A thing the regulation asks a request to carry."""

    PLATFORM_VERSION = "platform_version"
    PRODUCT_VERSION = "product_version"
    DESCRIPTION = "description"
    STEPS = "steps"
    FREQUENCY = "frequency"
    CRITICALITY = "criticality"
    SCREENSHOTS = "screenshots"
    PHONE = "phone"
    EMAIL = "email"
    LOGIN = "login"


RULES: Mapping[Field, str] = {
    Field.PLATFORM_VERSION: "R35",
    Field.PRODUCT_VERSION: "R35",
    Field.DESCRIPTION: "R36",
    Field.STEPS: "R37",
    Field.FREQUENCY: "R38",
    Field.CRITICALITY: "R39",
    Field.SCREENSHOTS: "R41",
    Field.PHONE: "R43",
    Field.EMAIL: "R43",
    Field.LOGIN: "R43",
}

OF_A_PROBLEM = (
    Field.PLATFORM_VERSION,
    Field.PRODUCT_VERSION,
    Field.DESCRIPTION,
    Field.STEPS,
    Field.FREQUENCY,
    Field.CRITICALITY,
)
OF_A_QUESTION = (Field.PRODUCT_VERSION, Field.DESCRIPTION)
CONTACTS = (Field.PHONE, Field.EMAIL, Field.LOGIN)

PICTURE_TYPES = frozenset({"image/jpeg", "image/gif", "image/png"})


class Requisite(StrEnum):
    """What a paper letter or fax must show to count as a request (R32)."""

    ORGANISATION = "organisation"
    CONTRACT = "contract"
    SIGNATORY = "signatory"
    RETURN_ADDRESS = "return_address"
    MATTER = "matter"


@dataclass(frozen=True)
class Request:
    """What a client told us, as far as the regulation asks for it."""

    channel: Channel
    kind: TicketKind = TicketKind.PROBLEM
    told: frozenset[Field] = frozenset()
    has_pictures: bool = False


def missing(request: Request) -> tuple[Field, ...]:
    """Return what the request should still carry, in the order of the regulation (R35-R43).

    A picture is wanted of a problem that came by mail (R41); the channel itself can prove a
    contact: a letter has its sender's address.
    """
    matter = OF_A_PROBLEM if request.kind is TicketKind.PROBLEM else OF_A_QUESTION
    pictures = (Field.SCREENSHOTS,) if _wants_pictures(request) else ()
    asked = (*matter, *pictures, *CONTACTS)
    return tuple(field for field in asked if field not in request.told)


def unmet_requisites(shown: frozenset[Requisite]) -> tuple[Requisite, ...]:
    """Return what a paper letter lacks to identify its client and its matter (R32)."""
    return tuple(requisite for requisite in Requisite if requisite not in shown)


def is_accepted_picture(content_type: str) -> bool:
    """Tell whether a file comes in one of the named formats (R42)."""
    return content_type.lower() in PICTURE_TYPES


def _wants_pictures(request: Request) -> bool:
    is_shown = request.has_pictures or request.channel is not Channel.EMAIL
    return request.kind is TicketKind.PROBLEM and not is_shown
