"""Migrations on both databases: from empty to head, no difference to the models, and back."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import create_async_engine

from badgeissuer.store import schema, tables
from badgeissuer.store.engine import Database


async def _tables(url: str) -> set[str]:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        names = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
    await engine.dispose()
    return names


async def test_upgrade_from_empty_leaves_no_difference_and_downgrade_leaves_nothing(fresh_database_url: str) -> None:
    assert await schema.upgrade(fresh_database_url) == (None, schema.head())
    assert await schema.differences(fresh_database_url) == []
    assert await _tables(fresh_database_url) == {*tables.Base.metadata.tables, "alembic_version"}
    assert await schema.upgrade(fresh_database_url) == (schema.head(), schema.head())
    assert await schema.downgrade(fresh_database_url, "base") == (schema.head(), None)
    assert await _tables(fresh_database_url) == {"alembic_version"}


async def test_at_head_tells_whether_a_migration_is_missing(fresh_database_url: str) -> None:
    database = Database(fresh_database_url)
    try:
        await database.ping()
        assert not await schema.at_head(database)
        await schema.upgrade(fresh_database_url)
        assert await schema.at_head(database)
    finally:
        await database.close()


async def test_a_migration_that_leaves_dangling_rows_is_undone(
    fresh_database_url: str, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if backend != "sqlite":
        pytest.skip("PostgreSQL keeps foreign keys on while it migrates")
    await schema.upgrade(fresh_database_url)

    def break_it(config: object, _revision: str) -> None:
        connection = config.attributes["connection"]  # type: ignore[attr-defined]
        connection.exec_driver_sql("INSERT INTO api_client_issuers (client_id, issuer_id) VALUES ('00', '00')")

    monkeypatch.setattr(schema.command, "upgrade", break_it)
    with pytest.raises(RuntimeError, match="refer to nothing"):
        await schema.upgrade(fresh_database_url)
    monkeypatch.undo()
    engine = create_async_engine(fresh_database_url)
    async with engine.connect() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM api_client_issuers")).scalar() == 0
    await engine.dispose()
