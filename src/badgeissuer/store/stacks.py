"""Stacks, their versions, and which achievements each published version looks at."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from badgeissuer.rules.stack_rules import StackDocument
from badgeissuer.rules.terms import AwardState, VersionState
from badgeissuer.store.base import Base, Document, words


class Stack(Base):
    """A set of achievements designed to be earned together, over all its versions. ``id`` is part of its public URL.

    ``achievement_id`` is the issuer's own achievement that completion awards.
    """

    __tablename__ = "stacks"
    __table_args__ = (UniqueConstraint("achievement_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"), index=True)
    achievement_id: Mapped[UUID] = mapped_column(ForeignKey("achievements.id"))
    created_at: Mapped[datetime]


class StackVersion(Base):
    """One edition. Once published its document never changes; publishing the next retires it."""

    __tablename__ = "stack_versions"
    __table_args__ = (
        UniqueConstraint("stack_id", "number"),
        Index(
            "uq_stack_versions_one_draft",
            "stack_id",
            unique=True,
            postgresql_where=text("state = 'draft'"),
            sqlite_where=text("state = 'draft'"),
        ),
        Index(
            "uq_stack_versions_one_published",
            "stack_id",
            unique=True,
            postgresql_where=text("state = 'published'"),
            sqlite_where=text("state = 'published'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    stack_id: Mapped[UUID] = mapped_column(ForeignKey("stacks.id"))
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"), index=True)
    number: Mapped[int]
    state: Mapped[VersionState] = mapped_column(words(VersionState, "state"))
    name: Mapped[str] = mapped_column(Text)
    search_text: Mapped[str] = mapped_column(Text)
    document: Mapped[Document]
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]

    def as_rule(self) -> StackDocument:
        """The stored document as the rules take it."""
        return StackDocument.model_validate(self.document)


class StackItem(Base):
    """An achievement of this service, of any issuer, that a version looks at which is or was published."""

    __tablename__ = "stack_items"

    stack_version_id: Mapped[UUID] = mapped_column(ForeignKey("stack_versions.id"), primary_key=True)
    achievement_id: Mapped[UUID] = mapped_column(ForeignKey("achievements.id"), primary_key=True, index=True)
    stack_id: Mapped[UUID] = mapped_column(ForeignKey("stacks.id"), index=True)
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"), index=True)


class StackAward(Base):
    """An award that a stack made, and under which of its versions. ``held``: the state that the stack put it in since.

    So a stack reinstates only what it suspended, and does not award again what a person took away.
    """

    __tablename__ = "stack_awards"
    __table_args__ = (Index("ix_stack_awards_stack_id_subject_id", "stack_id", "subject_id"),)

    award_id: Mapped[UUID] = mapped_column(ForeignKey("awards.id"), primary_key=True)
    stack_id: Mapped[UUID] = mapped_column(ForeignKey("stacks.id"))
    stack_version_id: Mapped[UUID] = mapped_column(ForeignKey("stack_versions.id"), index=True)
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("issuers.id"), index=True)
    subject_id: Mapped[UUID] = mapped_column(ForeignKey("subjects.id"), index=True)
    held: Mapped[AwardState | None] = mapped_column(words(AwardState, "held"))
    created_at: Mapped[datetime]
