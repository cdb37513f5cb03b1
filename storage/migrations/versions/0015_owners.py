"""Whose ticket has changed is announced with its number, so that a client hears of their own."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """CREATE OR REPLACE FUNCTION announce_ticket() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      owner text;
    BEGIN
      SELECT ' ' || coalesce(tickets.client_id, 0) || ' ' || coalesce(requests.user_id, 0)
        INTO owner
        FROM tickets JOIN requests ON requests.number = tickets.number
        WHERE tickets.number = NEW.number;
      PERFORM pg_notify('tickets', coalesce(NEW.number, '') || coalesce(owner, ''));
      RETURN NULL;
    END $$"""
    )
