"""Runs the migrations on the connection that `Database.upgrade` opened, in its transaction."""

from alembic import context

from storage import (
    console_tables,
    draft_tables,
    file_tables,
    mail_tables,
    people_tables,
    public_form_tables,
    rating_tables,
    rule_tables,
    sign_in_tables,
    ticket_tables,
)
from storage.schema import metadata

TABLES = (  # importing fills the metadata
    console_tables,
    draft_tables,
    file_tables,
    mail_tables,
    people_tables,
    public_form_tables,
    rating_tables,
    rule_tables,
    sign_in_tables,
    ticket_tables,
)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
