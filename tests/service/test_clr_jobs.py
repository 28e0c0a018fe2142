"""The job that makes a record, under stops, failures at the worst moment, and changes while it runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from badgeissuer.jobs.leasing import Lease
from badgeissuer.jobs.worker import Worker
from badgeissuer.rules.terms import JobState
from badgeissuer.services import bundling, bundling_making
from badgeissuer.store.clrs import Clr
from badgeissuer.store.jobs import Job
from tests.support.app import Service
from tests.support.bundled import Bundled, bundled, verified
from tests.support.counting import row_counts


@pytest.fixture
async def made(service: Service, monkeypatch: pytest.MonkeyPatch) -> Bundled:
    """An issuer with three awards of one earner, whose records are made by jobs."""
    monkeypatch.setattr(bundling, "AT_ONCE", 1)
    return await bundled(service, count=3)


async def _job(service: Service) -> Job:
    async with service.runtime.database.reading() as session:
        return (await session.scalars(select(Job).where(Job.kind == bundling.MAKE))).one()


async def _records(service: Service) -> list[Clr]:
    async with service.runtime.database.reading() as session:
        return list((await session.scalars(select(Clr))).all())


async def test_what_changes_while_it_runs_is_in_the_record(
    service: Service, made: Bundled, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = bundling_making.make, []

    async def changing(work: Any, **given: Any) -> Any:
        parts = await real(work, **given)
        seen.append(len(given["chosen"].sources))
        if len(seen) == 1:
            await made.change(made.awards[0]["id"], "revoke")
        return parts

    monkeypatch.setattr(bundling_making, "make", changing)
    await made.post(status=202)
    assert await made.settle() == 1
    (clr,) = await _records(service)
    assert (seen, clr.members) == ([3, 2], 2)
    job = await _job(service)
    assert (job.state, job.done, job.total) == (JobState.SUCCEEDED, 2, 2)
    assert (await verified(service, clr.text)).verified


async def test_a_process_that_ends_leaves_it_to_the_next_one(
    service: Service, made: Bundled, monkeypatch: pytest.MonkeyPatch
) -> None:
    await made.post(status=202)
    before = await row_counts(service.runtime)
    worker, real = Worker(service.runtime), bundling_making.make

    async def stopped(work: Any, **given: Any) -> Any:
        worker.stop()
        return await real(work, **given)

    monkeypatch.setattr(bundling_making, "make", stopped)
    assert await worker.run_one()
    job = await _job(service)
    assert (job.state, job.attempts, job.total) == (JobState.QUEUED, 0, 3)
    assert await row_counts(service.runtime) == before
    monkeypatch.setattr(bundling_making, "make", real)
    assert await made.settle() == 1
    assert len(await _records(service)) == 1


async def test_stopped_after_it_was_stored_it_only_ends(
    service: Service, made: Bundled, monkeypatch: pytest.MonkeyPatch
) -> None:
    await made.post(status=202)
    real = Lease.finish

    async def lost(*_given: Any, **_more: Any) -> None:
        raise RuntimeError("the machine is gone")

    monkeypatch.setattr(Lease, "finish", lost)
    assert await Worker(service.runtime).run_one()
    monkeypatch.setattr(Lease, "finish", real)
    (clr,) = await _records(service)
    service.clock.advance(seconds=timedelta(minutes=5).total_seconds())
    assert await made.settle() == 1
    job = await _job(service)
    assert (job.state, job.result["records"]) == (JobState.SUCCEEDED, [str(clr.id)])
    assert len(await _records(service)) == 1


async def test_one_that_is_killed_each_time_is_given_up_in_the_end(
    service: Service, made: Bundled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Progress that is only shown is none: nobody makes a worker fall over for ever."""
    await made.post(status=202)
    real = bundling_making.make

    async def falls(work: Any, **given: Any) -> Any:
        await real(work, **given)
        raise RuntimeError("out of memory")

    monkeypatch.setattr(bundling_making, "make", falls)
    runs = 0
    while (await _job(service)).state is not JobState.FAILED:
        service.clock.advance(minutes=10)
        runs += await Worker(service.runtime).run_one()
        assert runs <= 10
    assert await _records(service) == []
