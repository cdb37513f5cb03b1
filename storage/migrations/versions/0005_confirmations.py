"""The confirmations to one address by when they leave: by that they are counted and spaced."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_requests_address", table_name="requests")
    op.create_index(
        "ix_requests_confirmed",
        "requests",
        [sa.literal_column("lower(address)"), sa.literal_column("coalesce(confirm_at, received_at)")],
        postgresql_where=sa.text("withheld = ''"),
    )
