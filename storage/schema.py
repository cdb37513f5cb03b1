"""What every table shares: the metadata, its names for constraints, and common columns."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Computed,
    DateTime,
    Identity,
    MetaData,
    func,
)
from sqlalchemy.types import TypeEngine

from domain.terms import Channel, Criticality, Grade, Role, Status, TicketKind

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def moment(name: str, *, required: bool = False) -> Column[object]:
    """Make a column for an aware moment."""
    return Column(name, DateTime(timezone=True), nullable=not required)


def born() -> Column[object]:
    """Make the column of the moment at which a row came to be."""
    return Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now())


def serial() -> Column[int]:
    """Make a numbered primary key."""
    return Column("id", BigInteger, Identity(), primary_key=True)


def generated(name: str, type_: TypeEngine[Any], expression: str) -> Column[Any]:
    """Make a column that the register itself keeps; nobody writes it, only statements read it."""
    return Column(name, type_, Computed(expression, persisted=True))


def one_of(
    column: str, values: type[Channel | Criticality | Grade | Role | Status | TicketKind]
) -> str:
    """Return the condition that a column holds one of these values."""
    names = ", ".join(f"'{value.value}'" for value in values)
    return f"{column} IN ({names})"
