"""Runs the migrations on the connection that `Database.upgrade` opened, in its transaction."""

from alembic import context

from storage import file_tables, mail_tables, people_tables, rule_tables, ticket_tables
from storage.schema import metadata

TABLES = (file_tables, mail_tables, people_tables, rule_tables, ticket_tables)  # importing fills the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
