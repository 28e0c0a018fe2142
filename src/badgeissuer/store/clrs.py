"""Learner records (CLR), their members, and badges from elsewhere that may stand in them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from badgeissuer.rules.terms import ClrState
from badgeissuer.store.base import Base, Document, words


class Clr(Base):
    """One signed record of an earner, byte for byte. ``id`` is random and public: part of its URL.

    ``issuer_id`` is who signed it: an issuer for its own awards, or the operator for those of several. ``choice`` is
    what was asked for, so that it can be made again. ``partial`` says that the signer knows more awards of the earner
    than stand here. ``part_of_id`` is the record that this one is a part of, where one was split.
    """

    __tablename__ = "clrs"
    __table_args__ = (
        Index("ix_clrs_issuer_id_created_at_id", "issuer_id", "created_at", "id"),
        Index("ix_clrs_earner_id_created_at_id", "earner_id", "created_at", "id"),
        Index("ix_clrs_created_at_id", "created_at", "id"),
        # Only of parts: in search of those that are none, SQLite would take it instead of an order.
        Index(
            "ix_clrs_part_of_id",
            "part_of_id",
            postgresql_where=text("part_of_id IS NOT NULL"),
            sqlite_where=text("part_of_id IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"))
    earner_id: Mapped[UUID] = mapped_column(ForeignKey("earners.id"))
    url: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    cryptosuite: Mapped[str] = mapped_column(String(64))
    key_id: Mapped[UUID] = mapped_column(ForeignKey("issuer_keys.id"))
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    # Bytes of the text as UTF-8, and how many credentials are in it: asked for more often than the text.
    size: Mapped[int]
    members: Mapped[int]
    partial: Mapped[bool]
    choice: Mapped[Document]
    state: Mapped[ClrState] = mapped_column(words(ClrState, "state"))
    state_reason: Mapped[str | None] = mapped_column(Text)
    state_changed_at: Mapped[datetime]
    part_of_id: Mapped[UUID | None] = mapped_column(ForeignKey("clrs.id"))
    replaced_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("clrs.id"), index=True)
    created_at: Mapped[datetime]


class ClrMember(Base):
    """A credential in a record, at its place from 0: one of an award here, or a badge from elsewhere."""

    __tablename__ = "clr_members"
    __table_args__ = (
        CheckConstraint("(award_id IS NULL) <> (admitted_badge_id IS NULL)", name="one_source"),
        CheckConstraint("(award_id IS NULL) = (credential_id IS NULL)", name="award_with_credential"),
    )

    clr_id: Mapped[UUID] = mapped_column(ForeignKey("clrs.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"), index=True)
    award_id: Mapped[UUID | None] = mapped_column(ForeignKey("awards.id"), index=True)
    credential_id: Mapped[UUID | None] = mapped_column(ForeignKey("credentials.id"), index=True)
    admitted_badge_id: Mapped[UUID | None] = mapped_column(ForeignKey("admitted_badges.id"), index=True)


class AdmittedBadge(Base):
    """A badge from elsewhere, exactly as it came in, that verified when it did. ``report`` is what was found then.

    ``issuer_id`` is who admitted it for the earner: the operator where the earner brought it.
    """

    __tablename__ = "admitted_badges"
    __table_args__ = (
        UniqueConstraint("issuer_id", "earner_id", "sha256"),
        Index("ix_admitted_badges_earner_id_created_at_id", "earner_id", "created_at", "id"),
        Index("ix_admitted_badges_issuer_id_created_at_id", "issuer_id", "created_at", "id"),
        Index("ix_admitted_badges_created_at_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"))
    earner_id: Mapped[UUID] = mapped_column(ForeignKey("earners.id"))
    # The media type of the file that was sent; the text is the JSON that was in it.
    media_type: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(Text)
    issuer_name: Mapped[str] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(String(32))
    report: Mapped[Document]
    created_at: Mapped[datetime]
