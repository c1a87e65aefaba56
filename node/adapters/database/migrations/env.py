"""Runs the versions on the connection that `node.adapters.database.migration` hands over, within its transaction."""

from alembic import context

from node.adapters.database.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
    render_as_batch=True,
    compare_server_default=True,
)
context.run_migrations()
