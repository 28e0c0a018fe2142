"""Single SELECTs of what the public reads most: no session, no transaction, one round trip, the columns as they are.

A unit of work costs many times what such a read does: it begins, ends, and looks whether its connection lives. One
statement sees one state of the database by itself. Nothing is kept here but connections and the words of statements.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import asyncpg
from sqlalchemy import Dialect, Select
from sqlalchemy.engine import URL

from badgeissuer.errors import Unavailable

# A lookup takes a fraction of a millisecond: few connections serve many callers.
_MOST_CONNECTIONS = 4
_PATIENCE_S = 15.0

Row = Sequence[Any]
_Change = Callable[[Any], Any] | None


class Lookup:
    """A SELECT with named parameters, put into each database's words once. Made at import, like a table.

    Rows hold what each column's type gives. A JSON column is to be read as text (``type_coerce``): it is not parsed.
    """

    def __init__(self, query: Select[*tuple[Any, ...]]) -> None:
        self._query = query
        self._written: dict[str, _Written] = {}

    def written(self, dialect: Dialect) -> _Written:
        found = self._written.get(dialect.name)
        if found is None:
            found = self._written[dialect.name] = _Written(self._query, dialect)
        return found


class _Written:
    """A statement in one database's words: its text, its parameters in their order, and how columns become values."""

    def __init__(self, query: Select[*tuple[Any, ...]], dialect: Dialect) -> None:
        compiled = query.compile(dialect=dialect)
        self.text = str(compiled)
        self._parameters: list[tuple[str, Any, _Change]] = []
        for name in compiled.positiontup or ():
            bound = compiled.binds[name]
            into: _Change = bound.type.dialect_impl(dialect).bind_processor(dialect)
            fixed = bound.effective_value
            self._parameters.append((name, into(fixed) if into and fixed is not None else fixed, into))
        self._columns: list[_Change] = [
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in query.selected_columns
        ]
        self._as_they_are = not any(self._columns)

    def arguments(self, given: dict[str, Any]) -> list[Any]:
        return [
            (into(given[name]) if into else given[name]) if name in given else fixed
            for name, fixed, into in self._parameters
        ]

    def row(self, found: Row) -> Row:
        if self._as_they_are:
            return found
        return [out(value) if out else value for out, value in zip(self._columns, found, strict=True)]


class Source(Protocol):
    """Where lookups are answered."""

    async def rows(self, lookup: Lookup, **parameters: Any) -> list[Row]:
        """All rows. Raises ``Unavailable``."""

    async def close(self) -> None:
        """Let go of the connections."""


async def first(source: Source, lookup: Lookup, **parameters: Any) -> Row | None:
    """The one row that there is, or none. Raises ``Unavailable``."""
    found = await source.rows(lookup, **parameters)
    return found[0] if found else None


class Postgres:
    """Connections of asyncpg's own pool, which prepares each statement once on each of them."""

    def __init__(self, url: URL, dialect: Dialect, *, most: int) -> None:
        self._dialect = dialect
        _, self._address = dialect.create_connect_args(url)
        # These are SQLAlchemy's own.
        for name in ("prepared_statement_cache_size", "prepared_statement_name_func", "async_creator_fn"):
            self._address.pop(name, None)
        self._most = min(most, _MOST_CONNECTIONS)
        self._pool: Any = None
        self._opening = asyncio.Lock()

    async def rows(self, lookup: Lookup, **parameters: Any) -> list[Row]:
        written = lookup.written(self._dialect)
        arguments = written.arguments(parameters)
        try:
            pool = self._pool or await self._open()
            try:
                found = await self._ask(pool, written.text, arguments)
            except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, ConnectionError):
                # The server was started anew since the last read; the next connection is a new one.
                found = await self._ask(pool, written.text, arguments)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            if isinstance(error, asyncpg.PostgresError) and not _is_away(error):
                raise
            raise Unavailable("the database cannot be reached or is busy; try again shortly") from error
        return [written.row(row) for row in found]

    async def close(self) -> None:
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await pool.close()

    async def _ask(self, pool: Any, text: str, arguments: Sequence[Any]) -> Sequence[Any]:
        connection = await pool.acquire(timeout=_PATIENCE_S)
        try:
            found: Sequence[Any] = await connection.fetch(text, *arguments)
        finally:
            await pool.release(connection)
        return found

    async def _open(self) -> Any:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    **self._address,
                    min_size=0,
                    max_size=self._most,
                    # A SELECT by itself leaves nothing behind, so that nothing has to be put right.
                    reset=_nothing,
                    server_settings={"default_transaction_read_only": "on"},
                )
        return self._pool


class Sqlite:
    """One connection, asked on the event loop: a read by key takes some 20 µs, and going to a thread five times that.

    In WAL mode readers wait for nobody. The rare file that is locked as a whole (a recovery after a power cut) is asked
    again in a thread, which may wait.
    """

    def __init__(self, url: URL, dialect: Dialect, *, patience_s: float) -> None:
        self._dialect = dialect
        self._path = url.database or ":memory:"
        self._patience_s = patience_s
        self._connection: sqlite3.Connection | None = None

    async def rows(self, lookup: Lookup, **parameters: Any) -> list[Row]:
        written = lookup.written(self._dialect)
        arguments = written.arguments(parameters)
        try:
            try:
                if self._connection is None:
                    self._connection = self._opened(0.0)
                # All rows at once: a statement that is not at its end would hold up checkpoints.
                found = self._connection.execute(written.text, arguments).fetchall()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                found = await asyncio.to_thread(self._waiting, written.text, arguments)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _AWAY_FILE:
                raise
            raise Unavailable("the database cannot be reached or is busy; try again shortly") from error
        return [written.row(row) for row in found]

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _waiting(self, text: str, arguments: Sequence[Any]) -> list[Any]:
        with contextlib.closing(self._opened(self._patience_s)) as connection:
            return connection.execute(text, arguments).fetchall()

    def _opened(self, timeout: float) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=timeout, isolation_level=None)
        connection.execute("PRAGMA query_only=ON")
        return connection


_AWAY_FILE = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
# As ``engine._TRY_AGAIN`` says of whole units: it is away, it stops or starts, or it has no room.
_AWAY = ("08", "53", "57P")


def _is_away(error: asyncpg.PostgresError) -> bool:
    state = str(error.sqlstate or "")
    return state.startswith(_AWAY) or state in ("28P01", "28000", "3D000", "55P03", "40001", "40P01")


async def _nothing(_connection: Any) -> None:
    return None
