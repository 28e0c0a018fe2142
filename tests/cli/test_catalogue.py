"""The catalogue made anew by a command: what was lost from it is found again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.cli.conftest import Shell

TABLES = ("catalogue_frameworks", "catalogue_index", "catalogue_entries")


async def _kinds(url: str, *, empty: bool = False) -> list[str]:
    """The kinds of the entries there are; ``empty``: after taking all of them out."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            for table in TABLES if empty else ():
                await connection.execute(text(f"DELETE FROM {table}"))
            rows = await connection.execute(text("SELECT kind FROM catalogue_entries ORDER BY kind"))
            return [row.kind for row in rows]
    finally:
        await engine.dispose()


def test_the_catalogue_is_rebuilt_from_what_is_published(shell: Shell, published: Callable[..., str]) -> None:
    published()
    url = shell.environment["BADGEISSUER_DATABASE_URL"]
    before = asyncio.run(_kinds(url))
    assert before.count("achievement") == 1
    assert asyncio.run(_kinds(url, empty=True)) == []
    assert shell.json("catalogue", "rebuild") == {"entries": len(before)}
    assert asyncio.run(_kinds(url)) == before
    assert f"has {len(before)} entries" in shell("catalogue", "rebuild").out
