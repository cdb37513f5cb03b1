"""Tables of what rules a ticket: calendar versions, editions of the settings, releases."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Time,
)
from sqlalchemy.dialects.postgresql import JSONB

from storage.schema import born, metadata, moment

calendar_versions = Table(
    "calendar_versions",
    metadata,
    Column("version", Integer, Identity(), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    born(),
)

calendar_exceptions = Table(
    "calendar_exceptions",
    metadata,
    Column("version", ForeignKey("calendar_versions.version"), nullable=False),
    Column("day_on", Date, nullable=False),
    Column("opens", Time),
    Column("closes", Time),
    PrimaryKeyConstraint("version", "day_on"),
    CheckConstraint("num_nonnulls(opens, closes) <> 1", name="hours_are_a_pair"),
    CheckConstraint("opens IS NULL OR closes > opens", name="day_closes_after_it_opens"),
)

editions = Table(
    "editions",
    metadata,
    Column("number", Integer, Identity(), primary_key=True),
    moment("valid_from", required=True),
    Column("settings", JSONB, nullable=False),
    Column("summary", Text, nullable=False),
    Column("by", Text, nullable=False),
    born(),
)

releases = Table(
    "releases",
    metadata,
    Column("version", Text, primary_key=True),
    Column("by", Text, nullable=False),
    moment("published_at", required=True),
)
