"""Run by Alembic: applies the revisions on the connection that `feedback.database.migrate` opened."""

from alembic import context

from feedback.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
