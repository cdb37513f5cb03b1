"""Full-text search, similar tickets, and the announcement of every change."""

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
