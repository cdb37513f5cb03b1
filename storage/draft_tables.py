"""Tables of what staff have not sent yet, and of the replies they keep for the next time."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, PrimaryKeyConstraint, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from storage.schema import metadata, moment, serial

drafts = Table(
    "drafts",
    metadata,
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("place", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("fields", JSONB, nullable=False, server_default="{}"),
    Column("sent_key", Text, nullable=False, server_default=""),
    moment("saved_at", required=True),
    PrimaryKeyConstraint("staff_id", "place"),
)

saved_replies = Table(
    "saved_replies",
    metadata,
    serial(),
    Column("origin", Text, nullable=False, unique=True),
    Column("rule", Text, nullable=False, server_default=""),
    Column("command", Text, nullable=False, server_default=""),
    Column("category", Text, nullable=False, server_default=""),
    Column("language", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("changed_by", Text, nullable=False, server_default=""),
    moment("changed_at", required=True),
    moment("archived_at"),
    CheckConstraint("language IN ('ru', 'en')", name="language_is_known"),
    Index("ix_saved_replies_language", "language", "rule"),
)
