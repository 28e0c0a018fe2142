"""Endorsements: the exact signed texts, what each is about, and whether badges that come later carry it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from badgeissuer.rules.terms import EndorsedKind, EndorsementState
from badgeissuer.store.base import Base, words


class Endorsement(Base):
    """One signed EndorsementCredential, byte for byte. ``id`` is random and public: part of its URL.

    ``issuer_id`` is the endorser, ``endorsed_issuer_id`` whose thing is endorsed. ``subject`` is the id that the signed
    text names: the issuer's DID, the achievement's id, or the address of the award's credential.
    """

    __tablename__ = "endorsements"
    __table_args__ = (
        Index("ix_endorsements_issuer_id_created_at_id", "issuer_id", "created_at", "id"),
        Index("ix_endorsements_created_at_id", "created_at", "id"),
        Index("ix_endorsements_subject_created_at_id", "subject", "created_at", "id"),
        Index("ix_endorsements_endorsed_issuer_id_created_at_id", "endorsed_issuer_id", "created_at", "id"),
        # What has been signed never takes an endorsement in, so that one of an award stands beside it for ever.
        CheckConstraint("NOT embed OR kind <> 'award'", name="embed"),
        CheckConstraint("(kind = 'achievement') = (achievement_id IS NOT NULL)", name="achievement"),
        CheckConstraint("(kind = 'award') = (credential_id IS NOT NULL)", name="credential"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"))
    url: Mapped[str] = mapped_column(Text)
    kind: Mapped[EndorsedKind] = mapped_column(words(EndorsedKind, "kind"))
    subject: Mapped[str] = mapped_column(String(2048))
    endorsed_issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"))
    achievement_id: Mapped[UUID | None] = mapped_column(ForeignKey("achievements.id"), index=True)
    credential_id: Mapped[UUID | None] = mapped_column(ForeignKey("credentials.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    # The endorser's standing policy: not signed, and changed without touching what is.
    embed: Mapped[bool] = mapped_column(default=False, server_default=false())
    embed_from: Mapped[datetime | None]
    embed_until: Mapped[datetime | None]
    # By whose thing it is: its badges do not carry it, whatever the endorser wants.
    declined_at: Mapped[datetime | None]
    state: Mapped[EndorsementState] = mapped_column(words(EndorsementState, "state"))
    state_reason: Mapped[str | None] = mapped_column(Text)
    state_changed_at: Mapped[datetime]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    cryptosuite: Mapped[str] = mapped_column(String(64))
    key_id: Mapped[UUID] = mapped_column(ForeignKey("issuer_keys.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
