"""Alembic's entry. The service hands its connection over (store/schema.py); nothing here reads a configuration file."""

from alembic import context

from badgeissuer.store import tables

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("run migrations with `badgeissuer migrate`; to write one, see CONTRIBUTING.md")

context.configure(
    connection=connection,
    target_metadata=tables.Base.metadata,
    compare_type=True,
    compare_server_default=True,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
)
# The caller has begun the transaction, and commits it.
context.run_migrations()
