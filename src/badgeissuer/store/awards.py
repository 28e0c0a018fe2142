"""Awards (the facts) and credentials (the exact signed texts)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from badgeissuer.rules.terms import AwardState, Visibility
from badgeissuer.store.base import Base, words

# What a credential's row holds: the JSON with an embedded proof, which every award has, the same in a JWT, or (only
# where somebody asked for it) the same with the proof of an older suite.
EMBEDDED = "application/vc"
JWT = "application/vc+jwt"
OLDER = "application/vc;proof=Ed25519Signature2020"


NOT_ACTIVE = "state <> 'active'"


def _partly(name: str, *columns: str, of: str) -> Index:
    """An index of some of the rows."""
    return Index(f"ix_awards_{name}", *columns, postgresql_where=text(of), sqlite_where=text(of))


class Award(Base):
    """Someone earned an achievement version, by a decision. ``id`` is time-ordered and internal."""

    __tablename__ = "awards"
    __table_args__ = (
        UniqueConstraint("decision_id"),
        # Lists are newest first: of one issuer, of all, and of what a filter names (store.award_search).
        Index("ix_awards_issuer_id_awarded_at_id", "issuer_id", "awarded_at", "id"),
        Index("ix_awards_awarded_at_id", "awarded_at", "id"),
        Index("ix_awards_achievement_id_awarded_at_id", "achievement_id", "awarded_at", "id"),
        _partly("jurisdiction_awarded_at_id", "jurisdiction", "awarded_at", "id", of="jurisdiction IS NOT NULL"),
        _partly("district_awarded_at_id", "district", "awarded_at", "id", of="district IS NOT NULL"),
        _partly("external_reference", "external_reference", of="external_reference IS NOT NULL"),
        # Few are not active, and most lists of one state ask for these.
        _partly("not_active", "state", "awarded_at", "id", of=NOT_ACTIVE),
        _partly("issuer_id_not_active", "issuer_id", "state", "awarded_at", "id", of=NOT_ACTIVE),
        Index("ix_awards_state_changed_at", "state_changed_at"),
        Index("ix_awards_subject_id_achievement_id", "subject_id", "achievement_id"),
        # Under the policies deny and replace, at most one award of an achievement to a subject is live. The database
        # holds this, so that two processes cannot both find "none yet".
        Index(
            "uq_awards_one_live",
            "subject_id",
            "achievement_id",
            unique=True,
            postgresql_where=text("sole AND state IN ('active', 'suspended')"),
            sqlite_where=text("sole AND state IN ('active', 'suspended')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"))
    subject_id: Mapped[UUID] = mapped_column(ForeignKey("subjects.id"))
    achievement_id: Mapped[UUID] = mapped_column(ForeignKey("achievements.id"))
    achievement_version_id: Mapped[UUID] = mapped_column(ForeignKey("achievement_versions.id"), index=True)
    decision_id: Mapped[UUID] = mapped_column(ForeignKey("decisions.id"))
    external_reference: Mapped[str | None] = mapped_column(String(255))
    sole: Mapped[bool]
    state: Mapped[AwardState] = mapped_column(words(AwardState, "state"))
    state_reason: Mapped[str | None] = mapped_column(Text)
    state_changed_at: Mapped[datetime]
    awarded_at: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    superseded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("awards.id"))
    school: Mapped[str | None] = mapped_column(Text)
    district: Mapped[str | None] = mapped_column(Text)
    jurisdiction: Mapped[str | None] = mapped_column(String(16))
    created_at: Mapped[datetime]
    # Only the earner changes it.
    visibility: Mapped[Visibility] = mapped_column(
        words(Visibility, "visibility"), default=Visibility.UNLISTED, server_default=Visibility.UNLISTED.value
    )
    # Whether the badge's page shows the earner's name. Only the earner changes it.
    name_shown: Mapped[bool] = mapped_column(default=False, server_default=false())


def jwt_id(credential_id: UUID) -> UUID:
    """The id of the row that holds a credential as a JWT."""
    return uuid5(credential_id, JWT)


def older_id(credential_id: UUID) -> UUID:
    """The id of the row that holds a credential with a proof of the older suite."""
    return uuid5(credential_id, OLDER)


class Credential(Base):
    """One signed document about an award, byte for byte. ``id`` is random and public: part of its URL.

    The other forms say what the award's JSON says, the status entry included, so they have no entry of their own:
    ``StatusEntry`` belongs to the JSON's row. Their ids are made of the JSON's (``jwt_id``, ``older_id``), so that
    there is never a second one.
    """

    __tablename__ = "credentials"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    award_id: Mapped[UUID] = mapped_column(ForeignKey("awards.id"), index=True)
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"), index=True)
    url: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(String(64))
    cryptosuite: Mapped[str] = mapped_column(String(64))
    key_id: Mapped[UUID] = mapped_column(ForeignKey("issuer_keys.id"))
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
