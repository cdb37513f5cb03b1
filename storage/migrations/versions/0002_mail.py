"""What mail needs beside letters: addresses that bounce, checked files, paced confirmations."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

REVIEW_KINDS = (
    "'unreadable', 'thanks', 'undeliverable', 'to_post', 'possible_link', 'reused_id', 'infected'"
)


def upgrade() -> None:
    op.create_table(
        "bounced_addresses",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("letter", sa.Text(), nullable=False),
        sa.Column("bounced_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("address = lower(address)", name=op.f("bounced_addresses_address_is_folded")),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_bounced_addresses")),
    )
    op.create_table(
        "picture_copies",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("copy", sa.Text(), server_default="", nullable=False),
        sa.Column("content_type", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(copy = '') = (reason <> '')", name=op.f("picture_copies_copy_or_reason")),
        sa.ForeignKeyConstraint(["digest"], ["files.digest"], name=op.f("fk_picture_copies_digest")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_picture_copies")),
    )
    op.create_table(
        "file_scans",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="held", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('held', 'clean', 'infected')", name=op.f("file_scans_state_is_known")),
        sa.ForeignKeyConstraint(["digest"], ["files.digest"], name=op.f("fk_file_scans_digest")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_file_scans")),
    )
    op.create_index("ix_file_scans_held", "file_scans", ["created_at"], postgresql_where=sa.text("state = 'held'"))
    op.add_column("requests", sa.Column("confirm_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint(op.f("review_items_kind_is_known"), "review_items")
    op.create_check_constraint(op.f("review_items_kind_is_known"), "review_items", f"kind IN ({REVIEW_KINDS})")
