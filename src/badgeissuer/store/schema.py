"""The schema over time: upgrade, downgrade, and whether the database is where the code expects it.

One Alembic tree serves both databases. On SQLite a migration runs with foreign keys off (a batch change drops and
rebuilds the table, and ON DELETE rules would fire) in one transaction, and ends with a check that nothing dangles.
"""

from __future__ import annotations

from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from badgeissuer.errors import Unavailable
from badgeissuer.resources import resource
from badgeissuer.store import tables
from badgeissuer.store.catalogue import INDEX_TABLE
from badgeissuer.store.engine import BUSY_TIMEOUT_MS, Database, make_parent

# Any two processes that migrate at once take turns.
_MIGRATION_LOCK = 7_466_910_024
# A migration that cannot get its lock gives up, instead of queueing everybody behind itself.
_LOCK_TIMEOUT = "5s"


async def upgrade(database_url: str, revision: str = "head") -> tuple[str | None, str | None]:
    """Bring the database to a revision; returns the revisions before and after. Creates a missing SQLite file."""
    return await _run(database_url, lambda config: command.upgrade(config, revision))


async def downgrade(database_url: str, revision: str) -> tuple[str | None, str | None]:
    """Take the database back to a revision (``base`` empties it). For tests and for operators with a backup."""
    return await _run(database_url, lambda config: command.downgrade(config, revision))


async def differences(database_url: str) -> list[Any]:
    """What autogenerate would change; an empty list when migrations and models agree."""
    engine = _engine(database_url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_compare)
    finally:
        await engine.dispose()


async def at_head(database: Database) -> bool:
    """Whether the database stands at the newest migration of this code."""
    async with database.reading() as session:
        connection = await session.connection()
        return await connection.run_sync(_revision) == head()


def head() -> str | None:
    """The newest migration of this code."""
    return ScriptDirectory.from_config(_config()).get_current_head()


async def _run(database_url: str, act: Any) -> tuple[str | None, str | None]:
    engine = _engine(database_url)

    def migrate(connection: Connection) -> tuple[str | None, str | None]:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SET lock_timeout = '{_LOCK_TIMEOUT}'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        before = _revision(connection)
        config = _config()
        config.attributes["connection"] = connection
        act(config)
        if connection.dialect.name == "sqlite" and connection.execute(text("PRAGMA foreign_key_check")).first():
            raise RuntimeError("the migration would leave rows that refer to nothing; it was undone")
        return before, _revision(connection)

    try:
        async with engine.begin() as connection:
            return await connection.run_sync(migrate)
    except (OperationalError, InterfaceError, ConnectionError) as error:
        raise Unavailable("the database cannot be reached or is busy; nothing was migrated") from error
    finally:
        await engine.dispose()


def _engine(database_url: str) -> AsyncEngine:
    url = make_url(database_url)
    engine = create_async_engine(url)
    if url.get_backend_name() == "sqlite":
        make_parent(url)

        @event.listens_for(engine.sync_engine, "connect")
        def connect(connection: Any, _record: Any) -> None:
            connection.isolation_level = None
            cursor = connection.cursor()
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
            cursor.execute("PRAGMA foreign_keys=OFF")
            cursor.close()

        @event.listens_for(engine.sync_engine, "begin")
        def begin(connection: Any) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(resource("migrations")))
    config.set_main_option("path_separator", "os")
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _compare(connection: Connection) -> list[Any]:
    def has_model(name: str | None, kind: str, _parents: Any) -> bool:
        # The full-text index is of each database's own kind (on SQLite with tables beside it), and no model is.
        return kind != "table" or not str(name).startswith(INDEX_TABLE)

    opts = {"compare_type": True, "compare_server_default": True, "include_name": has_model}
    context = MigrationContext.configure(connection, opts=opts)
    return list(compare_metadata(context, tables.Base.metadata))
