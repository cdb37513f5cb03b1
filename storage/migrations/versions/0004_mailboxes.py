"""What the last sweep of a mailbox found, and what went wrong with it last."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mailboxes", sa.Column("there", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("mailboxes", sa.Column("ours", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("mailboxes", sa.Column("fault", sa.Text(), nullable=True))
    op.add_column("mailboxes", sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("mailboxes_fault_has_its_moment"), "mailboxes", "(fault IS NULL) = (failed_at IS NULL)"
    )
