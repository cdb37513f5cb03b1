"""What clients say about how their tickets were solved."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ratings",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "grade IN ('helped', 'partly', 'not_helped')", name=op.f("ratings_grade_is_known")
        ),
        sa.ForeignKeyConstraint(
            ["number"], ["tickets.number"], name=op.f("fk_ratings_number")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ratings")),
    )
    op.create_index("ix_ratings_at", "ratings", ["at", "number"])
