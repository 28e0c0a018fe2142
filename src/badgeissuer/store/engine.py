"""Engines and sessions. Two ways in: read-only sessions, and one writing transaction per unit of work.

SQLite: WAL, foreign keys on, one writer connection behind a lock, ``BEGIN IMMEDIATE`` (the driver's default begins
deferred, and then concurrent read-modify-write loses updates without an error). Readers have their own connections,
query-only. PostgreSQL: two pools, so that a unit of work that reads, then writes, cannot starve itself. Verbs lock rows
``FOR NO KEY UPDATE`` (``key_share=True``): ``FOR UPDATE`` would deadlock with the locks of referring inserts.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from badgeissuer.errors import Unavailable
from badgeissuer.store import lookups

BUSY_TIMEOUT_MS = 15_000
# PostgreSQL: serialization failure, deadlock, lock not available, too many connections, shutting down, cannot connect,
# disk full, out of memory, password or user refused, no such database.
_TRY_AGAIN = (
    "40001",
    "40P01",
    "55P03",
    "53300",
    "57P01",
    "57P02",
    "57P03",
    "53100",
    "53200",
    "28P01",
    "28000",
    "3D000",
)


class Database:
    """The one door to storage: ``reading()`` and ``writing()`` give sessions; leaving the latter commits.

    ``lookups`` answers single SELECTs outside of either.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = make_url(url)
        # hide_parameters below: what a statement carried (names, addresses) must not reach a log with its error.
        self.sqlite = self.url.get_backend_name() == "sqlite"
        if self.sqlite:
            make_parent(self.url)
            self._write_engine = create_async_engine(self.url, pool_size=1, max_overflow=0, hide_parameters=True)
            self._read_engine = create_async_engine(self.url, pool_size=pool_size, max_overflow=0, hide_parameters=True)
            _prepare_sqlite(self._write_engine, begin="BEGIN IMMEDIATE", query_only=False)
            _prepare_sqlite(self._read_engine, begin="BEGIN", query_only=True)
            self.lookups: lookups.Source = lookups.Sqlite(
                self.url, self._read_engine.dialect, patience_s=BUSY_TIMEOUT_MS / 1_000
            )
        else:
            self._write_engine = create_async_engine(
                self.url, pool_size=pool_size, max_overflow=0, pool_pre_ping=True, hide_parameters=True
            )
            self._read_engine = create_async_engine(
                self.url,
                pool_size=pool_size,
                max_overflow=0,
                pool_pre_ping=True,
                hide_parameters=True,
                isolation_level="REPEATABLE READ",
                connect_args={"server_settings": {"default_transaction_read_only": "on"}},
            )
            self.lookups = lookups.Postgres(self.url, self._read_engine.dialect, most=pool_size)
        # One writer per process on SQLite: waiting here is fair and cheap, waiting in the busy handler is neither.
        self._writer = asyncio.Lock()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A read-only session with one consistent view of the database."""
        async with AsyncSession(self._read_engine, expire_on_commit=False, autoflush=False) as session:
            with _translated():
                yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A session in one writing transaction: commits on leaving, rolls back on an error or a cancelled caller."""
        if self.sqlite:
            async with self._writer, self._transaction() as session:
                yield session
        else:
            async with self._transaction() as session:
                yield session

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(self._write_engine, expire_on_commit=False) as session:
            with _translated():
                await session.connection()
                try:
                    yield session
                    await session.commit()
                except BaseException:
                    await session.rollback()
                    raise

    async def ping(self) -> None:
        """Raises ``Unavailable`` when the database does not answer."""
        async with self.reading() as session:
            await session.connection()

    async def close(self) -> None:
        await self.lookups.close()
        await self._write_engine.dispose()
        await self._read_engine.dispose()


def make_parent(url: URL) -> None:
    """Make the folder of an SQLite file, for its owner alone: people's addresses will lie in it."""
    if url.database:
        Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)


class _translated:
    """Turns "the database is away or busy" into ``Unavailable``; programming errors stay what they are."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, (OperationalError, InterfaceError, ConnectionError, socket.gaierror)) or (
            isinstance(error, DBAPIError) and (error.connection_invalidated or _sqlstate(error) in _TRY_AGAIN)
        ):
            raise Unavailable("the database cannot be reached or is busy; try again shortly") from error


def _sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def _prepare_sqlite(engine: AsyncEngine, *, begin: str, query_only: bool) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we begin transactions ourselves
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        # FULL: a commit that was answered survives a power cut, not only a killed process.
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA foreign_keys=ON")
        if query_only:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin_transaction(connection: Any) -> None:
        connection.exec_driver_sql(begin)
