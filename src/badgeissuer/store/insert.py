"""Insert rows: many in one statement, and only where their place is free. The database decides races, not a read that
came before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import JSON, Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from badgeissuer.store.base import Base, UTCDateTime

_Value = TypeVar("_Value")
_Row = Mapping[str, Any]
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


async def insert_if_free(session: AsyncSession, row: type[Base], **values: Any) -> bool:
    """Insert; False where a unique constraint is in the way. On PostgreSQL it waits for a rival's commit first."""
    kind = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    result = await session.execute(kind(row).values(**values).on_conflict_do_nothing())
    return bool(getattr(result, "rowcount", 0))


async def insert_rows(session: AsyncSession, row: type[Base], values: Sequence[_Row]) -> None:
    """Insert all in one statement. All name the same columns: those of the first; others get the server's default.

    What the session holds is written first where it must be there already: flush it. Nothing is put into the session.
    """
    if not values:
        return
    connection = await session.connection()
    if connection.dialect.name != "postgresql":
        await connection.execute(insert(_table(row)), list(values))
        return
    columns = tuple(values[0])
    await connection.exec_driver_sql(_unnest(_table(row), columns), _arrays(_table(row), columns, values))


async def insert_free(session: AsyncSession, row: type[Base], values: Sequence[_Row], *, told: str) -> set[Any]:
    """Insert those whose place no other row holds; returns what they have in the column ``told``.

    On PostgreSQL it waits for a rival's commit first. Two units that insert the same rows should name them in one
    order, or one of them is told to try again.
    """
    if not values:
        return set()
    connection = await session.connection()
    table = _table(row)
    if connection.dialect.name != "postgresql":
        statement = sqlite.insert(table).on_conflict_do_nothing().returning(table.c[told])
        return set((await connection.execute(statement, list(values))).scalars())
    columns = tuple(values[0])
    statement_text = f'{_unnest(table, columns)} ON CONFLICT DO NOTHING RETURNING "{told}"'
    return set((await connection.exec_driver_sql(statement_text, _arrays(table, columns, values))).scalars())


def columns_of(row: Base) -> dict[str, Any]:
    """What was set of a row that is in no session: for ``insert_rows``."""
    return {name: value for name, value in vars(row).items() if name != "_sa_instance_state"}


def padded(values: Iterable[_Value]) -> list[_Value]:
    """The same values, some repeated, for ``in_``: how many there are is a power of two.

    A statement with another number of places is another one to prepare and to keep.
    """
    given = list(dict.fromkeys(values))
    size = 1 << max(len(given) - 1, 0).bit_length()
    return given + given[-1:] * (size - len(given))


def _table(row: type[Base]) -> Table:
    assert isinstance(row.__table__, Table)
    return row.__table__


@cache
def _unnest(table: Table, columns: tuple[str, ...]) -> str:
    """One statement for any number of rows, an array for each column: it is planned once, and takes one round trip."""
    types = [table.c[name].type for name in columns]
    names = ", ".join(f'"{name}"' for name in columns)
    # There are no arrays of the JSON type here: its texts travel as texts.
    arrays = ", ".join(
        f"${n}::{'text' if isinstance(kind, JSON) else kind.compile(dialect=_DIALECT)}[]"
        for n, kind in enumerate(types, start=1)
    )
    read = ", ".join(
        f'"{name}"::json' if isinstance(kind, JSON) else f'"{name}"' for name, kind in zip(columns, types, strict=True)
    )
    # Names of tables and columns are ours, as the models have them.
    return f'INSERT INTO "{table.name}" ({names}) SELECT {read} FROM unnest({arrays}) AS t({names})'  # noqa: S608


def _arrays(table: Table, columns: tuple[str, ...], values: Sequence[_Row]) -> tuple[list[Any], ...]:
    return tuple(_array(table.c[name].type, [row[name] for row in values]) for name in columns)


def _array(kind: Any, values: list[Any]) -> list[Any]:
    if isinstance(kind, JSON):
        return [_json(value) for value in values]
    if isinstance(kind, UTCDateTime):  # its guard: the driver would take a time without a zone as one of some zone
        return [kind.process_bind_param(value, _DIALECT) for value in values]
    return values


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value)
