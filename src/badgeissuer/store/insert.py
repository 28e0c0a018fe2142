"""Insert a row unless another one holds its place: the database decides races, not a read that came before."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from badgeissuer.store.base import Base


async def insert_if_free(session: AsyncSession, row: type[Base], **values: Any) -> bool:
    """Insert; False where a unique constraint is in the way. On PostgreSQL it waits for a rival's commit first."""
    kind = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    result = await session.execute(kind(row).values(**values).on_conflict_do_nothing())
    return bool(getattr(result, "rowcount", 0))
