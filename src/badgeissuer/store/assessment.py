"""Decisions, the assessments behind them, and the evidence they rest on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from badgeissuer.rules.terms import AssessorRole, DecisionSource, DecisionState, Outcome
from badgeissuer.store.base import Base, Document, words

NOT_DECIDED = "state <> 'decided'"


class Decision(Base):
    """One attempt of one earner at one achievement version, and what was decided, by which rule and why."""

    __tablename__ = "decisions"
    __table_args__ = (
        Index(
            "uq_decisions_issuer_id_external_reference",
            "issuer_id",
            "external_reference",
            unique=True,
            postgresql_where=text("external_reference IS NOT NULL"),
            sqlite_where=text("external_reference IS NOT NULL"),
        ),
        # Lists are newest first, by time-ordered ids: of an issuer, of an achievement's version.
        Index("ix_decisions_issuer_id_id", "issuer_id", "id"),
        Index("ix_decisions_achievement_version_id_id", "achievement_version_id", "id"),
        # Those that wait for somebody are few.
        Index("ix_decisions_open", "state", "id", postgresql_where=text(NOT_DECIDED), sqlite_where=text(NOT_DECIDED)),
        Index(
            "ix_decisions_issuer_id_open",
            "issuer_id",
            "state",
            "id",
            postgresql_where=text(NOT_DECIDED),
            sqlite_where=text(NOT_DECIDED),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"))
    subject_id: Mapped[UUID] = mapped_column(ForeignKey("subjects.id"), index=True)
    achievement_version_id: Mapped[UUID] = mapped_column(ForeignKey("achievement_versions.id"))
    external_reference: Mapped[str | None] = mapped_column(String(255))
    source: Mapped[DecisionSource] = mapped_column(words(DecisionSource, "source"))
    state: Mapped[DecisionState] = mapped_column(words(DecisionState, "state"))
    outcome: Mapped[Outcome | None] = mapped_column(words(Outcome, "outcome"))
    rule: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    feedback: Mapped[str | None] = mapped_column(Text)
    # What goes into the credential besides: results per criterion, dates of activity, affiliation, chosen validity.
    details: Mapped[Document]
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class AssessmentRow(Base):
    """What one assessor found: a level per criterion and a recommended outcome."""

    __tablename__ = "assessments"
    __table_args__ = (UniqueConstraint("decision_id", "assessor_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    decision_id: Mapped[UUID] = mapped_column(ForeignKey("decisions.id"))
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"), index=True)
    role: Mapped[AssessorRole] = mapped_column(words(AssessorRole, "role"))
    assessor_id: Mapped[str] = mapped_column(String(255))
    assessor_name: Mapped[str] = mapped_column(Text)
    levels: Mapped[Document]
    outcome: Mapped[Outcome | None] = mapped_column(words(Outcome, "outcome"))
    feedback: Mapped[str | None] = mapped_column(Text)
    assessed_at: Mapped[datetime]
    created_at: Mapped[datetime]


class EvidenceItem(Base):
    """One piece of evidence as described by the platform. Its link enters the signed text only with ``share``."""

    __tablename__ = "evidence_items"
    __table_args__ = (UniqueConstraint("decision_id", "position"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    decision_id: Mapped[UUID] = mapped_column(ForeignKey("decisions.id"))
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"), index=True)
    position: Mapped[int]
    url: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    narrative: Mapped[str | None] = mapped_column(Text)
    genre: Mapped[str | None] = mapped_column(Text)
    audience: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    share: Mapped[bool]
