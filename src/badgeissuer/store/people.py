"""Earners. Personal data stands only here, apart from awards, so that it can be erased."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from badgeissuer.rules.terms import IdentityKind
from badgeissuer.store.base import Base, words


class Earner(Base):
    """A person, known by one or more identities. Never part of a URL."""

    __tablename__ = "earners"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]


class EarnerIdentity(Base):
    """An e-mail address (normalised, see vc/recipient) or a DID that stands for one earner."""

    __tablename__ = "earner_identities"
    __table_args__ = (UniqueConstraint("kind", "value"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    earner_id: Mapped[UUID] = mapped_column(ForeignKey("earners.id"), index=True)
    kind: Mapped[IdentityKind] = mapped_column(words(IdentityKind, "kind"))
    value: Mapped[str] = mapped_column(String(512))
    created_at: Mapped[datetime]


class Subject(Base):
    """An earner as one issuer knows them: the pairwise id in that issuer's credentials, and what it told us of them.

    Two issuers share no value, so their credentials cannot be linked by it; neither sees the other's name or licence.
    """

    __tablename__ = "subjects"
    # By the index, pages of an issuer's earners cost the same wherever they begin.
    __table_args__ = (UniqueConstraint("earner_id", "issuer_id"), Index("ix_subjects_issuer_id_id", "issuer_id", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"))
    earner_id: Mapped[UUID] = mapped_column(ForeignKey("earners.id"))
    urn: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str | None] = mapped_column(Text)
    licence_id: Mapped[str | None] = mapped_column(String(128))
    did: Mapped[str | None] = mapped_column(String(512))
    # Whether the platform saw the earner prove control of the DID; only then it stands in credentials as the subject.
    did_proved: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
