"""Uploaded art of issuers and achievements, as it was cleaned; a document names it by the address of its picture."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from badgeissuer.store.base import Base

_LAST = re.compile(r"([0-9a-f]{64})\.png")


class Art(Base):
    """One picture of one issuer, by the SHA-256 of ``content``, which never changes. ``picture`` is a PNG of it.

    Two issuers with the same picture have a row each, so that what becomes of one is nothing to the other.
    """

    __tablename__ = "art"
    __table_args__ = (UniqueConstraint("issuer_id", "sha256"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    media_type: Mapped[str] = mapped_column(String(32))
    width: Mapped[int]
    height: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    picture: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class ArtOf:
    """The art that a document names, with the document's words for who does not see it."""

    sha256: str
    media_type: str
    picture: bytes
    # Only where it was asked for: a drawing may be some megabytes long.
    content: bytes | None
    caption: str


def address(base_url: str, sha256: str) -> str:
    """The address of the picture: what wallets show, since few of them show SVG."""
    return f"{base_url}/art/{sha256}.png"


def named(image: object, *, base_url: str) -> str | None:
    """The SHA-256 of the art of ours that an ``image`` member names; None for pictures from elsewhere, or none."""
    url = image.get("id") if isinstance(image, Mapping) else image
    if not isinstance(url, str) or not url.startswith(f"{base_url}/art/"):
        return None
    found = _LAST.fullmatch(url.removeprefix(f"{base_url}/art/"))
    return found[1] if found else None


async def art_of(
    session: AsyncSession, *, issuer_id: UUID, image: Any, base_url: str, whole: bool = False
) -> ArtOf | None:
    """The art that an ``image`` member of the issuer's names; ``whole``: with the drawing itself beside its picture."""
    sha256 = named(image, base_url=base_url)
    if sha256 is None:
        return None
    query = select(Art.media_type, Art.picture).where(Art.issuer_id == issuer_id, Art.sha256 == sha256)
    row = (await session.execute(query.add_columns(Art.content) if whole else query)).one_or_none()
    if row is None:
        return None
    caption = image.get("caption") if isinstance(image, Mapping) else None
    return ArtOf(sha256, row[0], row[1], row[2] if whole else None, caption if isinstance(caption, str) else "")
