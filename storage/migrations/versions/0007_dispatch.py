"""Status links, and what staff may still do with a letter that waits."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("requests", sa.Column("link_generation", sa.Integer, nullable=False, server_default="0"))
    for name in ("not_before", "cancelled_at", "urged_at"):
        op.add_column("letters", sa.Column(name, moment))
    for name in ("urged_by", "urged_why"):
        op.add_column("letters", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.create_check_constraint(
        op.f("letters_urged_has_its_reason"),
        "letters",
        "(urged_at IS NULL) = (urged_why = '') AND (urged_at IS NULL) = (urged_by = '')",
    )
