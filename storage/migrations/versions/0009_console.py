"""Drafts, presence, saved replies and saved views of the console."""

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
