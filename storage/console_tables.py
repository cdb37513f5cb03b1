"""Tables of the console's own: who is at which ticket, who keeps which lists, who is called."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from storage.schema import metadata, moment, serial

presence = Table(
    "presence",
    metadata,
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("number", Text, nullable=False),
    Column("is_writing", Boolean, nullable=False),
    moment("seen_at", required=True),
    PrimaryKeyConstraint("staff_id", "number"),
    Index("ix_presence_number", "number"),
    prefixes=["UNLOGGED"],
)

saved_views = Table(
    "saved_views",
    metadata,
    serial(),
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("question", Text, nullable=False),
    UniqueConstraint("staff_id", "name"),
)

mentions = Table(
    "mentions",
    metadata,
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("number", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("message_id", ForeignKey("messages.id"), nullable=False),
    Column("by", Text, nullable=False),
    moment("at", required=True),
    moment("seen_at"),
    PrimaryKeyConstraint("staff_id", "number", "sequence"),
    Index("ix_mentions_staff", "staff_id", "at"),
)
