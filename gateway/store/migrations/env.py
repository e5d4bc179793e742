"""Where Alembic begins: on the connection that it is handed, in the transaction of whoever hands it over."""

from alembic import context

from gateway.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
