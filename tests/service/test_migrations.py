"""Migrations on both databases: from empty to head, no difference to the models, and back."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from badgeissuer.rules.terms import DecisionSource, DecisionState, Outcome, VersionState
from badgeissuer.store import schema, tables
from badgeissuer.store.assessment import Decision
from badgeissuer.store.base import Base
from badgeissuer.store.catalog import Achievement, AchievementVersion, Issuer
from badgeissuer.store.catalogue import INDEX_TABLE
from badgeissuer.store.compression import methods
from badgeissuer.store.engine import Database
from badgeissuer.store.people import Earner, Subject
from badgeissuer.vc.preflight import KNOWN_TARGETS


async def _tables(url: str) -> set[str]:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        names = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
    await engine.dispose()
    # The full-text index, which no model stands for: one table, with others beside it on SQLite.
    return {name for name in names if not name.startswith(INDEX_TABLE + "_")}


async def test_upgrade_from_empty_leaves_no_difference_and_downgrade_leaves_nothing(fresh_database_url: str) -> None:
    assert await schema.upgrade(fresh_database_url) == (None, schema.head())
    assert await schema.differences(fresh_database_url) == []
    assert await _tables(fresh_database_url) == {*tables.Base.metadata.tables, "alembic_version", INDEX_TABLE}
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


async def test_issuers_from_before_preflight_get_its_default(fresh_database_url: str) -> None:
    def insert(slug: str) -> str:
        row = f"'{uuid4().hex}', '{slug}', 'did:web:{slug}.example', 'Name', '{{}}', NULL, 1, '{when}', '{when}'"
        names = "id, slug, did, name, profile, website, revision, created_at, updated_at"
        return f"INSERT INTO issuers ({names}) VALUES ({row})"

    when = "2026-11-24 09:30:00"
    await schema.upgrade(fresh_database_url, "0001")
    engine = create_async_engine(fresh_database_url)
    async with engine.begin() as connection:
        await connection.exec_driver_sql(insert("kvec"))
    await schema.upgrade(fresh_database_url)
    async with AsyncSession(engine) as session, session.begin():
        issuer = (await session.scalars(select(Issuer))).one()
        assert (issuer.preflight_targets, issuer.targets) == (None, KNOWN_TARGETS)
        issuer.preflight_targets = []
    # The version before this one does not know the column, and writes on while the processes are replaced.
    async with engine.begin() as connection:
        await connection.exec_driver_sql(insert("iris"))
    async with AsyncSession(engine) as session:
        found = {issuer.slug: issuer.targets for issuer in await session.scalars(select(Issuer))}
    assert found == {"kvec": (), "iris": KNOWN_TARGETS}
    await engine.dispose()
    assert await schema.downgrade(fresh_database_url, "0001") == (schema.head(), "0001")


async def test_decisions_from_before_stacks_stay_and_stacks_may_decide_after(fresh_database_url: str) -> None:
    """SQLite copies the table for a wider constraint: no row, no other constraint and no index may be lost."""
    await schema.upgrade(fresh_database_url, "0002")
    engine = create_async_engine(fresh_database_url)
    before = await _shape(engine, "decisions")
    issuer = uuid4()
    async with AsyncSession(engine) as session, session.begin():
        # Not as a row of ours: it has columns that come later.
        names = "id, slug, did, name, profile, revision, created_at, updated_at"
        when = "'2026-11-24 09:30:00', '2026-11-24 09:30:00'"
        values = f"'{issuer.hex}', 'kvec', 'did:web:a.example', 'N', '{{}}', 1, {when}"
        await session.execute(text(f"INSERT INTO issuers ({names}) VALUES ({values})"))
        for row in _a_decision(issuer):
            session.add(row)
            await session.flush()
    as_stack = "UPDATE decisions SET source = 'stack'"
    await _refused(engine, as_stack)
    await schema.upgrade(fresh_database_url, "0003")
    await engine.dispose()  # what it knows of the table is of before
    async with engine.begin() as connection:
        assert (await connection.exec_driver_sql("SELECT source, reason FROM decisions")).all() == [("platform", "Why")]
        await connection.exec_driver_sql(as_stack)
    await _refused(engine, "UPDATE decisions SET source = 'dice'")
    await _refused(engine, "UPDATE decisions SET state = 'lost'")
    await _refused(engine, "UPDATE decisions SET outcome = 'perhaps'")
    assert await _shape(engine, "decisions") == before
    await engine.dispose()
    await schema.upgrade(fresh_database_url)
    assert await schema.downgrade(fresh_database_url, "0002") == (schema.head(), "0002")


def _a_decision(issuer: UUID) -> list[Base]:
    when = {"created_at": datetime(2026, 11, 24, tzinfo=UTC), "updated_at": datetime(2026, 11, 24, tzinfo=UTC)}
    made = {"created_at": when["created_at"]}
    ids = [uuid4() for _ in range(5)]
    earner, subject, achievement, version, decision = ids
    return [
        Earner(id=earner, **made),
        Subject(id=subject, issuer_id=issuer, earner_id=earner, urn="urn:uuid:1", did_proved=False, **when),
        Achievement(id=achievement, issuer_id=issuer, **made),
        AchievementVersion(
            id=version,
            achievement_id=achievement,
            issuer_id=issuer,
            number=1,
            state=VersionState.PUBLISHED,
            name="N",
            search_text="n",
            document={},
            parts={},
            **when,
        ),
        Decision(
            id=decision,
            issuer_id=issuer,
            subject_id=subject,
            achievement_version_id=version,
            source=DecisionSource.PLATFORM,
            state=DecisionState.DECIDED,
            outcome=Outcome.AWARDED,
            rule="external",
            reason="Why",
            details={},
            **when,
        ),
    ]


async def _refused(engine: AsyncEngine, statement: str) -> None:
    with pytest.raises(IntegrityError):
        async with engine.begin() as connection:
            await connection.exec_driver_sql(statement)


async def _shape(engine: AsyncEngine, table: str) -> object:
    def read(connection: Connection) -> object:
        found = inspect(connection)
        return (
            sorted(index["name"] or "" for index in found.get_indexes(table)),
            sorted(key["name"] or "" for key in found.get_foreign_keys(table)),
            sorted(str(check["name"]) for check in found.get_check_constraints(table)),
            [(column["name"], column["nullable"]) for column in found.get_columns(table)],
        )

    async with engine.connect() as connection:
        return await connection.run_sync(read)


async def test_signed_texts_are_packed_with_lz4_where_the_server_has_it(fresh_database_url: str, backend: str) -> None:
    if backend != "postgresql":
        pytest.skip("SQLite packs nothing")
    await schema.upgrade(fresh_database_url)
    engine = create_async_engine(fresh_database_url)
    async with engine.connect() as connection:
        has_it = "lz4" in await connection.run_sync(methods)
        packed = await connection.execute(
            text(
                "SELECT relname, attcompression::text FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
                " WHERE relkind = 'r' AND attname = 'text' AND relnamespace = 'public'::regnamespace"
            )
        )
        found = {row[0]: row[1] for row in packed.all()}
    await engine.dispose()
    signed = ("credentials", "clrs", "endorsements", "status_lists", "admitted_badges")
    assert {name: found[name] for name in signed} == dict.fromkeys(signed, "l" if has_it else "")
