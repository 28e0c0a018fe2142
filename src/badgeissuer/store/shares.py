"""Links by which a record is shown to whoever has them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from badgeissuer.store.base import Base


class ShareLink(Base):
    """One link to a record. The link itself is not here, only the SHA-256 of what is random in it.

    ``by_earner``: the record's earner made it, and no API key learns of it. ``named``: its page names the earner.
    ``label`` is its maker's own note. ``password_scrypt`` is derived with ``password_salt``; ``tries`` counts wrong
    passwords since ``tries_since``.
    """

    __tablename__ = "share_links"
    __table_args__ = (UniqueConstraint("token_sha256"), Index("ix_share_links_clr_id_id", "clr_id", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    clr_id: Mapped[UUID] = mapped_column(ForeignKey("clrs.id"))
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    by_earner: Mapped[bool]
    named: Mapped[bool]
    label: Mapped[str | None] = mapped_column(Text)
    password_salt: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    password_scrypt: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    tries: Mapped[int]
    tries_since: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    def is_open(self, now: datetime) -> bool:
        return self.closed_at is None and (self.expires_at is None or self.expires_at > now)

    @property
    def locked(self) -> bool:
        """Whether it asks for a password."""
        return self.password_scrypt is not None
