"""What a request did to the database: the statements that it sent, and how many rows each table holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, func, select

from badgeissuer.runtime import Runtime
from badgeissuer.store import tables  # noqa: F401 - every table must be known
from badgeissuer.store.awards import Credential
from badgeissuer.store.base import Base

# What the drivers and the pool send by themselves.
_OWN = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "SET ", "SHOW ", "select pg_catalog.version", "select current_schema")


@contextmanager
def statements(runtime: Runtime) -> Iterator[list[str]]:
    """The statements that are sent while the block runs, by readers and writers."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith(_OWN):
            sent.append(statement)

    engines = [runtime.database._read_engine.sync_engine, runtime.database._write_engine.sync_engine]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


async def row_counts(runtime: Runtime) -> dict[str, int]:
    """How many rows each table holds."""
    async with runtime.database.reading() as session:
        return {
            table.name: int(await session.scalar(select(func.count()).select_from(table)) or 0)
            for table in Base.metadata.sorted_tables
        }


async def credential_forms(runtime: Runtime) -> Counter[str]:
    """How many signed texts there are of each media type. Each award has one as JSON and one as a JWT."""
    async with runtime.database.reading() as session:
        return Counter((await session.scalars(select(Credential.media_type))).all())
