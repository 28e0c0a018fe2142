"""Jobs: work that goes on after the answer has left. The row is the record: what, how far, who has it until when."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from badgeissuer.rules.terms import JobState
from badgeissuer.store.base import Base, Document, words


class Job(Base):
    """One job. It commits with the change that asks for it, and is leased by a worker for a while at a time.

    ``key`` is unique among the jobs that are not finished: asking twice for the same work makes one job. ``cursor`` is
    where to go on after a stop; it moves in the same transaction as the work it counts.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index(
            "uq_jobs_key_open",
            "key",
            unique=True,
            postgresql_where=text("state IN ('queued', 'running')"),
            sqlite_where=text("state IN ('queued', 'running')"),
        ),
        Index("ix_jobs_state_run_at", "state", "run_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer_id: Mapped[UUID | None] = mapped_column(ForeignKey("issuers.id"), index=True)
    kind: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(255))
    payload: Mapped[Document]
    cursor: Mapped[Document]
    state: Mapped[JobState] = mapped_column(words(JobState, "state"))
    run_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    result: Mapped[Document]
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
