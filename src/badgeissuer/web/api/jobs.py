"""Jobs: how far work is that goes on after an answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import select

from badgeissuer.errors import NotFound
from badgeissuer.rules.terms import JobState
from badgeissuer.store.jobs import Job
from badgeissuer.store.scope import visible_to
from badgeissuer.web.body import StrictRoute
from badgeissuer.web.deps import WorkDep, require
from badgeissuer.web.problems import problems
from badgeissuer.web.wire import Timestamp, WireOut

router = APIRouter(prefix="/v1/jobs", route_class=StrictRoute, tags=["Jobs"])


class JobOut(WireOut):
    id: UUID
    kind: str
    state: JobState
    done: int = Field(description="how many of `total` it went through")
    total: int | None = Field(description="null until it has counted")
    result: dict[str, Any] = Field(description="what it did, by kind of job")
    last_error: str | None = Field(description="why it failed, or is tried again")
    created_at: Timestamp
    updated_at: Timestamp
    finished_at: Timestamp | None


@router.get(
    "/{job_id}", operation_id="read_job", dependencies=[require("achievements:read")], responses=problems(NotFound)
)
async def read_job(job_id: UUID, work: WorkDep) -> JobOut:
    """A job of one of the key's issuers, as publishing a stack starts one."""
    job = await work.session.scalar(select(Job).where(Job.id == job_id, visible_to(work.actor, Job)))
    if job is None:
        raise NotFound("no such job")
    return JobOut.model_validate(job)
