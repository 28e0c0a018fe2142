"""Why nothing is minted: rows that stay, with when and by whom each was lifted."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String, Text, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from badgeissuer.store.base import Base

_OPEN = "lifted_at IS NULL"


class MintingHalt(Base):
    """What was signed is not what PyLD makes of the document: ``kind`` and ``document_id`` say of which.

    While one stands that is not lifted, no process signs any credential, endorsement or record.
    """

    __tablename__ = "minting_halts"
    __table_args__ = (
        Index("ix_minting_halts_open", "found_at", postgresql_where=text(_OPEN), sqlite_where=text(_OPEN)),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    document_id: Mapped[UUID]
    detail: Mapped[str] = mapped_column(Text)
    found_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None] = mapped_column(Text)
    lifted_reason: Mapped[str | None] = mapped_column(Text)


async def is_halted(session: AsyncSession) -> bool:
    """Whether a halt stands."""
    return await session.scalar(select(MintingHalt.id).where(MintingHalt.lifted_at.is_(None)).limit(1)) is not None
