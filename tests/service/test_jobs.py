"""Jobs: leases, progress that survives a stop or a kill, pauses before another try, and an end to trying."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from badgeissuer.errors import Fault, Rejected, Unavailable
from badgeissuer.jobs import background, leasing
from badgeissuer.jobs import stacks as stack_jobs
from badgeissuer.jobs.leasing import Lease, LeaseLost
from badgeissuer.jobs.worker import KINDS, Worker
from badgeissuer.rules.terms import AwardState, JobState
from badgeissuer.runtime import Runtime
from badgeissuer.services import completing
from badgeissuer.services.access import operator
from badgeissuer.store.jobs import Job
from tests.support.app import Clock, MakeRuntime, Service
from tests.support.stacked import crowns, document, jobs, stacked

NEVER = 200


async def _ask(runtime: Runtime, key: str = "one") -> None:
    async with runtime.begin(operator()) as work:
        await work.begin_write()
        work.ask("test", key, payload="something")


async def _job(runtime: Runtime) -> Job:
    (job,) = await jobs(runtime)
    return job


async def test_a_job_commits_with_what_asks_for_it(runtime: Runtime) -> None:
    with pytest.raises(RuntimeError, match="on the way"):
        async with runtime.begin(operator()) as work:
            await work.begin_write()
            work.ask("test", "one")
            raise RuntimeError("on the way")
    assert await jobs(runtime) == []
    async with runtime.begin(operator()) as work:
        with pytest.raises(RuntimeError, match="commits with the change"):
            work.ask("test", "one")
    await _ask(runtime)
    assert (await _job(runtime)).state is JobState.QUEUED


async def test_asked_twice_it_is_done_once_and_asked_while_it_runs_once_more(runtime: Runtime) -> None:
    await asyncio.gather(_ask(runtime), _ask(runtime))
    runs = []

    async def run(runtime: Runtime, lease: Lease) -> None:
        runs.append(lease.asked)
        if len(runs) == 1:
            await _ask(runtime)
        await lease.finish(runtime)

    worker = Worker(runtime, {"test": run})
    assert [await worker.run_one() for _ in range(3)] == [True, True, False]
    assert runs == [2, 3]
    assert (await _job(runtime)).state is JobState.SUCCEEDED
    await _ask(runtime)  # what is finished does not stand in the way
    assert len(await jobs(runtime)) == 2


async def test_many_workers_take_each_job_once(make_runtime: MakeRuntime) -> None:
    first, second = await make_runtime(seed=None), await make_runtime(seed=None)
    for n in range(30):
        await _ask(first, f"key {n}")
    taken: list[Any] = []

    async def run(runtime: Runtime, lease: Lease) -> None:
        taken.append(lease.id)
        await asyncio.sleep(0)
        await lease.finish(runtime)

    async def drain(runtime: Runtime) -> None:
        worker = Worker(runtime, {"test": run})
        while await worker.run_one():
            pass

    await asyncio.gather(*(drain(runtime) for runtime in (first, second) for _ in range(3)))
    # Somebody may find nothing while another holds the last rows; then they are the other's to do.
    await drain(first)
    assert len(taken) == len(set(taken)) == 30
    assert {job.state for job in await jobs(first)} == {JobState.SUCCEEDED}


async def test_what_fails_is_tried_again_after_a_pause_that_doubles_and_given_up_in_the_end(
    make_runtime: MakeRuntime,
) -> None:
    clock = Clock()
    runtime = await make_runtime(clock=clock)
    await _ask(runtime)

    async def run(_runtime: Runtime, _lease: Lease) -> None:
        raise Unavailable("the signer is away", faults=[Fault("/a", "b")])

    worker = Worker(runtime, {"test": run})
    pauses = []
    for attempt in range(1, leasing.MOST_ATTEMPTS):
        assert await worker.run_one()
        assert not await worker.run_one()
        job = await _job(runtime)
        assert (job.state, job.attempts, job.last_error) == (JobState.QUEUED, attempt, "the signer is away; /a: b")
        pauses.append((job.run_at - clock.now).total_seconds())
        clock.now = job.run_at
    assert all(0.5 * 2**n <= pause <= 1.5 * 2**n for n, pause in enumerate(pauses, start=1))
    assert await worker.run_one()
    job = await _job(runtime)
    assert (job.state, job.finished_at, job.last_error) == (JobState.FAILED, clock.now, "the signer is away; /a: b")
    clock.advance(days=1)
    assert not await worker.run_one()


@pytest.mark.parametrize(
    ("error", "state", "said"),
    [
        (Rejected("it will never fit"), JobState.FAILED, "it will never fit"),
        (KeyError("a secret"), JobState.QUEUED, "an error of the service (KeyError)"),
    ],
)
async def test_what_cannot_work_is_given_up_at_once_and_a_defect_tells_no_secret(
    runtime: Runtime, error: Exception, state: JobState, said: str
) -> None:
    await _ask(runtime)

    async def run(_runtime: Runtime, _lease: Lease) -> None:
        raise error

    assert await Worker(runtime, {"test": run}).run_one()
    job = await _job(runtime)
    assert (job.state, job.last_error) == (state, said)


async def test_a_worker_that_went_silent_loses_its_job_and_what_it_was_about_to_write(
    make_runtime: MakeRuntime,
) -> None:
    clock = Clock()
    runtime = await make_runtime(clock=clock)
    await _ask(runtime)
    silent = await leasing.claim(runtime, ["test"])
    assert silent is not None
    assert await leasing.claim(runtime, ["test"]) is None
    clock.advance(seconds=leasing.LEASE.total_seconds() - 1)
    assert await silent.renew(runtime)
    clock.advance(seconds=leasing.LEASE.total_seconds())
    other = await leasing.claim(runtime, ["test"])
    assert other is not None
    assert other.id == silent.id
    assert not await silent.renew(runtime)
    with pytest.raises(LeaseLost):
        async with runtime.begin(operator()) as work:
            work.emit("x", "x", "x", issuer_id=None)
            await silent.move(await work.begin_write(), runtime, done=1)
    with pytest.raises(LeaseLost):
        await silent.finish(runtime)
    await silent.fail(runtime, error="late", final=True)
    await silent.release(runtime)
    job = await _job(runtime)
    assert (job.state, job.done, job.last_error) == (JobState.RUNNING, 0, None)
    await other.finish(runtime)


async def test_a_job_that_kills_every_worker_is_given_up(make_runtime: MakeRuntime) -> None:
    clock = Clock()
    runtime = await make_runtime(clock=clock)
    await _ask(runtime)
    for _ in range(leasing.MOST_ATTEMPTS):
        assert await leasing.claim(runtime, ["test"]) is not None
        clock.advance(seconds=leasing.LEASE.total_seconds() + 1)
    assert await leasing.claim(runtime, ["test"]) is None
    job = await _job(runtime)
    assert job.state is JobState.FAILED
    assert job.last_error == "its worker stopped every time before there was any progress"


async def test_a_retroactive_job_goes_on_where_it_was_stopped_or_killed(
    service: Service, make_runtime: MakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped between two steps, then killed within one; then another process ends it. Nobody is awarded twice."""
    monkeypatch.setattr(stack_jobs, "PAGE", 4)
    made = await stacked(service, 1)
    for n in range(12):
        await made.award(made.achievements[0], n)
    await made.publish(document(made.achievements))
    settle, seen = completing.settle, []

    async def stopped_then_killed(*arguments: Any, **named: Any) -> Any:
        seen.append(named["subject_id"])
        if len(seen) == 3:
            made.worker.stop()
        due = await settle(*arguments, **named)
        if len(seen) == 6:
            raise asyncio.CancelledError  # as a kill: nothing more is written, not even that it failed
        return due

    monkeypatch.setattr(completing, "settle", stopped_then_killed)
    assert await made.worker.run_one()
    job = await _job(service.runtime)
    assert (job.state, job.done, job.total, job.result) == (JobState.QUEUED, 3, 12, {"award": 3})
    with pytest.raises(asyncio.CancelledError):
        await Worker(service.runtime).run_one()
    job = await _job(service.runtime)
    assert (job.state, job.done, job.result) == (JobState.RUNNING, 5, {"award": 5})
    assert len(await crowns(service.runtime, made.crown)) == 5
    monkeypatch.setattr(completing, "settle", settle)
    other = await make_runtime(seed=None, clock=lambda: service.clock.now + leasing.LEASE + timedelta(seconds=1))
    assert await Worker(other).run_one()
    job = await _job(service.runtime)
    assert (job.state, job.done, job.result) == (JobState.SUCCEEDED, 12, {"award": 12})
    found = await crowns(service.runtime, made.crown)
    assert {each: [state for state, _ in awards] for each, awards in found.items()} == {
        f"teacher{n}@schools.example.org": [AwardState.ACTIVE] for n in range(12)
    }


async def test_an_earner_whose_award_is_refused_is_counted_and_does_not_stop_the_others(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await stacked(service, 1)
    for n in range(3):
        await made.award(made.achievements[0], n)
    await made.publish(document(made.achievements))
    settle, seen = completing.settle, []

    async def refuse_the_second(*arguments: Any, **named: Any) -> Any:
        seen.append(str(named["subject_id"]))
        if len(seen) == 2:
            raise Rejected("it would not import")
        return await settle(*arguments, **named)

    monkeypatch.setattr(completing, "settle", refuse_the_second)
    await made.settle()
    job = await _job(service.runtime)
    assert (job.state, job.done) == (JobState.SUCCEEDED, 3)
    assert job.result == {
        "award": 2,
        "refused": 1,
        "subjects_refused": [{"subject": seen[1], "why": "it would not import"}],
    }


async def test_a_serving_process_works_on_jobs_as_they_commit(service: Service) -> None:
    made = await stacked(service, 1)
    async with background.run(service.runtime):
        await made.publish(document(made.achievements))
        await made.award(made.achievements[0])
        for _ in range(NEVER):
            if await made.crowns():
                break
            await asyncio.sleep(0.05)
    assert list(await made.crowns()) == ["teacher1@schools.example.org"]
    assert set(KINDS) >= {"stacks.evaluate", "stacks.retroactive", "mail.sign_in", "mail.award_notice"}
