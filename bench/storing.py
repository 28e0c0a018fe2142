"""The rows of many awards: inserted in groups, against COPY; and read out as NDJSON, against psql's COPY.

The rows are those that the service itself made, all tables of them. Rates count rows in a second on the wall: both
sides wait for the same disk.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import asyncpg
from sqlalchemy import JSON, Table, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import create_async_engine

from badgeissuer.services import access
from badgeissuer.store.award_search import AwardFilter, select_awards
from badgeissuer.store.base import Base
from badgeissuer.store.engine import Database
from badgeissuer.store.insert import insert_rows
from bench import filling, postgres, processes, service
from bench.rounds import median
from bench.rows import Goal, Row, not_measured
from bench.run import Run

_INSERT, _EXPORT = Goal("≥", 0.4), Goal("≥", 0.7)
_AWARDS = 2_000
_SKIPPED = frozenset({"jobs"})

Rows = dict[Table, list[dict[str, Any]]]


def rows(run: Run) -> Iterator[Row]:
    insert, export = "group insert ÷ COPY of the same rows", "NDJSON export ÷ psql COPY TO of the same rows"
    memory = "memory that the export takes of the service"
    try:
        with postgres.server(run) as server:
            place = service.set_up(run.folder / "place", server.create("filled"))
            server.create_like("empty", "filled")
            count = run.few(_AWARDS, 6)
            filling.fill(place, first=0, count=count, tell=run.tell)
            yield from _insert(run, server, insert, count)
            yield from _export(run, server, place, export, memory)
    except postgres.NoPostgres as reason:
        yield not_measured(insert, _INSERT, str(reason))
        yield not_measured(export, _EXPORT, str(reason))


def _insert(run: Run, server: postgres.Server, name: str, awards: int) -> Iterator[Row]:
    made = asyncio.run(_made(server))
    total = sum(len(each) for each in made.values())
    groups = list(_groups(made, max(1, awards // filling.AT_ONCE)))
    taken: dict[str, list[float]] = {"insert": [], "copy": []}
    for turn in range(run.rounds + 1):
        for way in taken:
            run.tell(f"{way}, round {turn} of {run.rounds}")
            server.create_like(f"{way}_{turn}", "empty")
            seconds = asyncio.run(_inserted(server, f"{way}_{turn}", groups) if way == "insert" else _copied(
                server, f"{way}_{turn}", made
            ))  # fmt: skip
            server.drop(f"{way}_{turn}")
            if turn:
                taken[way].append(total / seconds)
    ours, peer = median(taken["insert"]), median(taken["copy"])
    yield Row(name, "rows/s", None, ours, peer, ours / peer, None if run.quick else _INSERT)


async def _made(server: postgres.Server) -> Rows:
    """What the awards left in the database beyond what was there before them."""
    found: Rows = {}
    before, after = (create_async_engine(server.url(name)) for name in ("empty", "filled"))
    try:
        async with before.connect() as old, after.connect() as new:
            for table in Base.metadata.sorted_tables:
                keys = table.primary_key.columns
                known = {tuple(row) for row in await old.execute(select(*keys))}
                everything = [dict(row._mapping) for row in await new.execute(select(table))]
                fresh = [row for row in everything if tuple(row[key.name] for key in keys) not in known]
                if fresh and table.name not in _SKIPPED:
                    found[table] = fresh
    finally:
        await before.dispose()
        await after.dispose()
    return found


def _groups(made: Rows, count: int) -> Iterator[Rows]:
    """The rows of so many awards in each: as many as were made in one unit of work, so that none refers to a later."""
    for number in range(count):
        # Rounded up: of a table with one row for all awards the first group has it.
        ends = {
            table: (-(-len(values) * number // count), -(-len(values) * (number + 1) // count))
            for table, values in made.items()
        }
        yield {table: made[table][start:end] for table, (start, end) in ends.items() if start < end}


async def _inserted(server: postgres.Server, name: str, groups: Sequence[Rows]) -> float:
    """Seconds for all groups, each in one transaction, with one statement a table."""
    classes = {mapper.local_table: mapper.class_ for mapper in Base.registry.mappers}
    database = Database(server.url(name), pool_size=1)
    try:
        async with database.writing() as session:
            await session.connection()
        started = time.perf_counter()
        for group in groups:
            async with database.writing() as session:
                for table, values in group.items():
                    await insert_rows(session, classes[table], values)
        return time.perf_counter() - started
    finally:
        await database.close()


async def _copied(server: postgres.Server, name: str, made: Rows) -> float:
    """Seconds for COPY of each table whole, in one transaction."""
    connection = await asyncpg.connect(host=server.host, user="postgres", database=name)
    try:
        started = time.perf_counter()
        async with connection.transaction():
            for table, values in made.items():
                columns = [column.name for column in table.columns]
                texts = {column.name for column in table.columns if isinstance(column.type, JSON)}
                await connection.copy_records_to_table(
                    table.name, columns=columns, records=[_record(row, columns, texts) for row in values]
                )
        return time.perf_counter() - started
    finally:
        await connection.close()


def _record(row: dict[str, Any], columns: Sequence[str], texts: set[str]) -> tuple[Any, ...]:
    return tuple(json.dumps(row[name]) if name in texts and row[name] is not None else row[name] for name in columns)


def _export(run: Run, server: postgres.Server, place: service.Place, name: str, about_memory: str) -> Iterator[Row]:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    query = select_awards(access.operator(), AwardFilter())
    statement = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    count = asyncio.run(_count(server))
    taken: dict[str, list[float]] = {"stream": [], "psql": []}
    with ExitStack() as stack:
        served = stack.enter_context(service.serving(place, database=[server.pid]))
        first = processes.resident_mib(served.pid)
        peak = first
        for turn in range(run.rounds + 1):
            run.tell(f"export, round {turn} of {run.rounds}")
            started = time.perf_counter()
            lines = served.stream("/v1/awards", "application/x-ndjson")
            stream = time.perf_counter() - started
            if lines != count:
                raise RuntimeError(f"the export has {lines} lines of {count}")
            now = processes.resident_mib(served.pid)
            first, peak = (now, now) if not turn else (first, max(peak, now))
            started = time.perf_counter()
            copied = subprocess.run(
                [*server.psql("filled"), "-c", f"COPY ({statement}) TO STDOUT"], capture_output=True, check=True
            ).stdout.count(b"\n")
            if copied != count:
                raise RuntimeError(f"COPY has {copied} lines of {count}")
            if turn:
                taken["stream"].append(count / stream)
                taken["psql"].append(count / (time.perf_counter() - started))
    ours, peer = median(taken["stream"]), median(taken["psql"])
    yield Row(name, "rows/s", None, ours, peer, ours / peer, None if run.quick else _EXPORT)
    if processes.measurable():
        yield Row(about_memory, "MiB", None, peak - first, None, None)


async def _count(server: postgres.Server) -> int:
    connection = await asyncpg.connect(host=server.host, user="postgres", database="filled")
    try:
        return int(await connection.fetchval("SELECT count(*) FROM awards"))
    finally:
        await connection.close()
