"""Issuers, their keys, achievements and their versions. The OB3 document in one column is the record."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text, true
from sqlalchemy.orm import Mapped, mapped_column

from badgeissuer.rules.keys import KeyFacts
from badgeissuer.rules.parts import AchievementParts
from badgeissuer.rules.terms import KeyAlgorithm, KeyState, VersionState
from badgeissuer.store.base import Base, Document, words
from badgeissuer.vc.profiles.targets import KNOWN_TARGETS, Target


class Issuer(Base):
    """A tenant. ``profile`` is its OB3 Profile, with id = the DID."""

    __tablename__ = "issuers"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(63), unique=True)
    did: Mapped[str] = mapped_column(String(512), unique=True)
    name: Mapped[str] = mapped_column(Text)
    profile: Mapped[Document]
    # The organisation's own site. Not signed: the profile's url is its page here.
    website: Mapped[str | None] = mapped_column(Text)
    # Where every credential must import. NULL: where the service says so, which may come to know more targets.
    preflight_targets: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    # Whether earners are told by e-mail of what this issuer awards them.
    notices: Mapped[bool] = mapped_column(default=True, server_default=true())
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @property
    def targets(self) -> tuple[Target, ...]:
        """Where every credential of this issuer must import; none where it chose so."""
        return KNOWN_TARGETS if self.preflight_targets is None else tuple(map(Target, self.preflight_targets))


class IssuerKey(Base):
    """The public half and the state of a key. The private half lies in the key folder, never here."""

    __tablename__ = "issuer_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"), index=True)
    did: Mapped[str] = mapped_column(String(512))
    algorithm: Mapped[KeyAlgorithm] = mapped_column(words(KeyAlgorithm, "algorithm"))
    signer_uri: Mapped[str] = mapped_column(Text, unique=True)
    # One key never serves two issuers.
    public_multibase: Mapped[str] = mapped_column(String(256), unique=True)
    state: Mapped[KeyState] = mapped_column(words(KeyState, "state"))
    created_at: Mapped[datetime]
    activates_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
    compromised_at: Mapped[datetime | None]

    def as_facts(self) -> KeyFacts:
        return KeyFacts(
            id=self.id,
            did=self.did,
            algorithm=self.algorithm,
            signer_uri=self.signer_uri,
            public_multibase=self.public_multibase,
            state=self.state,
            activates_at=self.activates_at,
            retired_at=self.retired_at,
            compromised_at=self.compromised_at,
        )


class Achievement(Base):
    """The thing that can be earned, over all its versions. ``id`` is part of its public URL."""

    __tablename__ = "achievements"
    __table_args__ = (UniqueConstraint("issuer_id", "code"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"), index=True)
    code: Mapped[str | None] = mapped_column(String(128))
    created_at: Mapped[datetime]


class AchievementVersion(Base):
    """One edition. Once published its document and parts never change; a change is the next version."""

    __tablename__ = "achievement_versions"
    __table_args__ = (
        UniqueConstraint("achievement_id", "number"),
        Index(
            "uq_achievement_versions_one_draft",
            "achievement_id",
            unique=True,
            postgresql_where=text("state = 'draft'"),
            sqlite_where=text("state = 'draft'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    achievement_id: Mapped[UUID] = mapped_column(ForeignKey("achievements.id"))
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"), index=True)
    number: Mapped[int]
    state: Mapped[VersionState] = mapped_column(words(VersionState, "state"))
    name: Mapped[str] = mapped_column(Text)
    # Lower-cased name, description, code and tags: what the search looks through.
    search_text: Mapped[str] = mapped_column(Text)
    document: Mapped[Document]
    parts: Mapped[Document]
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]

    def as_parts(self) -> AchievementParts:
        """The stored parts as the rules take them."""
        return AchievementParts.model_validate(self.parts)
