"""Leases on jobs: one worker has a job for a while at a time; a worker that died gives it back by saying nothing.

A lease is named by the job's count of claims. Everything that a worker writes about its job is conditional on it: one
that was away too long finds out at its next step, and the work of that step is rolled back with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from badgeissuer.rules.terms import JobState
from badgeissuer.runtime import Runtime
from badgeissuer.store.jobs import Job

LEASE = timedelta(seconds=60)
# Starts without any progress before a job is given up.
MOST_ATTEMPTS = 8
_LONGEST_PAUSE = 300.0


class LeaseLost(Exception):
    """Another worker has the job, or it is finished: whatever this one was about to write must not count."""


class Stopped(Exception):
    """The process is about to end: the job goes on elsewhere, from its cursor."""


@dataclass(slots=True)
class Lease:
    """A job that this worker has. ``cursor``, ``done`` and ``result`` are as they were last written."""

    id: UUID
    kind: str
    payload: dict[str, Any]
    cursor: dict[str, Any]
    done: int
    total: int | None
    result: dict[str, Any]
    claims: int
    asked: int
    attempts: int
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def go_on(self) -> None:
        """Between two steps. Raises ``Stopped``."""
        if self.stopping.is_set():
            raise Stopped

    async def move(self, session: AsyncSession, runtime: Runtime, **values: Any) -> None:
        """Write down progress (``cursor``, ``done``, ``total``, ``result``) in the transaction of the work itself.

        Raises ``LeaseLost``.
        """
        now = runtime.clock()
        changed = await _write(session, self._mine(), run_at=now + LEASE, attempts=0, updated_at=now, **values)
        if not changed:
            raise LeaseLost
        for name, value in values.items():
            setattr(self, name, value)

    async def tell(self, runtime: Runtime, **values: Any) -> None:
        """Show how far it is, in a transaction of its own, where nothing that it did is stored yet.

        It is no progress: a job that is killed each time is given up in the end. Raises ``LeaseLost``.
        """
        now = runtime.clock()
        async with runtime.database.writing() as session:
            if not await _write(session, self._mine(), run_at=now + LEASE, updated_at=now, **values):
                raise LeaseLost
        for name, value in values.items():
            setattr(self, name, value)

    async def finish(self, runtime: Runtime, *, keep: bool = True) -> None:
        """It is done; where it was asked for again meanwhile it is queued again. ``keep=False``: leave no row.

        Raises ``LeaseLost``.
        """
        now = runtime.clock()
        unasked = and_(self._mine(), Job.asked == self.asked)
        async with runtime.database.writing() as session:
            if keep:
                ended = await _write(
                    session, unasked, state=JobState.SUCCEEDED, finished_at=now, updated_at=now, last_error=None
                )
            else:
                result = await session.execute(delete(Job).where(unasked))
                ended = bool(getattr(result, "rowcount", 0))
            if not ended:
                again = {"state": JobState.QUEUED, "run_at": now, "attempts": 0, "cursor": {}, "done": 0}
                if not await _write(session, self._mine(), **again, updated_at=now):
                    raise LeaseLost
                runtime.jobs_waiting.set()

    async def release(self, runtime: Runtime) -> None:
        """Give it back as it is, for others to go on at once."""
        now = runtime.clock()
        async with runtime.database.writing() as session:
            values = {"state": JobState.QUEUED, "run_at": now, "attempts": max(self.attempts - 1, 0)}
            await _write(session, self._mine(), **values, updated_at=now)

    async def postpone(self, runtime: Runtime, *, until: datetime, error: str) -> None:
        """Give it back until then. Who postpones counts its own tries: this is not one of the job's."""
        async with runtime.database.writing() as session:
            values = {"state": JobState.QUEUED, "run_at": until, "attempts": max(self.attempts - 1, 0)}
            await _write(session, self._mine(), **values, last_error=error, updated_at=runtime.clock())

    async def fail(self, runtime: Runtime, *, error: str, final: bool) -> None:
        """It did not work: it is tried again after a pause that doubles, with jitter, or given up."""
        now = runtime.clock()
        async with runtime.database.writing() as session:
            attempts = await session.scalar(select(Job.attempts).where(self._mine())) or 0
            if final or attempts >= MOST_ATTEMPTS:
                values: dict[str, Any] = {"state": JobState.FAILED, "finished_at": now}
            else:
                pause = min(2.0**attempts, _LONGEST_PAUSE) * (0.5 + runtime.rng.random())
                values = {"state": JobState.QUEUED, "run_at": now + timedelta(seconds=pause)}
            await _write(session, self._mine(), **values, last_error=error, updated_at=now)

    async def renew(self, runtime: Runtime) -> bool:
        """A sign of life; False where the lease is lost."""
        async with runtime.database.writing() as session:
            return await _write(session, self._mine(), run_at=runtime.clock() + LEASE)

    def _mine(self) -> ColumnElement[bool]:
        return and_(Job.id == self.id, Job.claims == self.claims, Job.state == JobState.RUNNING)


async def claim(runtime: Runtime, kinds: Collection[str]) -> Lease | None:
    """The job of these kinds that has waited longest, also one whose worker went silent; None where none waits."""
    now = runtime.clock()
    due = and_(or_(Job.state == JobState.QUEUED, Job.state == JobState.RUNNING), Job.run_at <= now, Job.kind.in_(kinds))
    async with runtime.database.reading() as session:
        # A look costs no writer, which on SQLite everybody would wait for.
        if await session.scalar(select(Job.id).where(due).limit(1)) is None:
            return None
    async with runtime.database.writing() as session:
        query = select(Job).where(due).order_by(Job.run_at, Job.id).limit(1).with_for_update(skip_locked=True)
        while (job := await session.scalar(query)) is not None:
            job.updated_at = now
            if job.attempts < MOST_ATTEMPTS:
                break
            job.state, job.finished_at = JobState.FAILED, now
            job.last_error = job.last_error or "its worker stopped every time before there was any progress"
            await session.flush()
        if job is None:
            return None
        job.state, job.run_at = JobState.RUNNING, now + LEASE
        job.attempts += 1
        job.claims += 1
        await session.flush()
        return Lease(
            id=job.id,
            kind=job.kind,
            payload=job.payload,
            cursor=job.cursor,
            done=job.done,
            total=job.total,
            result=job.result,
            claims=job.claims,
            asked=job.asked,
            attempts=job.attempts,
        )


async def _write(session: AsyncSession, condition: ColumnElement[bool], **values: Any) -> bool:
    statement = update(Job).where(condition).values(**values).execution_options(synchronize_session=False)
    return bool(getattr(await session.execute(statement), "rowcount", 0))
