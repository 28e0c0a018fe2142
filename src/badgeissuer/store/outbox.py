"""Events: audit, outbox and change feed in one append-only table, and the sequencer that numbers them.

``position`` is empty at insert. Transactions commit in another order than they insert, so a reader who follows ids or
times would skip a late commit; ``number_events`` numbers only what has committed, without gaps, one caller at a time.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from badgeissuer.store.base import Base, Document

# An arbitrary constant: the advisory lock that makes the sequencer one.
_SEQUENCER_LOCK = 7_466_910_023


class Event(Base):
    """Something happened to ``subject``. ``data`` never holds personal data: ids, states, reasons' codes."""

    __tablename__ = "events"
    __table_args__ = (
        Index(
            "ix_events_unnumbered",
            "id",
            postgresql_where=text("position IS NULL"),
            sqlite_where=text("position IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    issuer_id: Mapped[UUID | None] = mapped_column(ForeignKey("issuers.id"), index=True)
    type: Mapped[str] = mapped_column(String(64))
    subject_type: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    data: Mapped[Document]


async def number_events(session: AsyncSession) -> int:
    """Number the committed events that have no position yet; returns how many. The caller's transaction must commit.

    On PostgreSQL an advisory lock lets one sequencer through (another gets 0 at once). On SQLite the one writer is the
    sequencer, and the events of the open transaction are numbered with it.
    """
    if session.get_bind().dialect.name == "postgresql":
        got = await session.scalar(select(func.pg_try_advisory_xact_lock(_SEQUENCER_LOCK)))
        if not got:
            return 0
    last = await session.scalar(select(func.max(Event.position))) or 0
    waiting = (
        select(Event.id, func.row_number().over(order_by=Event.id).label("n"))
        .where(Event.position.is_(None))
        .subquery()
    )
    result = await session.execute(
        update(Event)
        .where(Event.id == waiting.c.id)
        .values(position=last + waiting.c.n)
        .execution_options(synchronize_session=False)
    )
    return int(getattr(result, "rowcount", 0))
