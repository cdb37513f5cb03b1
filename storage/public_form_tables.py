"""The table behind the public form: which proofs of work are spent, and on which form."""

from sqlalchemy import Column, Index, Table, Text

from storage.schema import metadata, moment

spent_proofs = Table(
    "spent_proofs",
    metadata,
    Column("nonce", Text, primary_key=True),
    Column("key", Text, nullable=False),
    moment("expires_at", required=True),
    Index("ix_spent_proofs_expires_at", "expires_at"),
)
