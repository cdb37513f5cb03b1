"""What the head's figures are read by."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# The snapshot's moments name their zone, so the cast always reads them alike.
MOMENT_OF = """CREATE FUNCTION moment_of(told text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN cast(told AS timestamptz)"""
DEPARTURE = """kind = 'taken' AND (data ->> 'text') IS NOT NULL
OR kind = 'criticality_confirmed' AND (data ->> 'criticality') = 'critical'
OR kind = 'letter_urged'"""


def upgrade() -> None:
    op.execute(MOMENT_OF)
    op.add_column(
        "tickets",
        sa.Column(
            "answered_at",
            sa.DateTime(timezone=True),
            sa.Computed(
                "moment_of(coalesce(snapshot ->> 'replied_at', snapshot ->> 'closed_at'))",
                persisted=True,
            ),
        ),
    )
    op.create_index("ix_tickets_received", "tickets", ["received_at", "number"])
    op.create_index(
        "ix_tickets_answered",
        "tickets",
        ["answered_at", "number"],
        postgresql_where=sa.text("answered_at IS NOT NULL"),
    )
    add_events("ix_events_departures", "at", DEPARTURE)
    add_events("ix_events_taken", "at", "kind = 'taken'")
    add_events("ix_events_deferred", "number", "kind = 'deferred'")
    op.create_index(
        "ix_letters_undelivered",
        "letters",
        [sa.literal_column("coalesce(bounced_at, tried_at, prepared_at)")],
        postgresql_where=sa.text("state IN ('bounced', 'failed')"),
    )


def add_events(name: str, column: str, where: str) -> None:
    op.create_index(name, "events", [column], postgresql_where=sa.text(where))
