"""The table of what clients say about how their tickets were solved."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text

from domain.terms import Grade
from storage.schema import metadata, moment, one_of

ratings = Table(
    "ratings",
    metadata,
    Column("number", ForeignKey("tickets.number"), primary_key=True),
    Column("grade", Text, nullable=False),
    Column("words", Text, nullable=False, server_default=""),
    moment("at", required=True),
    CheckConstraint(one_of("grade", Grade), name="grade_is_known"),
    Index("ix_ratings_at", "at", "number"),
)
