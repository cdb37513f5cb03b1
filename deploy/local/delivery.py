"""One letter on its way: its stages, what may disturb it, and the handing over at the door.

The door's own answer is passed on; when nobody is there the sender is told to come again.
"""

import smtplib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

HOST_NAME: Final = "post-office.localhost"
DROP: Final = "drop the connection"  # what a fault answers instead of a reply
_DOOR_AWAY: Final = "451 4.4.1 The mailroom is away, try again later"
_DOOR_SECONDS: Final = 60.0
_FIRST_REFUSAL: Final = 400


class Stage(StrEnum):
    """Where in a delivery a fault may strike."""

    RECIPIENT = "recipient"  # a recipient is named, the letter has not come yet
    LETTER = "letter"  # every byte has come, nothing is kept
    KEPT = "kept"  # accepted for good, but the sender has not been told


@dataclass(frozen=True)
class Delivery:
    """One SMTP transaction as it stands at a stage."""

    stage: Stage
    sender: str
    recipients: tuple[str, ...]
    raw: bytes = b""
    mail_options: tuple[str, ...] = ()


# Answers a reply such as "451 …" or "550 …", DROP, or None to let the delivery go on.
Fault = Callable[[Delivery], str | None]


def refusal_at(
    door: tuple[str, int], delivery: Delivery, recipients: tuple[str, ...]
) -> str | None:
    """Hand a letter in at the door and return its refusal, or None when it was taken."""
    try:
        with smtplib.SMTP(*door, local_hostname=HOST_NAME, timeout=_DOOR_SECONDS) as line:
            line.ehlo()
            for code, said in _dialogue(line, delivery, recipients):
                if code >= _FIRST_REFUSAL:
                    return f"{code} {_one_line(said)}"
    except smtplib.SMTPDataError as refused:
        return f"{refused.smtp_code} {_one_line(refused.smtp_error)}"
    except OSError:  # smtplib's own errors are OSErrors too
        return _DOOR_AWAY
    return None


def _dialogue(
    line: smtplib.SMTP, delivery: Delivery, recipients: tuple[str, ...]
) -> Iterator[tuple[int, bytes]]:
    options = [word for word in delivery.mail_options if not word.upper().startswith("SIZE=")]
    yield line.mail(delivery.sender, options)
    for recipient in recipients:
        yield line.rcpt(recipient)
    yield line.data(delivery.raw)


def _one_line(said: bytes | str) -> str:
    words = said if isinstance(said, str) else said.decode(errors="replace")
    return " ".join(words.split())
