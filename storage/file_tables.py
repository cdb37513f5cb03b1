"""Tables of what is known about a file beside its bytes: its safe copy, its scan."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text, text

from storage.schema import born, metadata, moment

picture_copies = Table(
    "picture_copies",
    metadata,
    Column("digest", ForeignKey("files.digest"), primary_key=True),
    Column("copy", Text, nullable=False, server_default=""),
    Column("content_type", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    born(),
    CheckConstraint("(copy = '') = (reason <> '')", name="copy_or_reason"),
)

file_scans = Table(
    "file_scans",
    metadata,
    Column("digest", ForeignKey("files.digest"), primary_key=True),
    Column("state", Text, nullable=False, server_default="held"),
    Column("reason", Text, nullable=False, server_default=""),
    born(),
    moment("scanned_at"),
    CheckConstraint("state IN ('held', 'clean', 'infected')", name="state_is_known"),
    Index("ix_file_scans_held", "created_at", postgresql_where=text("state = 'held'")),
)
