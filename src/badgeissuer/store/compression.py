"""How PostgreSQL packs signed texts: with lz4 where the server was built with it, which is several times faster.

What is stored already stays as it is packed. Texts are the same bytes under either method, and a server without lz4
takes the default.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, text

_METHODS = "SELECT enumvals FROM pg_settings WHERE name = 'default_toast_compression'"


def methods(connection: Connection) -> Collection[str]:
    """The methods that the server knows; none where it is no PostgreSQL that lets a column choose."""
    if connection.dialect.name != "postgresql":
        return ()
    return connection.execute(text(_METHODS)).scalar() or ()


def statements(columns: Iterable[tuple[str, str]], known: Collection[str]) -> list[str]:
    """What makes new values of these columns (table, column) be packed with lz4; nothing where it is not known."""
    if "lz4" not in known:
        return []
    return [f"ALTER TABLE {table} ALTER COLUMN {column} SET COMPRESSION lz4" for table, column in columns]
