"""Jobs: work that goes on after the answer has left. The row is the record: what, how far, who has it until when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from badgeissuer.rules.terms import JobState
from badgeissuer.store.base import Base, Document, words

_OPEN = "state IN ('queued', 'running')"


class Job(Base):
    """One job. It commits with the change that asks for it, and is leased by a worker for a while at a time.

    ``key`` is unique among the jobs that are not finished: asking twice for the same work makes one job. ``asked``
    counts the askings, so that a worker who is about to finish sees that there is more to do. ``claims`` counts the
    leases and so names the one that holds now. ``attempts`` counts the starts since there was progress. ``cursor`` is
    where to go on after a stop; it moves in the same transaction as the work it counts.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("uq_jobs_key_open", "key", unique=True, postgresql_where=text(_OPEN), sqlite_where=text(_OPEN)),
        Index("ix_jobs_state_run_at", "state", "run_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer_id: Mapped[UUID | None] = mapped_column(ForeignKey("issuers.id"), index=True)
    kind: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(255))
    payload: Mapped[Document]
    cursor: Mapped[Document]
    state: Mapped[JobState] = mapped_column(words(JobState, "state"))
    asked: Mapped[int]
    claims: Mapped[int]
    attempts: Mapped[int]
    # When it may run; while it runs, until when its worker has it.
    run_at: Mapped[datetime]
    done: Mapped[int]
    total: Mapped[int | None]
    result: Mapped[Document]
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A job that somebody wants done."""

    id: UUID
    kind: str
    key: str
    issuer_id: UUID | None = None
    payload: dict[str, Any] = field(default_factory=dict)


async def enqueue(session: AsyncSession, jobs: Iterable[Asked], *, now: datetime) -> None:
    """Write the jobs down in the caller's transaction; one whose key is open already is asked for once more.

    In the order of their keys, and last in the transaction: two that ask for the same jobs then wait for each other
    in one order. Whoever finishes a job waits for an asking that has not committed yet.
    """
    wanted = sorted({job.key: job for job in jobs}.values(), key=lambda job: job.key)
    if not wanted:
        return
    kind = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = kind(Job.__table__).on_conflict_do_update(  # type: ignore[arg-type]
        index_elements=[Job.key], index_where=text(_OPEN), set_={"asked": Job.asked + 1}
    )
    same = {
        "cursor": {},
        "state": JobState.QUEUED,
        "asked": 1,
        "claims": 0,
        "attempts": 0,
        "run_at": now,
        "done": 0,
        "total": None,
        "result": {},
        "last_error": None,
        "created_at": now,
        "updated_at": now,
        "finished_at": None,
    }
    await session.execute(
        statement,
        [
            {
                "id": job.id,
                "issuer_id": job.issuer_id,
                "kind": job.kind,
                "key": job.key,
                "payload": job.payload,
                **same,
            }
            for job in wanted
        ],
    )
