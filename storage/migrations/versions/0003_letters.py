"""Since when a letter is refused for now, and when it is tried again."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("letters", sa.Column("first_refused_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("letters", sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True))
