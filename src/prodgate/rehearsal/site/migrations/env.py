"""Runs the migrations on the connection that the site gives them."""

from alembic import context

from prodgate.rehearsal.site.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    # SQLite can change a table only by copying it
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
