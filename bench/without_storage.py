"""The service with storage that keeps nothing: the same route, checks, signatures and answers, and nothing is stored.

It is made inside the process that serves (``bench.served --without-storage``), so that only storage differs. A SELECT
of what all awards share (issuer, achievement, keys, list) is asked once and remembered; one that is about an earner
finds nothing, as it does for the new earners that are measured; what is written goes nowhere, and there is no
transaction.
The code above the session is untouched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, cast

from sqlalchemy import Select, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import visitors

from badgeissuer.store.base import Base
from badgeissuer.store.engine import Database
from badgeissuer.store.lookups import Lookup, Postgres, Row
from badgeissuer.store.people import Subject
from badgeissuer.work import Work

# What an award writes, or is there for each earner.
_OF_EARNERS = frozenset(
    (
        "answers", "awards", "credentials", "decisions", "earner_identities", "earners", "events", "evidence_items",
        "jobs", "notice_stops", "status_entries", "subjects",
    )
)  # fmt: skip
_INSERTED = re.compile(r'INSERT INTO "(\w+)" \(([^)]*)\)')
_TOLD = re.compile(r'RETURNING "(\w+)"')


def apply() -> None:
    """Have every unit of work of this process keep nothing. What a service reads as it starts, it still reads."""
    rows = Postgres.rows
    remembered: dict[Any, list[Any]] = {}
    looked_up: dict[Any, list[Row]] = {}

    async def begin(self: Work) -> Any:
        if self._session is None:
            self._session = cast(AsyncSession, Session(self.database, remembered))
        return self._session

    async def begin_write(self: Work) -> Any:
        self._writing = True
        return await begin(self)

    async def known(self: Postgres, lookup: Lookup, **parameters: Any) -> list[Row]:
        key = id(lookup), tuple(parameters.items())
        if key not in looked_up:
            looked_up[key] = await rows(self, lookup, **parameters)
        return looked_up[key]

    for kind, name, instead in ((Work, "open", begin), (Work, "begin_write", begin_write), (Postgres, "rows", known)):
        setattr(kind, name, instead)


class Session:
    """Stands in for a session and for its connection."""

    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]

    def __init__(self, database: Database, remembered: dict[Any, list[Any]]) -> None:
        self._database = database
        self._remembered = remembered
        # A unit of work reads the subjects again that it has just made.
        self._subjects: list[Subject] = []

    async def execute(self, statement: Any, *_: Any, **__: Any) -> Found:
        if not isinstance(statement, Select):
            return Found([])
        cached = statement._generate_cache_key()
        assert cached is not None
        of_earners = self._remembered.get(cached.key)
        if of_earners is None:
            tables = {each.name for each in visitors.iterate(statement) if isinstance(each, Table)}
            of_earners = self._remembered[cached.key] = [bool(tables & _OF_EARNERS)]
        if of_earners[0]:
            entity = statement.column_descriptions[0]["entity"]
            whole = entity is Subject and len(statement.column_descriptions) == 1
            return Found([(each,) for each in self._subjects] if whole else [])
        key = cached.key, tuple(str(bound.value) for bound in cached.bindparams)
        if key not in self._remembered:
            async with self._database.writing() as session:  # some of them lock what they read
                self._remembered[key] = list((await session.execute(statement)).all())
        return Found(self._remembered[key])

    async def scalars(self, statement: Any, *_: Any, **__: Any) -> Found:
        return (await self.execute(statement)).scalars()

    async def scalar(self, statement: Any, *_: Any, **__: Any) -> Any:
        return next(iter(await self.scalars(statement)), None)

    async def stream(self, statement: Any, *_: Any, **__: Any) -> Any:
        raise NotImplementedError("only what issues is asked of it")

    async def connection(self) -> Session:
        return self

    async def exec_driver_sql(self, statement: str, arrays: Sequence[Sequence[Any]] = ()) -> Found:
        inserted, told = _INSERTED.match(statement), _TOLD.search(statement)
        if inserted is None:
            return Found([])
        columns = [name.strip(' "') for name in inserted[2].split(",")]
        if inserted[1] == "subjects":
            self._subjects += [Subject(**dict(zip(columns, row, strict=True))) for row in zip(*arrays, strict=True)]
        return Found([(value,) for value in arrays[columns.index(told[1])]] if told else [])

    async def get(self, *_: Any, **__: Any) -> None:
        return None

    async def flush(self) -> None:
        """Nothing waits to be written."""

    def add(self, _: Base) -> None:
        """Goes nowhere."""

    def add_all(self, rows: Any) -> None:
        """They are made, and go nowhere."""
        for _ in rows:
            pass

    def get_bind(self) -> Session:
        return self


class Found:
    """What a statement found."""

    rowcount = 0

    def __init__(self, rows: Sequence[Any]) -> None:
        self._rows = rows

    def scalars(self) -> Found:
        return Found([row[0] for row in self._rows])

    def all(self) -> Sequence[Any]:
        return self._rows

    def one_or_none(self) -> Any:
        return self._rows[0] if self._rows else None

    def first(self) -> Any:
        return self.one_or_none()

    def scalar_one_or_none(self) -> Any:
        return self._rows[0][0] if self._rows else None

    def one(self) -> Any:
        (row,) = self._rows
        return row

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)
