"""Editions of the regulation and its settings: the defaults of Q1-Q14 and from when they hold.

Carries out R12 and the decisions Q3, Q5, Q6, Q14; a ticket keeps the edition it began under.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.letters import ConfirmationTiming
from domain.terms import DeferralReason

DAYS_OF_DEFERRAL: Mapping[DeferralReason, int] = {
    DeferralReason.INSUFFICIENT_INFORMATION: 5,
    DeferralReason.DEVELOPMENT_NEEDED: 10,
    DeferralReason.REQUIREMENTS_VIOLATED: 5,
    DeferralReason.OUT_OF_SCOPE: 10,
    DeferralReason.ILL_POSED: 5,
}


@dataclass(frozen=True)
class Settings:
    """What the regulation leaves open, with our defaults; periods are whole working days."""

    confirmation: ConfirmationTiming = ConfirmationTiming.AT_ONCE
    reminder_days: tuple[int, ...] = (2, 5)
    deferral_days: Mapping[DeferralReason, int] = field(
        default_factory=lambda: dict(DAYS_OF_DEFERRAL)
    )
    service_address: str = "lanskov@profman.ru"
    head_address: str = "office@profman.ru"
    alert_address: str = "office@profman.ru"
    documentation_url: str = (
        "https://www.profman.ru/property-management/"
        "instrukcia-polzovateley-profman-iss-modul-property-management.html"
    )
    largest_file_bytes: int = 25 * 1024 * 1024


@dataclass(frozen=True)
class Edition:
    """One edition: its number, its first moment, its settings."""

    number: int
    valid_from: datetime
    settings: Settings


@dataclass(frozen=True)
class Announcement:
    """What the public is told of an edition (R13)."""

    number: int
    valid_from: datetime
    summary: str
