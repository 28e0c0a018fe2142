"""What the catalogue lists and finds: one entry for each issuer, and for each achievement and stack once published.

Entries are made from the records beside them, in the transaction that changes these (``services.cataloguing``). The
full-text index is a table of each database's own kind, ``catalogue_index``: FTS5 on SQLite, a ``tsvector`` under GIN on
PostgreSQL. No model stands for it; only this module and ``catalogue_search`` know its two shapes.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, Text, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from badgeissuer.rules.terms import VersionState
from badgeissuer.store.base import Base, words
from badgeissuer.store.catalogue_words import IndexedWords

INDEX_TABLE = "catalogue_index"
# Compared byte by byte on both databases: SQLite does so by itself.
_BYTEWISE = Text().with_variant(Text(collation="C"), "postgresql")
_PLACE = BigInteger().with_variant(Integer(), "sqlite")


class EntryKind(StrEnum):
    ACHIEVEMENT = "achievement"
    STACK = "stack"
    ISSUER = "issuer"


class CatalogueEntry(Base):
    """``id`` is that of the achievement, stack or issuer; ``place`` numbers entries for the index and for sitemaps."""

    __tablename__ = "catalogue_entries"
    __table_args__ = (
        Index("ix_catalogue_entries_state_sort_key_id", "state", "sort_key", "id"),
        Index("ix_catalogue_entries_state_published_at_id", "state", "published_at", "id"),
    )

    place: Mapped[int] = mapped_column(_PLACE, primary_key=True, autoincrement=True)
    id: Mapped[UUID] = mapped_column(unique=True)
    kind: Mapped[EntryKind] = mapped_column(words(EntryKind, "kind"))
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"), index=True)
    # The version that is shown: the published one, else the last that was. NULL for issuers.
    version_id: Mapped[UUID | None]
    state: Mapped[VersionState] = mapped_column(words(VersionState, "state"))
    name: Mapped[str] = mapped_column(Text)
    sort_key: Mapped[str] = mapped_column(_BYTEWISE)
    summary: Mapped[str] = mapped_column(Text)
    type: Mapped[str | None] = mapped_column(Text)
    hours: Mapped[float | None]
    published_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CatalogueFramework(Base):
    """A framework of skills or standards that an entry is aligned to."""

    __tablename__ = "catalogue_frameworks"

    place: Mapped[int] = mapped_column(
        _PLACE, ForeignKey("catalogue_entries.place", ondelete="CASCADE"), primary_key=True
    )
    framework: Mapped[str] = mapped_column(_BYTEWISE, primary_key=True, index=True)


_FTS5 = text(f"INSERT OR REPLACE INTO {INDEX_TABLE} (rowid, name, tags, text) VALUES (:place, :name, :tags, :text)")  # noqa: S608
_VECTOR = text(
    f"INSERT INTO {INDEX_TABLE} (place, words) VALUES (:place, CAST(CAST(:vector AS text) AS tsvector)) "  # noqa: S608
    "ON CONFLICT (place) DO UPDATE SET words = EXCLUDED.words"
)


async def write_words(session: AsyncSession, *, place: int, found_by: IndexedWords) -> None:
    """Put an entry's words into the index, in place of those that stand there."""
    if session.get_bind().dialect.name == "sqlite":
        fields = {name: " ".join(getattr(found_by, name)) for name in ("name", "tags", "text")}
        await session.execute(_FTS5, {"place": place, **fields})
    else:
        await session.execute(_VECTOR, {"place": place, "vector": found_by.as_vector()})
